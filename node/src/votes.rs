//! Votes by what they are for: counting them costs what was said of one statement, not all that was ever voted for.

use crate::replica::Replica;
use cid::Cid;
use liaise_ledger::body::{Body, Vote};
use liaise_ledger::{Author, Hash};
use liaise_oracle::quorum::ATTESTATION_BYTES;
use liaise_store::{Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of an attestation before the history's digest: tag, network, epoch.
const ATTESTATION_SLOT: usize = 52;
/// Votes that are looked through at once.
const PAGE: usize = 1_000;

/// Where the votes of a store are. A process looks at each vote once, when it has come.
#[derive(Debug, Default)]
pub(crate) struct Votes {
    /// The place in the order of arrival that is looked through.
    after: u64,
    ids: BTreeMap<Hash, BTreeSet<Cid>>,
}

/// What votes have in common: the statement; of attestations the epoch, whatever history they name.
fn subject(statement: &[u8]) -> Hash {
    let length = if statement.len() == ATTESTATION_BYTES { ATTESTATION_SLOT } else { statement.len() };
    Hash::of(&[&statement[..length]])
}

impl Votes {
    fn look_through(&mut self, store: &Store) -> Result<(), StoreError> {
        loop {
            let ids = store.kind_after("vote", self.after, PAGE)?;
            if ids.is_empty() {
                return Ok(());
            }
            for id in ids {
                if let Some(message) = store.load(&id)?
                    && let Body::Vote(vote) = &message.message.body
                {
                    self.ids.entry(subject(&vote.statement)).or_default().insert(id);
                }
                self.after = store.position(&id)?.unwrap_or(self.after);
            }
        }
    }
}

impl Replica {
    /// The oracles' votes for a statement, or for any history of an attestation's epoch, whoever cast them.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) fn votes_for(&self, statement: &[u8]) -> Result<Vec<([u8; 33], Vote)>, StoreError> {
        let ids: Vec<Cid> = {
            let mut votes = self.votes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            votes.look_through(&self.store)?;
            votes.ids.get(&subject(statement)).into_iter().flatten().copied().collect()
        };
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(message) = self.store.load(&id)? else { continue };
            if let (Author::Oracle(oracle), Body::Vote(vote)) = (message.message.author, message.message.body) {
                found.push((oracle, vote));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_ledger::hash::DAG_CBOR;
    use liaise_oracle::quorum::attestation;

    #[test]
    fn attestations_share_their_epoch_and_statements_nothing() {
        let of = |epoch, history: u8| attestation(Hash::ZERO, epoch, &Hash([history; 32]).to_cid(DAG_CBOR));
        assert_eq!(subject(&of(3, 1)), subject(&of(3, 2)));
        assert_ne!(subject(&of(3, 1)), subject(&of(4, 1)));
        let mut other = [0; 200];
        other[199] = 1;
        assert_ne!(subject(&[0; 200]), subject(&other));
    }
}
