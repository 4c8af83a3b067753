//! A commit's receipts: the rows of witnesses' batches, and the batches that this witness signs itself.

use crate::chain::Chain;
use crate::commit::{Commit, digest};
use crate::error::StoreError;
use crate::layout::*;
use crate::store::OpenWitness;
use cid::Cid;
use liaise_ledger::body::{Receipt, Receipts};
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::message::MAX_RECEIPTS;
use liaise_ledger::{Author, Body, Draft, Hash, Verified};
use serde_bytes::ByteArray;

impl Commit<'_> {
    /// A witness owes a receipt for what it stored before it was one, or while it was not to sign.
    pub fn receipt_again(&mut self, id: &Cid) -> Result<(), StoreError> {
        let Some(witness) = self.inner.witness.as_ref().filter(|_| !self.moved) else { return Ok(()) };
        let digest = digest(id);
        if self.inner.own_receipt(&witness.key, &digest)?.is_some() || self.to_receipt.contains(id) {
            return Ok(());
        }
        // A call just before this one may have given it, and not be durable yet.
        self.inner.db.settle()?;
        if self.inner.own_receipt(&witness.key, &digest)?.is_none()
            && self.inner.load(&digest)?.is_some_and(|message| message.message.body.is_receipted())
        {
            self.to_receipt.push(*id);
        }
        Ok(())
    }

    pub fn issue(&mut self, witness: &OpenWitness, close: Option<i64>) -> Result<Vec<Verified>, StoreError> {
        let ids = std::mem::take(&mut self.to_receipt);
        let mut chain = self.chain(&witness.key)?.unwrap_or_default();
        // Never below an earlier receipt: observation is a median of witnesses' wall times and messages are observed in the
        // order of their parents, so a clock that was set back must not make an answer older than its question.
        let wall_ms = self.inner.clock.wall_ms().max(chain.wall_ms);
        let mono_ns = self.inner.clock.mono_ns().max(self.writer.mono_ns);
        self.writer.mono_ns = mono_ns;
        let mut chunks: Vec<&[Cid]> = ids.chunks(MAX_RECEIPTS).collect();
        if chunks.is_empty() && close.is_some() {
            chunks.push(&[]);
        }
        let count = chunks.len();
        let mut batches = Vec::with_capacity(count);
        for (i, ids) in chunks.into_iter().enumerate() {
            let batch = Receipts {
                previous: chain.last.map(|last| last.to_cid(DAG_CBOR)),
                boot: ByteArray::new(witness.boot),
                first: chain.next,
                close: close.filter(|_| i + 1 == count),
                receipts: ids.iter().map(|id| Receipt { id: *id, mono_ns, wall_ms }).collect(),
            };
            let draft = Draft {
                author: Author::Store(witness.key),
                parents: vec![],
                task: None,
                time_ms: wall_ms,
                body: Body::Receipts(batch),
            };
            batches.push(self.sign(&witness.signer, draft)?);
            chain = self.chain(&witness.key)?.unwrap_or_default();
        }
        Ok(batches)
    }

    /// The chain of this store's own receipts.
    pub fn own_chain(&self) -> Result<Option<Chain>, StoreError> {
        self.inner.witness.as_ref().map_or(Ok(None), |witness| self.chain(&witness.key))
    }

    fn chain(&self, key: &[u8; 32]) -> Result<Option<Chain>, StoreError> {
        let row = self.staged.get(STORES, key)?;
        row.map(|row| Chain::decode(&row).ok_or_else(|| StoreError::corrupt("a witness' row"))).transpose()
    }

    /// The receipts of a batch: for each of its messages, and as the column that an epoch's close reads.
    pub fn store_receipts(
        &mut self,
        message: &Verified,
        batch_id: Hash,
        seq: u64,
        batch: &Receipts,
    ) -> Result<(), StoreError> {
        let Author::Store(key) = &message.message.author else { return Ok(()) };
        let mut chain = match self.chain(key)? {
            Some(chain) => chain,
            None => Chain { ordinal: self.new_ordinal()?, ..Chain::default() },
        };
        chain.merge(batch_id, message.message.seq, batch);
        self.staged.put(STORES, &[key], &[&chain.encode()]);
        let ordinal = chain.ordinal.to_be_bytes();
        let mut column = Vec::with_capacity(32 + 16 * batch.receipts.len());
        column.extend(batch_id.0);
        for (place, receipt) in (batch.first..).zip(&batch.receipts) {
            let id = digest(&receipt.id);
            self.staged.put(RECEIPTS, &[&id.0, &ordinal, &place.to_be_bytes()], &[&seq.to_be_bytes()]);
            let arrived = match self.staged.get(IDS, &id.0)? {
                Some(row) => read_u64(&row).ok_or_else(|| StoreError::corrupt("an id without a place"))?,
                None => {
                    self.staged.put(WANTED, &[&id.0], &[]);
                    self.wanted.push(id);
                    ABSENT
                }
            };
            column.extend(arrived.to_be_bytes());
            column.extend(receipt.wall_ms.to_be_bytes());
        }
        self.staged.put(BATCHES, &[&ordinal, &batch.first.to_be_bytes(), &seq.to_be_bytes()], &[&column]);
        if let Some(epoch) = batch.close {
            self.staged.put(EPOCHS, &[&epoch_bytes(epoch), key, &batch_id.0], &[&seq.to_be_bytes()]);
        }
        Ok(())
    }

    /// Witnesses are few, and met once in a store's life.
    fn new_ordinal(&self) -> Result<u16, StoreError> {
        let known = self.inner.genesis.stores.keys.iter();
        let ordinals = known.map(|key| Ok(self.chain(key)?.map(|chain| chain.ordinal)));
        let highest = ordinals.collect::<Result<Vec<_>, StoreError>>()?.into_iter().flatten().max();
        Ok(highest.map_or(0, |highest| highest + 1))
    }
}
