//! What the UTXO chain's distributor holds: the controller and the epochs' outputs.

use std::collections::BTreeMap;

use liaise_summary::{Hash32, Node};

use crate::network::{DELAY_UNITS, SUPPLY};
use crate::trees::Amounts;

/// End of a range that has none.
pub(super) const OPEN_ENDED: u32 = u32::MAX;
/// A relative lock's unit.
const UNIT_S: u64 = 512;

/// What waits in the controller until its next acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// Nothing.
    Nothing,
    /// An epoch.
    Epoch,
    /// A late statement.
    Late,
    /// An opening.
    Open,
}

/// An epoch's output.
#[derive(Clone, Debug)]
pub struct Output {
    /// The statement that made it.
    pub digest: Hash32,
    pub(super) epoch: u32,
    pub(super) root: Node,
    pub(super) next_batch: u32,
    pub(super) tokens: u64,
    pub(super) born_s: u64,
    pub(super) wait_units: u64,
}

/// What it has beside what all distributors have.
#[derive(Clone, Debug)]
pub struct Utxo {
    /// What waits, or did until its delay was over.
    pub pending: Pending,
    pub(super) spent: bool,
    pub(super) start: u32,
    pub(super) next: u32,
    pub(super) end: u32,
    pub(super) opening: u32,
    /// Owed, base units.
    pub owed: u64,
    pub(super) owed_before: u64,
    /// When the controller was spent last, Unix seconds.
    pub(super) born_s: u64,
    /// What was never released, base units.
    pub reserve: u64,
    /// Unpaid epochs.
    pub outputs: Vec<Output>,
    /// What people were paid, base units.
    pub paid: Amounts,
}

impl Output {
    /// What is left in it, base units.
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// The next batch to be paid.
    pub fn next_batch(&self) -> u32 {
        self.next_batch
    }

    /// Whether it still waits for its delay.
    pub fn waits(&self, now_s: u64) -> bool {
        self.next_batch == 0 && now_s < self.born_s + self.wait_units * UNIT_S
    }
}

impl Default for Utxo {
    /// At genesis: the whole supply in the controller.
    fn default() -> Self {
        Self {
            pending: Pending::Nothing,
            spent: false,
            start: 0,
            next: 0,
            end: 0,
            opening: 0,
            owed: 0,
            owed_before: 0,
            born_s: 0,
            reserve: SUPPLY,
            outputs: Vec::new(),
            paid: BTreeMap::new(),
        }
    }
}

impl Utxo {
    pub(super) fn wait_units(&self) -> u64 {
        match self.pending {
            Pending::Nothing => 0,
            Pending::Open => DELAY_UNITS[1],
            _ if self.spent => DELAY_UNITS[1],
            _ => DELAY_UNITS[0],
        }
    }

    pub(super) fn is_over(&self, now_s: u64) -> bool {
        now_s >= self.born_s + self.wait_units() * UNIT_S
    }

    /// What the state says once its wait is over.
    pub(super) fn matured(&mut self) {
        self.spent &= self.pending == Pending::Nothing;
        if self.pending == Pending::Open {
            (self.start, self.next, self.end, self.opening) = (self.opening, self.opening, OPEN_ENDED, 0);
        }
        self.pending = Pending::Nothing;
    }

    pub(super) fn view(&self, now_s: u64) -> (Option<(u32, Option<u32>)>, u32, bool) {
        let busy = !self.is_over(now_s);
        let opened = self.pending == Pending::Open && !busy;
        let (start, next, end) =
            if opened { (self.opening, self.opening, OPEN_ENDED) } else { (self.start, self.next, self.end) };
        let range = (end != 0).then(|| (start, (end != OPEN_ENDED).then_some(end)));
        (range, next, busy)
    }
}
