//! Reading: by id, in the order of arrival, and by what messages have in common.

use crate::error::StoreError;
use crate::layout::{CHILDREN, Family, KINDS, MESSAGES, SIGNATURE, TASKS, WANTED, kind_number, read_hash, read_u64};
use crate::store::{Inner, Store};
use cid::Cid;
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::{Hash, Signed, Verified};
use serde_bytes::ByteBuf;
use std::sync::atomic::Ordering;

impl Store {
    /// The newest message's place in the order of arrival; 0 in an empty store. Everything up to it is durable.
    pub fn head(&self) -> Result<u64, StoreError> {
        Ok(self.inner.head.load(Ordering::Acquire))
    }

    /// A message.
    pub fn get(&self, id: &Cid) -> Result<Option<Signed>, StoreError> {
        match self.position(id)? {
            Some(seq) => self.inner.at(seq).map(Some),
            None => Ok(None),
        }
    }

    /// A message, decoded. Its signature was verified before it was stored.
    pub fn load(&self, id: &Cid) -> Result<Option<Verified>, StoreError> {
        self.get(id)?.map(|signed| self.inner.decode(signed)).transpose()
    }

    /// Whether a message is here.
    pub fn contains(&self, id: &Cid) -> Result<bool, StoreError> {
        Ok(self.position(id)?.is_some())
    }

    /// The place of a message in the order of arrival.
    pub fn position(&self, id: &Cid) -> Result<Option<u64>, StoreError> {
        match Hash::from_cid(id) {
            Some(digest) if id.codec() == DAG_CBOR => self.inner.position(&digest),
            _ => Ok(None),
        }
    }

    /// The message at a place of the order of arrival.
    pub fn at(&self, seq: u64) -> Result<Option<Signed>, StoreError> {
        if seq == 0 || seq > self.head()? { Ok(None) } else { self.inner.at(seq).map(Some) }
    }

    /// All messages that arrived after a place, at most `limit`: receipts, seals and votes too.
    pub fn follow(&self, after: u64, limit: usize) -> Result<Vec<(u64, Signed)>, StoreError> {
        let from = after.saturating_add(1).to_be_bytes();
        let rows = self.inner.db.scan(MESSAGES, &[], &from)?.take(limit);
        rows.map(|row| {
            let (key, value) = row?;
            let seq = read_u64(&key).ok_or_else(|| StoreError::corrupt("a message without a place"))?;
            Ok((seq, split(&value)?))
        })
        .collect()
    }

    /// The messages that name this one as a parent, in the order of arrival. The message itself may be missing.
    pub fn children(&self, id: &Cid) -> Result<Vec<Cid>, StoreError> {
        self.inner.index(CHILDREN, id.hash().digest(), 0, usize::MAX)
    }

    /// The messages that belong to a task, in the order of arrival, without its root.
    pub fn task(&self, root: &Cid) -> Result<Vec<Cid>, StoreError> {
        self.inner.index(TASKS, root.hash().digest(), 0, usize::MAX)
    }

    /// All messages of a kind (its name on the wire), in the order of arrival. None for a name that is no kind.
    pub fn kind(&self, kind: &str) -> Result<Vec<Cid>, StoreError> {
        self.kind_after(kind, 0, usize::MAX)
    }

    /// At most `limit` messages of a kind that arrived after a place.
    pub fn kind_after(&self, kind: &str, after: u64, limit: usize) -> Result<Vec<Cid>, StoreError> {
        match kind_number(kind) {
            Some(number) => self.inner.index(KINDS, &[number], after, limit),
            None => Ok(Vec::new()),
        }
    }

    /// Messages that witnesses gave receipts for and that are not here: ask a peer for them by id. At most `limit`, in the
    /// order of their digests, after one of them: a dishonest witness gives receipts for what does not exist, and must
    /// not hide what does.
    pub fn wanted(&self, after: Option<&Cid>, limit: usize) -> Result<Vec<Cid>, StoreError> {
        let after = after.and_then(Hash::from_cid);
        let from = after.map_or(Vec::new(), |digest| digest.0.to_vec());
        let rows = self.inner.db.scan(WANTED, &[], &from)?.map(|row| id_of(&row?.0));
        let rows = rows.filter(|row| row.as_ref().map_or(true, |id| Hash::from_cid(id) != after));
        rows.take(limit).collect()
    }
}

impl Inner {
    /// The message at a place that is known to have one.
    pub fn at(&self, seq: u64) -> Result<Signed, StoreError> {
        let row = self.db.get(MESSAGES, &seq.to_be_bytes())?;
        split(&row.ok_or_else(|| StoreError::corrupt(format!("message {seq} is missing")))?)
    }

    /// Decodes what was verified before it was stored.
    pub fn decode(&self, signed: Signed) -> Result<Verified, StoreError> {
        Verified::check_stored(signed, self.network)
            .map_err(|error| StoreError::corrupt(format!("a stored message does not decode: {error}")))
    }

    pub fn load(&self, id: &Hash) -> Result<Option<Verified>, StoreError> {
        match self.position(id)? {
            Some(seq) => self.decode(self.at(seq)?).map(Some),
            None => Ok(None),
        }
    }

    /// The ids of an index whose keys end in a place of the order of arrival.
    pub fn index(&self, family: Family, prefix: &[u8], after: u64, limit: usize) -> Result<Vec<Cid>, StoreError> {
        let from = after.saturating_add(1).to_be_bytes();
        self.db.scan(family, prefix, &from)?.take(limit).map(|row| id_of(&row?.1)).collect()
    }
}

fn id_of(row: &[u8]) -> Result<Cid, StoreError> {
    read_hash(row).map(|hash| hash.to_cid(DAG_CBOR)).ok_or_else(|| StoreError::corrupt("a row without an id"))
}

/// Signature and block of a row of `messages`.
fn split(row: &[u8]) -> Result<Signed, StoreError> {
    let (signature, block) =
        row.split_at_checked(SIGNATURE).ok_or_else(|| StoreError::corrupt("a message's row is too short"))?;
    Ok(Signed { block: ByteBuf::from(block), signature: ByteBuf::from(signature) })
}
