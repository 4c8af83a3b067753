//! Keys that said two things at one place: both are kept as evidence, neither counts.

use crate::error::StoreError;
use crate::layout::{KEYS, TWICE, key_place, read_hash, read_u64};
use crate::refusal::Twice;
use crate::store::{Inner, Store};
use cid::Cid;
use liaise_ledger::equivocation::Equivocation;
use liaise_ledger::hash::DAG_CBOR;

impl Store {
    /// All places that a key signed twice for one author.
    pub fn equivocations(&self) -> Result<Vec<Twice>, StoreError> {
        let mut found = Vec::new();
        for row in self.inner.db.scan(TWICE, &[], &[])? {
            let (row_key, _) = row?;
            let split = row_key.len().saturating_sub(8);
            let (key, seq) = (row_key.get(1..split), row_key.get(split..).and_then(read_u64));
            let (Some(key), Some(seq)) = (key, seq) else { return Err(StoreError::corrupt("a row of evidence")) };
            let ids = self.by_key(key, seq)?;
            found.extend(self.inner.same_author(Twice { key: key.to_vec(), seq, ids })?);
        }
        Ok(found)
    }

    /// Whether the key of a stored message signed another one of its author at its place: then neither counts.
    pub fn equivocates(&self, id: &Cid) -> Result<bool, StoreError> {
        let Some(message) = self.load(id)? else { return Ok(false) };
        let (key, seq) = (&message.message.key, message.message.seq);
        let row = self.inner.db.get(KEYS, &key_place(key, seq))?.unwrap_or_default();
        if row.len() <= 40 {
            return Ok(false);
        }
        let others = row.chunks_exact(40).filter_map(read_hash).map(|other| other.to_cid(DAG_CBOR));
        for other in others.filter(|other| other != id) {
            if self.load(&other)?.is_some_and(|other| other.message.author == message.message.author) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The portable proof of an equivocation: anybody checks it with nothing but the network's id. `None` where the
    /// messages are not here, or prove nothing under the strict rule for signatures that proofs are held to.
    pub fn proof(&self, twice: &Twice) -> Result<Option<Equivocation>, StoreError> {
        let [first, second, ..] = twice.ids.as_slice() else { return Ok(None) };
        match (self.get(first)?, self.get(second)?) {
            (Some(first), Some(second)) => Ok(Equivocation::prove(&first, &second, self.network()).ok()),
            _ => Ok(None),
        }
    }
}

impl Inner {
    /// Keeps of the messages at a place those by the author of the newest. One key may sign for two accounts; that is no
    /// fault.
    pub fn same_author(&self, twice: Twice) -> Result<Option<Twice>, StoreError> {
        let mut authors = Vec::new();
        for id in &twice.ids {
            let digest = crate::commit::digest(id);
            let message = self.load(&digest)?.ok_or_else(|| StoreError::corrupt("evidence is missing"))?;
            authors.push(message.message.author);
        }
        let newest = authors.last().cloned();
        let same = twice.ids.into_iter().zip(authors).filter(|(_, author)| Some(author) == newest.as_ref());
        let ids: Vec<Cid> = same.map(|(id, _)| id).collect();
        Ok((ids.len() > 1).then_some(Twice { ids, ..twice }))
    }
}
