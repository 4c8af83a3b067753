//! What a distributor remembers of its epochs, and how time passes over it. Pure: no account, no clock.
//!
//! What is settled and what is pending are kept apart, so that a veto only forgets the latter. Time moves the books lazily:
//! what is past its delay *is* payable, and the next instruction of any kind writes it down.

use anchor_lang::prelude::*;
use liaise_summary::{Epoch, Hash32, Node};

use crate::error::EmissionError;
use crate::state::Rules;

/// End of a range that has none.
pub const OPEN_ENDED: u32 = u32::MAX;

/// What a statement that waits is.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The next epoch.
    Epoch,
    /// The last filed epoch again, for pay that comes late.
    Late,
    /// The opening of a range.
    Open,
}

/// The root of an epoch's reward tree.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// The epoch that was filed with it.
    pub epoch: u32,
    /// Its hash.
    pub hash: [u8; 32],
    /// Its sum in base units, cumulative over the distributor's life.
    pub sum: u64,
}

impl Root {
    /// Hash and sum are this root's.
    pub fn is(&self, node: &Node) -> bool {
        self.node() == *node
    }

    fn node(&self) -> Node {
        Node { hash: Hash32(self.hash), sum: self.sum }
    }
}

/// The statement that waits for its delay; its digest is the head.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// What it is.
    pub kind: Kind,
    /// Unix seconds from which on it counts, and can't be vetoed any more.
    pub payable_at_s: u64,
    /// Its root; of an OPEN only the epoch means something: the first of its range.
    pub root: Root,
    /// Base units earned but not in the tree.
    pub owed: u64,
}

/// What matured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matured {
    /// A root became payable, with this much more than before.
    Root { root: Root, growth: u64 },
    /// A range was opened.
    Range { first: u32 },
}

/// The books. `Default` is a distributor that was never opened.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// First epoch of the range.
    pub start: u32,
    /// First epoch after it: zero before the first opening, 2^32 - 1 while it is open-ended.
    pub end: u32,
    /// Owed of the newest payable statement.
    pub owed: u64,
    /// Whether the guardian's veto of the awaited or pending statement is used.
    pub veto_used: bool,
    /// The newest payable root.
    pub newest: Option<Root>,
    /// The one before it.
    pub previous: Option<Root>,
    /// What waits.
    pub pending: Option<Pending>,
}

/// What the oracles say of an epoch; the rest of the signed statement the distributor knows itself.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The next epoch of the range, or the last filed one again for late pay.
    pub epoch: u32,
    /// Hash of the reward tree's root.
    pub root_hash: [u8; 32],
    /// Its sum in base units, cumulative over the distributor's life.
    pub root_sum: u64,
    /// Base units earned but not in the tree.
    pub owed: u64,
    /// Hash of the filing's tree block.
    pub artefact: [u8; 32],
}

impl Books {
    /// Lets time pass: what is past its delay counts from now on.
    pub fn mature(&mut self, now_s: u64) -> Option<Matured> {
        let pending = self.pending.filter(|pending| now_s >= pending.payable_at_s)?;
        self.pending = None;
        self.veto_used = false;
        if pending.kind == Kind::Open {
            self.start = pending.root.epoch;
            self.end = OPEN_ENDED;
            return Some(Matured::Range { first: self.start });
        }
        let growth =
            pending.root.sum.checked_sub(self.payable_sum()).expect("a root sum never falls: `judge` saw to it");
        self.previous = self.newest;
        self.newest = Some(pending.root);
        self.owed = pending.owed;
        Some(Matured::Root { root: pending.root, growth })
    }

    /// The newest payable root's sum: all that was ever minted.
    pub fn payable_sum(&self) -> u64 {
        self.newest.map_or(0, |root| root.sum)
    }

    /// The epoch that is filed next, counting what is pending; late pay carries the one before it.
    pub fn next(&self) -> u32 {
        // An epoch is below the range's end, so one more fits.
        let after = |epoch: u32| epoch + 1;
        let awaited = self.newest.map_or(0, |root| after(root.epoch)).max(self.start);
        if self.pending.is_some_and(|pending| pending.kind == Kind::Epoch) { after(awaited) } else { awaited }
    }

    /// Refuses while something waits.
    pub fn nothing_pending(&self) -> Result<()> {
        require!(self.pending.is_none(), EmissionError::StatementPending);
        Ok(())
    }

    /// Whether `summary` may be filed now, as an epoch or as a late one. Order, time and the two bounds: the root sum never
    /// falls, and issued (root sum and owed) grows by at most E(epoch), by nothing where late.
    pub fn judge(&self, rules: &Rules, summary: &Summary, now_s: u64) -> Result<Kind> {
        self.nothing_pending()?;
        require!(self.end != 0, EmissionError::NotOpened);
        let next = self.next();
        let kind = if u64::from(summary.epoch) + 1 == u64::from(next) { Kind::Late } else { Kind::Epoch };
        if kind == Kind::Epoch {
            require!(summary.epoch == next, EmissionError::EpochOutOfOrder);
            require!(summary.epoch < self.end, EmissionError::EpochOutOfRange);
        }
        let epoch = Epoch(summary.epoch);
        let ended = rules.schedule().epoch_end_s(epoch).is_some_and(|end_s| now_s >= end_s);
        require!(ended, EmissionError::EpochNotEnded);

        require!(summary.root_sum >= self.payable_sum(), EmissionError::RootSumFell);
        let issued = u128::from(summary.root_sum) + u128::from(summary.owed);
        let before = u128::from(self.payable_sum()) + u128::from(self.owed);
        let limit = if kind == Kind::Late { 0 } else { rules.schedule().emission.epoch(epoch) };
        require!(issued <= before + u128::from(limit), EmissionError::IssuedTooMuch);
        Ok(kind)
    }

    /// Files what [`judge`](Self::judge) allowed. A refiled statement waits the long delay. Returns when it counts.
    pub fn file(&mut self, rules: &Rules, kind: Kind, summary: &Summary, now_s: u64) -> u64 {
        let delay_s = if self.veto_used { rules.long_delay_s } else { rules.epoch_delay_s };
        let root = Root { epoch: summary.epoch, hash: summary.root_hash, sum: summary.root_sum };
        self.wait(Pending { kind, payable_at_s: later(now_s, delay_s), root, owed: summary.owed })
    }

    /// Files an opening, which always waits the long delay. Returns when it counts.
    pub fn file_opening(&mut self, rules: &Rules, first: u32, now_s: u64) -> u64 {
        let root = Root { epoch: first, hash: [0; 32], sum: 0 };
        self.wait(Pending { kind: Kind::Open, payable_at_s: later(now_s, rules.long_delay_s), root, owed: 0 })
    }

    fn wait(&mut self, pending: Pending) -> u64 {
        self.pending = Some(pending);
        pending.payable_at_s
    }

    /// Whether the range may end before `end`.
    pub fn can_hand_over(&self, rules: &Rules, end: u32) -> Result<()> {
        require!(self.end != 0, EmissionError::NotOpened);
        let opening = self.pending.is_some_and(|pending| pending.kind == Kind::Open);
        require!(!opening, EmissionError::StatementPending);
        require!(self.end == OPEN_ENDED, EmissionError::AlreadyHandedOver);
        let at_boundary = end > self.start && (end - self.start).is_multiple_of(rules.term_epochs);
        let in_time = u64::from(end) >= u64::from(self.next()) + u64::from(rules.notice_epochs);
        require!(at_boundary && in_time && end != OPEN_ENDED, EmissionError::InvalidHandOver);
        Ok(())
    }
}

/// A date after 64 bits of seconds never comes.
fn later(now_s: u64, delay_s: u32) -> u64 {
    now_s.saturating_add(u64::from(delay_s))
}
