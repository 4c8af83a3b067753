//! Disks that outlive their processes: a write is whole or not there, and the process may end before it or after.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::shared::{Handle, Write};
use crate::journal::store::{JournalStore, StoreFailure};
use crate::journal::{End, Row, Stage};
use crate::quorum::SignGuard;
use liaise_chain_api::{Prepared, SubmissionId};

/// An operator's or an oracle's disk.
#[derive(Clone)]
pub struct Disk {
    shared: Handle,
    rows: Arc<Mutex<BTreeMap<Vec<u8>, Vec<u8>>>>,
}

impl Disk {
    /// An empty one.
    pub fn new(shared: &Handle) -> Self {
        Self { shared: shared.clone(), rows: Arc::default() }
    }

    fn write(&self, key: &[u8], row: &[u8]) -> Result<(), &'static str> {
        let fate = self.shared.lock().write();
        if fate != Write::EndsBefore {
            self.rows.lock().expect("not poisoned").insert(key.to_vec(), row.to_vec());
        }
        if fate == Write::Done { Ok(()) } else { Err("the process ended") }
    }

    fn read(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.rows.lock().expect("not poisoned").get(key).cloned()
    }

    fn each_row(&self) -> Vec<Row> {
        let rows = self.rows.lock().expect("not poisoned");
        rows.values().map(|row| Row::decode(row).expect("a readable row")).collect()
    }

    /// Every transaction that the rows know.
    pub fn known(&self) -> Vec<SubmissionId> {
        let of = |row: Row| {
            let current = match row.stage {
                Stage::Live(prepared) => Some(prepared.id),
                Stage::Ended(End::Ours { id, .. }) => Some(id),
                _ => None,
            };
            row.past.into_iter().map(|past| past.id).chain(current)
        };
        self.each_row().into_iter().flat_map(of).collect()
    }

    /// What ended by a transaction of ours.
    pub fn ours(&self) -> Vec<Prepared> {
        let of = |row: Row| match row.stage {
            Stage::Ended(End::Ours { sent, .. }) => sent,
            _ => None,
        };
        self.each_row().into_iter().filter_map(of).collect()
    }
}

impl JournalStore for Disk {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        Ok(self.read(key.as_bytes()))
    }

    fn put(&mut self, key: &str, row: &[u8]) -> Result<(), StoreFailure> {
        Ok(self.write(key.as_bytes(), row)?)
    }

    fn remove(&mut self, key: &str) -> Result<(), StoreFailure> {
        self.rows.lock().expect("not poisoned").remove(key.as_bytes());
        Ok(())
    }

    fn rows(&self) -> Result<Vec<(String, Vec<u8>)>, StoreFailure> {
        let rows = self.rows.lock().expect("not poisoned");
        rows.iter().map(|(key, row)| Ok((String::from_utf8(key.clone())?, row.clone()))).collect()
    }
}

impl SignGuard for Disk {
    fn load(&self, slot: &[u8]) -> Result<Option<Vec<u8>>, String> {
        Ok(self.read(slot))
    }

    fn replace(&self, slot: &[u8], expected: Option<&[u8]>, value: &[u8]) -> Result<bool, String> {
        if !self.shared.lock().plan.guard {
            return Ok(true);
        }
        if self.read(slot).as_deref() != expected {
            return Ok(false);
        }
        self.write(slot, value)?;
        Ok(true)
    }
}
