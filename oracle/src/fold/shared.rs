//! What the fold carries that belongs to no account: sealed chains, decrees, certified adapters, the users' median.

use cid::Cid;
use liaise_ledger::body::DistributorDecree;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::{EpochNumber, Hash};
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// Of each witness, by key, the last sealed close batch.
    pub closes: Vec<Close>,
    /// Number of the last decree that counts; 0 before the first.
    pub decree: u32,
    /// Digest of that decree's act, or null.
    pub decree_digest: Option<Hash>,
    /// Decreed rows of the table of terms, in the order of their numbers.
    pub rows: Vec<DecreedRow>,
    /// Deployments that may be opened, in the order of their numbers.
    pub distributors: Vec<DecreedDistributor>,
    /// Model adapters, by id.
    pub adapters: Vec<AdapterState>,
    /// The lower median of users' units, weighted by unlock and units, in the newest epoch that had tasks; null before.
    pub median_units: Option<u64>,
}

/// See [`Shared::closes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// The witness's key.
    pub store: Hash,
    /// Its last sealed close batch.
    pub batch: Cid,
}

/// A row of the table of terms that a decree set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecreedRow {
    /// First epoch of the range.
    pub first: EpochNumber,
    /// The distributor that holds it.
    pub new: Hash,
    /// The one that it takes the term from; zero for the first row.
    pub old: Hash,
    /// The epoch whose seal brought it.
    pub seal: EpochNumber,
    /// The decree's message.
    pub message: Cid,
}

/// A deployment that a decree admits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecreedDistributor {
    /// What it is.
    pub value: DistributorDecree,
    /// The epoch whose seal brought it.
    pub seal: EpochNumber,
    /// The decree's message.
    pub message: Cid,
}

/// A model adapter's standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdapterState {
    /// Its id.
    pub id: Hash,
    /// The most units that a task of it counts, or null where only the ticket and the judges say.
    pub max_units: Option<u64>,
    /// First epoch in which its work earns.
    pub from: EpochNumber,
    /// First epoch in which it earns no more, or null.
    pub until: Option<EpochNumber>,
}

impl Shared {
    /// Before epoch -1: genesis's adapters, certified from the start.
    pub fn of_genesis(genesis: &Genesis) -> Shared {
        let adapter = |adapter: &liaise_ledger::genesis::Adapter| AdapterState {
            id: adapter.id,
            max_units: Some(adapter.units.max),
            from: EpochNumber::MIN,
            until: None,
        };
        Shared {
            closes: vec![],
            decree: 0,
            decree_digest: None,
            rows: vec![],
            distributors: vec![],
            adapters: genesis.adapters.iter().map(adapter).collect(),
            median_units: None,
        }
    }

    /// The last sealed close batch of a witness.
    pub fn last_close(&self, store: &Hash) -> Option<Cid> {
        self.closes.binary_search_by(|close| close.store.cmp(store)).ok().map(|i| self.closes[i].batch)
    }

    /// Moves a witness's chain on.
    pub(super) fn set_close(&mut self, store: Hash, batch: Cid) {
        match self.closes.binary_search_by(|close| close.store.cmp(&store)) {
            Ok(i) => self.closes[i].batch = batch,
            Err(i) => self.closes.insert(i, Close { store, batch }),
        }
    }

    /// An adapter, if its work earns in an epoch.
    pub fn certified(&self, id: &Hash, epoch: EpochNumber) -> Option<&AdapterState> {
        let adapter = &self.adapters[self.adapters.binary_search_by(|a| a.id.cmp(id)).ok()?];
        (adapter.from <= epoch && adapter.until.is_none_or(|until| epoch < until)).then_some(adapter)
    }

    /// The newest decreed deployment with an identity.
    pub fn distributor(&self, id: &Hash) -> Option<&DecreedDistributor> {
        self.distributors.iter().rev().find(|decreed| decreed.value.distributor == *id)
    }
}
