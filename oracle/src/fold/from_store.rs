//! The node's store as the fold reads it.

use std::collections::BTreeSet;
use std::sync::Arc;

use cid::Cid;
use liaise_ledger::beacon::RoundSignature;
use liaise_ledger::draw::Seed;
use liaise_ledger::{Body, Hash, Verified};
use liaise_store::{Store, StoreError};

use super::FoldError;
use super::input::Ledger;
use super::lot::{FRONT, Kept};
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

/// Where draws are kept, by the ticket's digest.
const DRAWS: &str = "draw";
/// Root, seed, front.
const DRAW_BYTES: usize = 64 + FRONT * size_of::<u32>();

/// Keeps the draw of a ticket with a digest: it can be worked out again, so it need not be synced.
///
/// # Errors
/// The store failed.
pub fn keep_draw(store: &Store, ticket: &Hash, kept: &Kept) -> Result<(), StoreError> {
    let Kept { eligibility, seed, front } = kept;
    let mut row = Vec::with_capacity(DRAW_BYTES);
    row.extend(eligibility.0);
    row.extend(seed.0.0);
    row.extend(front.iter().flat_map(|row| row.to_be_bytes()));
    store.journal().put_lazily(DRAWS, &ticket.0, &row)
}

fn read_draw(row: &[u8]) -> Option<Kept> {
    let (eligibility, rest) = row.split_first_chunk()?;
    let (seed, rest) = rest.split_first_chunk()?;
    let (words, []) = rest.as_chunks() else { return None };
    let mut front = [0; FRONT];
    if words.len() != FRONT {
        return None;
    }
    front.iter_mut().zip(words).for_each(|(front, bytes)| *front = u32::from_be_bytes(*bytes));
    Some(Kept { eligibility: Hash(*eligibility), seed: Seed(Hash(*seed)), front })
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

    fn draw(&self, ticket: &Hash) -> Result<Option<Kept>, FoldError> {
        let row = self.store.journal().get(DRAWS, &ticket.0).map_err(medium)?;
        Ok(row.and_then(|row| read_draw(&row)))
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
