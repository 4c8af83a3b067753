//! Rows that are about to be written in one atomic batch, and can be read before they are.

use crate::db::Db;
use crate::error::StoreError;
use liaise_ledger::message::Place;
use rocksdb::WriteBatch;
use std::collections::HashMap;

pub struct Staged<'a> {
    db: &'a Db,
    batch: WriteBatch,
    readable: HashMap<(&'static str, Vec<u8>), Vec<u8>>,
    /// The places of keys that signed something in this batch.
    pub places: HashMap<Vec<u8>, Place>,
}

impl<'a> Staged<'a> {
    pub fn new(db: &'a Db) -> Staged<'a> {
        Staged { db, batch: WriteBatch::default(), readable: HashMap::new(), places: HashMap::new() }
    }

    /// Stages a row that nobody reads before it is written.
    pub fn put(&mut self, family: &'static str, key: &[u8], value: &[u8]) {
        self.batch.put_cf(&self.db.family(family), key, value);
    }

    /// Stages a row that [`Staged::get`] sees.
    pub fn put_readable(&mut self, family: &'static str, key: Vec<u8>, value: Vec<u8>) {
        self.put(family, &key, &value);
        self.readable.insert((family, key), value);
    }

    pub fn delete(&mut self, family: &'static str, key: &[u8]) {
        self.batch.delete_cf(&self.db.family(family), key);
    }

    /// A row as it will be.
    pub fn get(&self, family: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.readable.get(&(family, key.to_vec())) {
            Some(value) => Ok(Some(value.clone())),
            None => self.db.get(family, key),
        }
    }

    /// Writes everything at once, synced.
    pub fn write(self) -> Result<(), StoreError> {
        if self.batch.is_empty() { Ok(()) } else { self.db.write(self.batch, true) }
    }
}
