//! Messages that were observed and are done with: of each seal, in the order of their digests.

use std::sync::OnceLock;

use cid::Cid;
use liaise_ledger::Hash;

use super::FoldError;
use super::state::Done;
use crate::artefact::{Cbor, Shelf, put_rows};

/// Rows of one seal. They never change, so their chunks are written once and handed on by id.
#[derive(Debug, Default)]
pub struct DoneRows {
    rows: Vec<(Hash, Done)>,
    chunks: OnceLock<Vec<Cid>>,
}

impl PartialEq for DoneRows {
    fn eq(&self, other: &DoneRows) -> bool {
        self.rows == other.rows
    }
}

impl FromIterator<(Hash, Done)> for DoneRows {
    fn from_iter<T: IntoIterator<Item = (Hash, Done)>>(rows: T) -> DoneRows {
        let mut rows: Vec<(Hash, Done)> = rows.into_iter().collect();
        if !rows.is_sorted_by(|a, b| a.0 < b.0) {
            rows.sort_unstable_by_key(|(id, _)| *id);
            rows.dedup_by_key(|(id, _)| *id);
        }
        DoneRows { rows, chunks: OnceLock::new() }
    }
}

impl DoneRows {
    /// What is known of a message.
    pub fn get(&self, id: &Hash) -> Option<&Done> {
        self.rows.binary_search_by(|(known, _)| known.cmp(id)).ok().map(|i| &self.rows[i].1)
    }

    /// The rows, by digest.
    pub fn rows(&self) -> &[(Hash, Done)] {
        &self.rows
    }

    /// Rows that were read from some chunks, by digest.
    pub fn read(rows: Vec<(Hash, Done)>, chunks: &[Cid]) -> DoneRows {
        DoneRows { chunks: OnceLock::from(chunks.to_vec()), ..rows.into_iter().collect() }
    }

    /// Puts their chunks on a shelf, if they are not there from an earlier epoch.
    ///
    /// # Errors
    /// The shelf's.
    pub fn shelved(
        &self,
        shelf: &mut dyn Shelf,
        write: impl Fn(&(Hash, Done), &mut Cbor) + Sync,
    ) -> Result<Vec<Cid>, FoldError> {
        if let Some(chunks) = self.chunks.get() {
            let mut is_there = true;
            for id in chunks {
                is_there &= shelf.has(id)?;
            }
            if is_there {
                return Ok(chunks.clone());
            }
        }
        let (chunks, _) = put_rows(shelf, &self.rows, write)?;
        Ok(self.chunks.get_or_init(|| chunks).clone())
    }
}
