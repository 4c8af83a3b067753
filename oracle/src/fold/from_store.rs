//! The node's store as the fold reads it.

use std::collections::BTreeSet;
use std::sync::Arc;

use cid::Cid;
use liaise_ledger::beacon::RoundSignature;
use liaise_ledger::draw::Seed;
use liaise_ledger::{Body, Verified};
use liaise_store::{Store, StoreError};

use super::FoldError;
use super::input::Ledger;
use super::lot::{FRONT, Front};
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

/// Where fronts of draws are kept, by seed.
const FRONTS: &str = "front";

/// Keeps the front of a draw: it can be worked out again, so it need not be synced.
///
/// # Errors
/// The store failed.
pub fn keep_front(store: &Store, seed: &Seed, front: &Front) -> Result<(), StoreError> {
    let row: Vec<u8> = front.iter().flat_map(|row| row.to_be_bytes()).collect();
    store.journal().put_lazily(FRONTS, &seed.0.0, &row)
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

    fn front(&self, seed: &Seed) -> Result<Option<Front>, FoldError> {
        let row = self.store.journal().get(FRONTS, &seed.0.0).map_err(medium)?;
        let row = row.filter(|row| row.len() == FRONT * size_of::<u32>());
        Ok(row.map(|row| {
            let mut front = [0; FRONT];
            let (words, _) = row.as_chunks();
            front.iter_mut().zip(words).for_each(|(front, bytes)| *front = u32::from_be_bytes(*bytes));
            front
        }))
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
