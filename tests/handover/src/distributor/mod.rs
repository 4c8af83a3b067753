//! A distributor: its state, and what is known of it from its events.

pub mod account;
pub mod controller;
mod refusals;
pub mod utxo;

use liaise_ledger::{EpochNumber, Hash};
use liaise_oracle::fold::Standing;
use liaise_summary::{CompressedKey, DistributorId, Hash32, Node, OracleSet, SetError};

use crate::calls::{By, Call, Refusal, Signers};
use crate::network::{UTXO_CHAIN, distributor_id};
use crate::rules::Rules;
use account::Account;
use controller::Utxo;

/// What a call meets besides the distributor's state.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// The chain's time, Unix seconds.
    pub now_s: u64,
    /// The oracle sets, by version.
    pub sets: &'a [OracleSet],
    /// Which rules hold.
    pub rules: &'a Rules,
}

/// A statement that was accepted and not vetoed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filed {
    /// Its digest.
    pub digest: Hash32,
    /// Its epoch.
    pub epoch: EpochNumber,
    /// Whether it is the last filed epoch again.
    pub late: bool,
    /// Its root.
    pub root: Node,
    /// What it leaves owed, base units.
    pub owed: u64,
    /// By how much issued grew, base units.
    pub growth: i64,
}

/// A range, from its opening's acceptance on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenedRange {
    /// Its first epoch.
    pub first: EpochNumber,
    /// The first one after it, and who was to take it, once handed over.
    pub handed: Option<(EpochNumber, DistributorId)>,
}

impl OpenedRange {
    /// Whether an epoch lies in it.
    pub fn contains(&self, epoch: EpochNumber) -> bool {
        self.first <= epoch && self.handed.is_none_or(|(end, _)| epoch < end)
    }
}

/// What the events of a distributor tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Digests of all that was ever accepted.
    pub accepted: Vec<Hash32>,
    /// Digests of what was vetoed.
    pub vetoed: Vec<Hash32>,
    /// What stands.
    pub filed: Vec<Filed>,
    /// The ranges in their order; the last may wait for its opening.
    pub ranges: Vec<OpenedRange>,
}

/// A distributor's state, by what its chain is.
#[derive(Clone, Debug)]
pub enum State {
    /// Balances and a counter.
    Account(Box<Account>),
    /// Unspent outputs.
    Utxo(Box<Utxo>),
}

/// A distributor.
#[derive(Clone, Debug)]
pub struct Distributor {
    /// Its identity.
    pub id: DistributorId,
    /// The last statement's digest, or what a veto or an advance made of it.
    pub head: Hash32,
    /// The oracle set that signs.
    pub set: u32,
    /// Who the guardian is.
    pub guardian: u8,
    /// What its events tell.
    pub log: Log,
    /// The rest.
    pub state: State,
}

/// What a reader sees, time considered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The range and the next epoch.
    pub standing: Standing,
    /// Whether something waits for its delay.
    pub busy: bool,
}

impl Distributor {
    /// A distributor that was never opened.
    pub fn new(chain: usize) -> Self {
        let state = if chain == UTXO_CHAIN { State::Utxo(Box::default()) } else { State::Account(Box::default()) };
        Self { id: distributor_id(chain), head: Hash32::ZERO, set: 0, guardian: 0, log: Log::default(), state }
    }

    /// Whether a tree pays its own epoch only.
    pub fn is_utxo(&self) -> bool {
        matches!(self.state, State::Utxo(_))
    }

    /// What a reader sees at a time, Unix seconds.
    pub fn view(&self, now_s: u64) -> View {
        let (range, next, busy) = match &self.state {
            State::Account(account) => account.view(now_s),
            State::Utxo(utxo) => utxo.view(now_s),
        };
        let range = range.map(|(first, end)| (EpochNumber::from(first), end.map(EpochNumber::from)));
        let standing = Standing { distributor: Hash(self.id.0), range, next: EpochNumber::from(next) };
        View { standing, busy }
    }

    /// What its trees summed to in all, base units; what is pending counts.
    pub fn total(&self) -> u64 {
        let mut sums = self.log.filed.iter().map(|filed| filed.root.sum);
        if self.is_utxo() { sums.sum() } else { sums.next_back().unwrap_or(0) }
    }

    /// What it owes beside its trees, base units; what is pending counts.
    pub fn owed(&self) -> u64 {
        match &self.state {
            State::Account(account) => account.owed(),
            State::Utxo(utxo) => utxo.owed,
        }
    }

    /// Carries a call out, or refuses it; then nothing has changed.
    ///
    /// # Errors
    /// The reason.
    pub fn call(&mut self, call: &Call, block: &Block<'_>) -> Result<(), Refusal> {
        let mut next = self.clone();
        if next.is_utxo() {
            utxo::call(&mut next, call, block)?
        } else {
            account::call(&mut next, call, block)?
        }
        *self = next;
        Ok(())
    }

    /// Whether a quorum of the present set signed the statement that this distributor rebuilds.
    fn check_quorum(
        &self,
        rebuilt: &Hash32,
        signed: &Hash32,
        signers: Signers,
        block: &Block<'_>,
    ) -> Result<(), Refusal> {
        let set = &block.sets[self.set as usize];
        let keys: Vec<CompressedKey> = (0..64).filter(|oracle| signers >> oracle & 1 == 1).map(oracle_key).collect();
        if keys.len() < set.quorum() {
            return Err(Refusal::NoQuorum);
        }
        // a signature under other bytes is a stranger's under these
        if rebuilt != signed {
            return Err(Refusal::NotAMember);
        }
        if !block.rules.quorum_of_set {
            return Ok(());
        }
        set.check_quorum(&keys).map_err(|error| match error {
            SetError::NoQuorum { .. } => Refusal::NoQuorum,
            _ => Refusal::NotAMember,
        })
    }

    fn is_guardian(&self, by: By) -> bool {
        by == By::Guardian(self.guardian)
    }
}

/// An oracle's key: only its order matters here.
pub fn oracle_key(oracle: u32) -> CompressedKey {
    let mut key = [0; 33];
    (key[0], key[1]) = (2, u8::try_from(oracle).expect("fewer than 64 oracles"));
    key
}
