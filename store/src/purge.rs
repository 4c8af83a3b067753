//! What a curator's removal does to blobs. It acts at receipt, and to what comes later too: documents, results and removals
//! may arrive in any order.
//!
//! Removed chunks go, and so does what was computed from them: a result's blobs belong to the chunks of its task one by one
//! where there are as many, and otherwise all of them go once all chunks of the task are removed. Anybody can publish a
//! result that names somebody else's blob; so a computed blob stays while another document or result holds it for something
//! that is not removed.

use crate::db::Batch;
use crate::error::StoreError;
use crate::layout::{BLOBS, PURGED, PURGING, TASKS, USES, read_hash};
use crate::store::{Inner, Store, Writer};
use cid::Cid;
use liaise_ledger::body::{RetrievalAdd, TaskResult};
use liaise_ledger::{Author, Body, Hash};
use std::collections::BTreeSet;

impl Store {
    /// Carries out what stored messages mean for blobs. What a crash left undone is done when the store opens.
    pub(crate) fn purge_pending(&self, writer: &mut Writer) -> Result<(), StoreError> {
        if !writer.purging {
            return Ok(());
        }
        let inner = &*self.inner;
        inner.db.settle()?;
        let mut batch = Batch::default();
        let mut gone = BTreeSet::new();
        for row in inner.db.scan(PURGING, &[], &[])? {
            let (key, _) = row?;
            let id = read_hash(&key).ok_or_else(|| StoreError::corrupt("a pending removal without an id"))?;
            inner.removed_by(&id, &mut gone)?;
            batch.delete(PURGING, &key);
        }
        gone.iter().for_each(|digest| inner.purge_into(&mut batch, digest));
        if !batch.is_empty() {
            inner.db.write(batch, true)?;
        }
        if !gone.is_empty() {
            inner.db.erase(BLOBS, gone.iter().map(|digest| digest.0.to_vec()))?;
        }
        writer.purging = false;
        Ok(())
    }
}

impl Inner {
    pub fn purge_into(&self, batch: &mut Batch, digest: &Hash) {
        batch.delete(BLOBS, &digest.0);
        batch.put(PURGED, &digest.0, &[]);
    }

    /// The blobs that have to go because of one message.
    fn removed_by(&self, id: &Hash, gone: &mut BTreeSet<Hash>) -> Result<(), StoreError> {
        let Some(message) = self.load(id)? else { return Err(StoreError::corrupt("a pending removal is missing")) };
        match (&message.message.body, &message.message.author) {
            (Body::RetrievalRemove(remove), Author::Account(account)) if self.genesis.is_curator(account) => {
                // All chunks first: they decide about what was computed from them.
                gone.extend(remove.chunks.iter().filter_map(Hash::from_cid));
                for chunk in &remove.chunks {
                    for task in self.uses(chunk)? {
                        if let Some(Body::RetrievalAdd(add)) = self.body(&task)? {
                            self.computed_from(&task, &add, gone)?;
                        }
                    }
                }
                Ok(())
            }
            (Body::RetrievalAdd(add), _) => self.computed_from(id, add, gone),
            (Body::Result(result), _) => match message.message.task.as_ref().and_then(Hash::from_cid) {
                Some(task) => match self.body(&task)? {
                    Some(Body::RetrievalAdd(add)) => self.computed(&add, result, gone),
                    _ => Ok(()),
                },
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// What results of a task computed from its removed chunks.
    fn computed_from(&self, task: &Hash, add: &RetrievalAdd, gone: &mut BTreeSet<Hash>) -> Result<(), StoreError> {
        if !self.any_removed(add, gone)? {
            return Ok(());
        }
        for id in self.index(TASKS, &task.0, 0, usize::MAX)? {
            if let Some(Body::Result(result)) = Hash::from_cid(&id).map_or(Ok(None), |id| self.body(&id))? {
                self.computed(add, &result, gone)?;
            }
        }
        Ok(())
    }

    fn computed(&self, add: &RetrievalAdd, result: &TaskResult, gone: &mut BTreeSet<Hash>) -> Result<(), StoreError> {
        for (position, blob) in result.blobs.iter().enumerate() {
            let Some(digest) = Hash::from_cid(blob) else { continue };
            if self.is_removed_at(add, result, position, gone)? && !self.is_held(blob, gone)? {
                gone.insert(digest);
            }
        }
        Ok(())
    }

    /// Whether what a result's blob was computed from is removed.
    fn is_removed_at(
        &self,
        add: &RetrievalAdd,
        result: &TaskResult,
        position: usize,
        gone: &BTreeSet<Hash>,
    ) -> Result<bool, StoreError> {
        if result.blobs.len() == add.chunks.len() {
            return self.is_gone(&add.chunks[position].blob, gone);
        }
        for chunk in &add.chunks {
            if !self.is_gone(&chunk.blob, gone)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a document that is not removed is this blob, or a result for one holds it.
    fn is_held(&self, blob: &Cid, gone: &BTreeSet<Hash>) -> Result<bool, StoreError> {
        for user in self.uses(blob)? {
            let Some(message) = self.load(&user)? else { continue };
            let held = match &message.message.body {
                Body::RetrievalAdd(_) => !self.is_gone(blob, gone)?,
                Body::Result(result) => match message.message.task.as_ref().and_then(Hash::from_cid) {
                    Some(task) => match self.body(&task)? {
                        Some(Body::RetrievalAdd(add)) => {
                            let mut held = false;
                            for position in (0..result.blobs.len()).filter(|i| result.blobs[*i] == *blob) {
                                held |= !self.is_removed_at(&add, result, position, gone)?;
                            }
                            held
                        }
                        _ => true,
                    },
                    None => true,
                },
                _ => false,
            };
            if held {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn any_removed(&self, add: &RetrievalAdd, gone: &BTreeSet<Hash>) -> Result<bool, StoreError> {
        for chunk in &add.chunks {
            if self.is_gone(&chunk.blob, gone)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_gone(&self, blob: &Cid, gone: &BTreeSet<Hash>) -> Result<bool, StoreError> {
        let Some(digest) = Hash::from_cid(blob) else { return Ok(false) };
        Ok(gone.contains(&digest) || self.db.contains(PURGED, &digest.0)?)
    }

    /// The messages that name a blob.
    fn uses(&self, blob: &Cid) -> Result<Vec<Hash>, StoreError> {
        let rows = self.db.scan(USES, blob.hash().digest(), &[])?;
        rows.map(|row| {
            let (key, _) = row?;
            key.get(32..).and_then(read_hash).ok_or_else(|| StoreError::corrupt("a use without an id"))
        })
        .collect()
    }

    fn body(&self, id: &Hash) -> Result<Option<Body>, StoreError> {
        Ok(self.load(id)?.map(|message| message.message.body))
    }
}
