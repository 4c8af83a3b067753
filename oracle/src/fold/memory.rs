//! A ledger in memory: for tests, and for an auditor who has an epoch's messages as a file.

use std::collections::BTreeMap;
use std::sync::Arc;

use cid::Cid;
use liaise_ledger::beacon::RoundSignature;
use liaise_ledger::{Body, Verified};

use super::FoldError;
use super::input::Ledger;
use super::shared::Close;

/// Messages and rounds by what they are called.
#[derive(Clone, Debug, Default)]
pub struct MemoryLedger {
    messages: BTreeMap<Cid, Arc<Verified>>,
    rounds: BTreeMap<u64, RoundSignature>,
}

impl MemoryLedger {
    /// Takes in a message; a second time changes nothing.
    pub fn insert(&mut self, message: Verified) {
        self.messages.insert(message.id, Arc::new(message));
    }

    /// Takes in a beacon round.
    pub fn insert_round(&mut self, round: u64, signature: RoundSignature) {
        self.rounds.insert(round, signature);
    }

    /// All messages, by id.
    pub fn messages(&self) -> impl Iterator<Item = &Arc<Verified>> {
        self.messages.values()
    }
}

impl Ledger for MemoryLedger {
    fn message(&self, id: &Cid) -> Result<Option<Arc<Verified>>, FoldError> {
        Ok(self.messages.get(id).cloned())
    }

    fn round(&self, round: u64) -> Result<Option<RoundSignature>, FoldError> {
        Ok(self.rounds.get(&round).copied())
    }

    /// Walks every sealed chain to its beginning: slow, and meant for few and small ones.
    fn counted_by(&self, id: &Cid, sealed: &[Close]) -> Result<usize, FoldError> {
        let mut stores = 0;
        for close in sealed {
            let mut next = Some(close.batch);
            while let Some(message) = next.and_then(|id| self.messages.get(&id)) {
                let Body::Receipts(batch) = &message.message.body else { break };
                if batch.receipts.iter().any(|receipt| receipt.id == *id) {
                    stores += 1;
                    break;
                }
                next = batch.previous;
            }
        }
        Ok(stores)
    }
}
