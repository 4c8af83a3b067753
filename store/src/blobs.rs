//! Blobs: large bytes by CID. They may be absent; what a curator removed is absent for ever.

use crate::db::Batch;
use crate::error::StoreError;
use crate::layout::{BLOBS, PURGED};
use crate::store::Store;
use cid::Cid;
use liaise_ledger::Hash;
use liaise_ledger::hash::{RAW, blob_cid};

impl Store {
    /// Stores a blob, durably. Its bytes are found by any CID of their SHA-256, whatever its codec.
    ///
    /// # Errors
    /// [`StoreError::Purged`] where it was removed, [`StoreError::BlobTooLarge`], or the store failed.
    pub fn put_blob(&self, bytes: &[u8]) -> Result<Cid, StoreError> {
        Ok(self.put_blobs(&[bytes])?.remove(0))
    }

    /// Stores several blobs in one synced write: all of them or none.
    ///
    /// # Errors
    /// As [`Store::put_blob`].
    pub fn put_blobs(&self, blobs: &[&[u8]]) -> Result<Vec<Cid>, StoreError> {
        self.write_blobs(blobs, true)?;
        Ok(blobs.iter().map(|blob| blob_cid(blob)).collect())
    }

    /// Stores those of some blobs that were not removed, in one synced write: for blobs that come from others, of which a
    /// curator may have removed any meanwhile. Tells for each whether it is here now.
    ///
    /// # Errors
    /// [`StoreError::BlobTooLarge`], or the store failed; nothing is stored then.
    pub fn keep_blobs(&self, blobs: &[&[u8]]) -> Result<Vec<bool>, StoreError> {
        self.write_blobs(blobs, false)
    }

    fn write_blobs(&self, blobs: &[&[u8]], all: bool) -> Result<Vec<bool>, StoreError> {
        let inner = &*self.inner;
        if let Some(large) = blobs.iter().find(|blob| blob.len() > inner.limits.blob_bytes) {
            return Err(StoreError::BlobTooLarge { found: large.len(), limit: inner.limits.blob_bytes });
        }
        // No removal may come between the question and the write.
        let _writer = inner.writer();
        let mut batch = Batch::default();
        let mut kept = Vec::with_capacity(blobs.len());
        for blob in blobs {
            let id = blob_cid(blob);
            let digest = id.hash().digest();
            let purged = inner.db.contains(PURGED, digest)?;
            if purged && all {
                return Err(StoreError::Purged(id));
            }
            if !purged && !inner.db.contains(BLOBS, digest)? {
                batch.put(BLOBS, digest, blob);
            }
            kept.push(!purged);
        }
        if !batch.is_empty() {
            inner.db.write(batch, true)?;
        }
        Ok(kept)
    }

    /// A blob's bytes.
    pub fn get_blob(&self, id: &Cid) -> Result<Option<Vec<u8>>, StoreError> {
        match Hash::from_cid(id) {
            Some(digest) => self.inner.db.get(BLOBS, &digest.0),
            None => Ok(None),
        }
    }

    /// Whether a blob is here.
    pub fn contains_blob(&self, id: &Cid) -> Result<bool, StoreError> {
        match Hash::from_cid(id) {
            Some(digest) => self.inner.db.contains(BLOBS, &digest.0),
            None => Ok(false),
        }
    }

    /// Whether a blob was removed, and is never stored again.
    pub fn is_purged(&self, id: &Cid) -> Result<bool, StoreError> {
        match Hash::from_cid(id) {
            Some(digest) => self.inner.db.contains(PURGED, &digest.0),
            None => Ok(false),
        }
    }

    /// Removes a blob for ever from this store, here or not. A curator's removal does it everywhere.
    ///
    /// # Errors
    /// The store failed.
    pub fn purge_blob(&self, id: &Cid) -> Result<(), StoreError> {
        let Some(digest) = Hash::from_cid(id) else { return Ok(()) };
        let _writer = self.inner.writer();
        let mut batch = Batch::default();
        self.inner.purge_into(&mut batch, &digest);
        self.inner.db.write(batch, true)?;
        self.inner.db.erase(BLOBS, std::iter::once(digest.0.to_vec()))
    }

    /// At most `limit` blobs in the order of their digests, after one of them.
    pub fn blobs_after(&self, after: Option<&Cid>, limit: usize) -> Result<Vec<Cid>, StoreError> {
        let after = after.and_then(Hash::from_cid);
        let from = after.map_or(Vec::new(), |digest| digest.0.to_vec());
        let rows = self.inner.db.scan(BLOBS, &[], &from)?.map(|row| {
            let (key, _) = row?;
            crate::layout::read_hash(&key).ok_or_else(|| StoreError::corrupt("a blob without a digest"))
        });
        let rows = rows.filter(|row| row.as_ref().map_or(true, |digest| Some(*digest) != after));
        rows.take(limit).map(|row| row.map(|digest| digest.to_cid(RAW))).collect()
    }
}
