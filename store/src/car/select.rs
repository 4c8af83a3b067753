//! Which messages a part of the ledger holds, so that it can be read alone.

use super::{CarError, Filter};
use crate::error::StoreError;
use crate::store::Store;
use cid::Cid;
use liaise_ledger::{Body, EpochNumber, Verified};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Batches that are read at once.
const PAGE: usize = 64;

/// Messages by their places in the order of arrival, and the blobs that they name.
#[derive(Default)]
pub struct Part {
    pub messages: BTreeSet<u64>,
    pub blobs: BTreeSet<Cid>,
}

/// The part that a filter selects; `None` for everything.
pub fn select(store: &Store, filter: &Filter) -> Result<Option<Part>, CarError> {
    let mut part = Part::default();
    match filter {
        Filter::All => return Ok(None),
        Filter::Task(task) => {
            let root = store.load(task)?.ok_or(CarError::NoTask(*task))?;
            let mut ids = store.task(task)?;
            ids.push(*task);
            ids.extend(root.message.parents);
            for id in ids {
                part.add_with_receipts(store, &id)?;
            }
        }
        Filter::Epochs(epochs) => {
            for witness in store.genesis().stores.keys.clone() {
                part.add_epochs(store, &witness, epochs)?;
            }
            for epoch in epochs.clone() {
                for seal in store.seals(epoch)? {
                    part.add(store, &seal)?;
                }
            }
        }
    }
    Ok(Some(part))
}

impl Part {
    /// A message that is here, its session, and the blobs that it names.
    fn add(&mut self, store: &Store, id: &Cid) -> Result<(), StoreError> {
        let (Some(seq), Some(message)) = (store.position(id)?, store.load(id)?) else { return Ok(()) };
        if !self.messages.insert(seq) {
            return Ok(());
        }
        for session in store.by_key(&message.message.key, 0)? {
            self.messages.extend(store.position(&session)?);
        }
        self.add_blobs(store, &message)
    }

    fn add_blobs(&mut self, store: &Store, message: &Verified) -> Result<(), StoreError> {
        let named: Vec<Cid> = match &message.message.body {
            Body::RetrievalAdd(add) => add.chunks.iter().map(|chunk| chunk.blob).collect(),
            Body::Result(result) => result.blobs.clone(),
            _ => Vec::new(),
        };
        for blob in named {
            if store.contains_blob(&blob)? {
                self.blobs.insert(blob);
            }
        }
        Ok(())
    }

    fn add_with_receipts(&mut self, store: &Store, id: &Cid) -> Result<(), StoreError> {
        self.add(store, id)?;
        for receipt in store.receipts_of(id)? {
            self.messages.extend(store.position(&receipt.batch)?);
        }
        Ok(())
    }

    /// The batches of a witness behind the last close before the range, up to its own last close, and what they name.
    fn add_epochs(
        &mut self,
        store: &Store,
        witness: &[u8; 32],
        epochs: &RangeInclusive<EpochNumber>,
    ) -> Result<(), StoreError> {
        let mut from = 0;
        for (key, batch) in store.closes(epochs.start().saturating_sub(1))? {
            if key == *witness
                && let Some(Body::Receipts(receipts)) = store.load(&batch)?.map(|batch| batch.message.body)
            {
                from = receipts.first + receipts.receipts.len() as u64;
            }
        }
        loop {
            let page = store.batch_chain(witness, from, PAGE)?;
            let before = from;
            for batch in &page {
                let Body::Receipts(receipts) = &batch.message.body else { continue };
                if receipts.close.is_some_and(|epoch| epoch < *epochs.start()) {
                    continue;
                }
                self.messages.extend(store.position(&batch.id)?);
                for receipt in &receipts.receipts {
                    self.add(store, &receipt.id)?;
                }
                from = receipts.first + receipts.receipts.len() as u64;
                if receipts.close.is_some_and(|epoch| epoch >= *epochs.end()) {
                    return Ok(());
                }
            }
            if from == before || page.len() < PAGE {
                return Ok(());
            }
        }
    }
}
