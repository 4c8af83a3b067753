//! Signing: a key's place and the message that takes it are durable together, so a crash never makes a key say two things
//! at one place.

use crate::commit::Commit;
use crate::error::StoreError;
use crate::ingest::Source;
use crate::layout::{KEYS, key_prefix, read_hash, read_u64};
use crate::store::{Inner, Store};
use cid::Cid;
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::message::Place;
use liaise_ledger::{Draft, EpochNumber, Hash, Signer, Verified};

impl Store {
    /// The place of a key's next message, by all that is stored of it.
    pub fn place(&self, key: &[u8]) -> Result<Place, StoreError> {
        self.inner.place(key)
    }

    /// The messages at a place of a key's sequence: more than one where the key equivocated.
    pub fn by_key(&self, key: &[u8], seq: u64) -> Result<Vec<Cid>, StoreError> {
        let row = self.inner.db.get(KEYS, &crate::layout::key_place(key, seq))?.unwrap_or_default();
        Ok(row.chunks_exact(40).filter_map(read_hash).map(|id| id.to_cid(DAG_CBOR)).collect())
    }

    /// Signs a draft with any key and stores it: what [`Store::ingest`] would refuse is not signed. A witness receipts it.
    ///
    /// # Errors
    /// The draft breaks a rule (nothing was signed), the key may have signed elsewhere, or the store failed.
    pub fn sign_with(&self, signer: &Signer, draft: Draft) -> Result<Verified, StoreError> {
        let mut writer = self.inner.writer();
        let mut commit = Commit::new(&self.inner, &mut writer, Source::Now);
        let message = commit.sign(signer, draft)?;
        let appended = commit.finish(None)?;
        self.purge_pending(&mut writer)?;
        drop(writer);
        appended.settle(&self.inner)?;
        Ok(message)
    }

    /// Signs a draft with the witness' own key: seals. Receipts come from [`Store::ingest`] and [`Store::close_epoch`].
    ///
    /// # Errors
    /// As [`Store::sign_with`]; [`StoreError::NotAWitness`].
    pub fn sign(&self, draft: Draft) -> Result<Verified, StoreError> {
        let witness = self.inner.witness.as_ref().ok_or(StoreError::NotAWitness)?;
        self.sign_with(&witness.signer, draft)
    }

    /// Signs the batch that closes an epoch for this witness, once: later calls return the same batch. When it is time is
    /// the caller's question.
    ///
    /// # Errors
    /// [`StoreError::NotAWitness`], [`StoreError::EpochOrder`] where a later epoch is closed already, or the store failed.
    pub fn close_epoch(&self, epoch: EpochNumber) -> Result<Verified, StoreError> {
        let witness = self.inner.witness.as_ref().ok_or(StoreError::NotAWitness)?;
        let mut writer = self.inner.writer();
        self.inner.db.settle()?;
        if let Some((_, batch)) = self.closes(epoch)?.into_iter().find(|(key, _)| *key == witness.key) {
            return self.load(&batch)?.ok_or_else(|| StoreError::corrupt("a close batch is missing"));
        }
        let commit = Commit::new(&self.inner, &mut writer, Source::Now);
        commit.may_sign(&witness.key)?;
        if let Some(closed) = commit.own_chain()?.and_then(|chain| chain.closed).filter(|closed| *closed > epoch) {
            return Err(StoreError::EpochOrder { asked: epoch, closed });
        }
        let appended = commit.finish(Some(epoch))?;
        drop(writer);
        let (batches, _) = appended.settle(&self.inner)?;
        Ok(batches.into_iter().next().expect("closing an epoch signs one batch"))
    }
}

impl Inner {
    pub fn place(&self, key: &[u8]) -> Result<Place, StoreError> {
        let prefix = key_prefix(key);
        let Some((row_key, row)) = self.db.scan_back(KEYS, &prefix, &[u8::MAX; 8])?.next().transpose()? else {
            return Ok(Place::default());
        };
        let seq = read_u64(&row_key[prefix.len()..]);
        let (Some(seq), Some(Hash(id))) = (seq, read_hash(&row)) else {
            return Err(StoreError::corrupt("a row of a key's sequence"));
        };
        Ok(Place { seq: seq + 1, prev: Some(Hash(id).to_cid(DAG_CBOR)) })
    }
}
