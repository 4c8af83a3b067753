//! Messages that were observed and are done with: of each seal, in the order of their digests.

use std::sync::OnceLock;

use liaise_ledger::Hash;

use super::state::Done;
use crate::artefact::Block;

/// Rows of one seal. They never change, so their blocks are made once and handed on with them.
#[derive(Debug, Default)]
pub struct DoneRows {
    rows: Vec<(Hash, Done)>,
    blocks: OnceLock<Vec<Block>>,
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
        DoneRows { rows, blocks: OnceLock::new() }
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

    /// Goes through the rows beside other messages in the same order.
    pub fn walk(&self) -> Walk<'_> {
        Walk(&self.rows)
    }

    /// Their blocks, as `make` writes them.
    pub fn blocks(&self, make: impl FnOnce(&[(Hash, Done)]) -> Vec<Block>) -> &[Block] {
        self.blocks.get_or_init(|| make(&self.rows))
    }
}

/// See [`DoneRows::walk`].
pub struct Walk<'a>(&'a [(Hash, Done)]);

impl Walk<'_> {
    /// Whether a message is among the rows. Messages are asked for in the order of their digests.
    pub fn has(&mut self, id: &Hash) -> bool {
        let behind = self.0.iter().take_while(|(known, _)| known < id).count();
        self.0 = &self.0[behind..];
        self.0.first().is_some_and(|(known, _)| known == id)
    }
}
