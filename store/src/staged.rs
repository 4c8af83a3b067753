//! Rows that are about to be written in one atomic batch, and can be read before they are.

use crate::db::{Batch, Db, Ticket};
use crate::error::StoreError;
use crate::layout::Family;
use std::sync::Arc;

pub struct Staged<'a> {
    db: &'a Db,
    batch: Batch,
    /// What was appended before and is not read yet, the newest first.
    waiting: Vec<Arc<Batch>>,
}

impl<'a> Staged<'a> {
    pub fn new(db: &'a Db) -> Staged<'a> {
        Staged { db, batch: Batch::default(), waiting: db.waiting() }
    }

    /// Makes room for about so many bytes of rows.
    pub fn reserve(&mut self, bytes: usize) {
        self.batch.reserve(bytes);
    }

    /// Stages a row, of which key and value are given in pieces.
    pub fn put(&mut self, family: Family, key: &[&[u8]], value: &[&[u8]]) {
        self.batch.put_parts(family, key, value);
    }

    pub fn delete(&mut self, family: Family, key: &[u8]) {
        self.batch.delete(family, key);
    }

    /// A row as it will be, of a family that is looked up.
    pub fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let waiting = || self.waiting.iter().find_map(|batch| batch.get(family, key));
        match self.batch.get(family, key).or_else(waiting) {
            Some(row) => Ok(row.map(<[u8]>::to_vec)),
            None => self.db.get(family, key),
        }
    }

    /// Appends everything at once; without rows it is as durable as what was appended before.
    pub fn append(self) -> Result<Ticket, StoreError> {
        self.db.append(self.batch)
    }
}
