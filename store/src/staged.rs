//! Rows that are about to be written in one atomic batch, and can be read before they are.

use crate::db::{Batch, Db};
use crate::error::StoreError;
use crate::layout::Family;
use liaise_ledger::message::Place;
use std::collections::HashMap;

pub struct Staged<'a> {
    db: &'a Db,
    batch: Batch,
    /// The places of keys that signed something in this batch.
    pub places: HashMap<Vec<u8>, Place>,
}

impl<'a> Staged<'a> {
    pub fn new(db: &'a Db) -> Staged<'a> {
        Staged { db, batch: Batch::default(), places: HashMap::new() }
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
        match self.batch.get(family, key) {
            Some(row) => Ok(row.map(<[u8]>::to_vec)),
            None => self.db.get(family, key),
        }
    }

    /// Writes everything at once, synced.
    pub fn write(self) -> Result<(), StoreError> {
        if self.batch.is_empty() { Ok(()) } else { self.db.write(self.batch, true) }
    }
}
