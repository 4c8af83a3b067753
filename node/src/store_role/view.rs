//! What a witness's own store says about close batches.

use cid::Cid;
use liaise_ledger::body::Body;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::{EpochNumber, Hash};
use liaise_oracle::seal::{BatchStatus, CloseHeader, Decision, Held, View};
use liaise_store::{Store, StoreError};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A [`View`] over the store, for the thread that runs the agreement.
pub struct StoreView {
    store: Store,
    genesis: Arc<Genesis>,
    now_ms: u64,
    /// When each batch was first seen whole: a chain that held once holds for ever.
    whole: RefCell<BTreeMap<Hash, u64>>,
}

impl StoreView {
    /// A view that has looked at nothing yet.
    pub fn new(store: Store, genesis: Arc<Genesis>) -> StoreView {
        StoreView { store, genesis, now_ms: 0, whole: RefCell::default() }
    }

    /// Tells the time of the next questions.
    pub fn set_now(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
    }

    /// The seal of an epoch, if the store has it.
    pub fn decision(&self, epoch: EpochNumber) -> Result<Option<Decision>, StoreError> {
        for id in self.store.seals(epoch)? {
            if let Some(Body::Seal(seal)) = self.store.load(&id)?.map(|seal| seal.message.body) {
                let certificate = seal.certificate.into_vec();
                return Ok(Some(Decision { epoch, batches: seal.batches, certificate }));
            }
        }
        Ok(None)
    }

    /// The last sealed close batch of a store before an epoch.
    fn last_sealed(&self, store: &[u8; 32], epoch: EpochNumber) -> Result<Option<Cid>, StoreError> {
        let Ok(index) = self.genesis.stores.keys.binary_search(store) else { return Ok(None) };
        for earlier in (-1..epoch).rev() {
            let Some(decision) = self.decision(earlier)? else { continue };
            if let Some(batch) = decision.batches.get(index).copied().flatten() {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    fn judge(&self, store: &[u8; 32], epoch: EpochNumber, batch: &Hash) -> Result<BatchStatus, StoreError> {
        if self.whole.borrow().contains_key(batch) {
            return Ok(BatchStatus::HeldAndDescends);
        }
        let last = self.last_sealed(store, epoch)?;
        let mut at = batch.to_cid(DAG_CBOR);
        let mut first = true;
        loop {
            let Some(message) = self.store.load(&at)? else { return Ok(BatchStatus::Unknown) };
            let Body::Receipts(receipts) = &message.message.body else { return Ok(BatchStatus::Refused) };
            if message.message.key.as_slice() != store || (first && receipts.close != Some(epoch)) {
                return Ok(BatchStatus::Refused);
            }
            // A seal whose receipts' messages are missing here could not be folded.
            if receipts.receipts.iter().any(|receipt| !self.store.contains(&receipt.id).unwrap_or(false)) {
                return Ok(BatchStatus::Unknown);
            }
            first = false;
            match receipts.previous {
                previous if previous == last => break,
                Some(previous) => at = previous,
                None => return Ok(BatchStatus::Refused),
            }
        }
        self.whole.borrow_mut().insert(*batch, self.now_ms);
        Ok(BatchStatus::HeldAndDescends)
    }
}

impl View for StoreView {
    fn close_batch(&self, store: &[u8; 32], epoch: EpochNumber) -> Option<Held> {
        let closes = self.store.closes(epoch).ok()?;
        let (_, id) = closes.into_iter().find(|(key, _)| key == store)?;
        let batch = Hash::from_cid(&id)?;
        if self.status(store, epoch, &batch) != BatchStatus::HeldAndDescends {
            return None;
        }
        let header = CloseHeader::of(&self.store.get(&id).ok()??)?;
        let since_ms = *self.whole.borrow().get(&batch)?;
        Some(Held { header, since_ms })
    }

    fn status(&self, store: &[u8; 32], epoch: EpochNumber, batch: &Hash) -> BatchStatus {
        // A store that can't be read knows nothing: the witness abstains.
        self.judge(store, epoch, batch).unwrap_or_else(|error| {
            tracing::error!(%error, "the store can't be read");
            BatchStatus::Unknown
        })
    }

    fn sealed(&self, epoch: EpochNumber) -> Option<Decision> {
        self.decision(epoch).ok().flatten()
    }
}
