//! The node's store as the fold reads it.

use std::collections::BTreeSet;
use std::sync::Arc;

use cid::Cid;
use liaise_ledger::beacon::RoundSignature;
use liaise_ledger::{Body, Verified};
use liaise_store::{Store, StoreError};

use super::FoldError;
use super::input::Ledger;
use super::shared::Close;

/// A store, and where the node keeps beacon rounds.
pub struct StoreLedger<'a, R> {
    store: &'a Store,
    rounds: R,
}

impl<'a, R: Fn(u64) -> Result<Option<RoundSignature>, StoreError>> StoreLedger<'a, R> {
    /// Reads messages from a store, and beacon rounds by `rounds`.
    pub fn new(store: &'a Store, rounds: R) -> StoreLedger<'a, R> {
        StoreLedger { store, rounds }
    }
}

fn medium(error: StoreError) -> FoldError {
    FoldError::Store(error.to_string())
}

impl<R: Fn(u64) -> Result<Option<RoundSignature>, StoreError>> Ledger for StoreLedger<'_, R> {
    fn message(&self, id: &Cid) -> Result<Option<Arc<Verified>>, FoldError> {
        Ok(self.store.load(id).map_err(medium)?.map(Arc::new))
    }

    fn round(&self, round: u64) -> Result<Option<RoundSignature>, FoldError> {
        (self.rounds)(round).map_err(medium)
    }

    /// Nodes verify a round before they keep it, as they do messages.
    fn has_verified_rounds(&self) -> bool {
        true
    }

    /// Looks at the message's receipts only, not along the chains.
    fn counted_by(&self, id: &Cid, sealed: &[Close]) -> Result<usize, FoldError> {
        let mut counted = BTreeSet::new();
        for receipt in self.store.receipts_of(id).map_err(medium)? {
            let Some(close) = sealed.iter().find(|close| close.store.0 == receipt.store) else { continue };
            let batch = self.store.load(&close.batch).map_err(medium)?;
            let batch = batch.ok_or(FoldError::MissingMessage(close.batch))?;
            if let Body::Receipts(batch) = &batch.message.body
                && receipt.place < batch.first.saturating_add(batch.receipts.len() as u64)
            {
                counted.insert(receipt.store);
            }
        }
        Ok(counted.len())
    }
}
