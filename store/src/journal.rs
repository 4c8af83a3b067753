//! A durable key-value journal for other crates: write it down, then act.

use crate::db::Batch;
use crate::error::StoreError;
use crate::layout::{JOURNAL, join};
use crate::store::Store;

/// The journal of a store. Namespaces are at most 255 bytes; each crate has its own.
#[derive(Clone, Debug)]
pub struct Journal {
    store: Store,
}

/// Key, without its namespace, and value.
pub type JournalRow = (Vec<u8>, Vec<u8>);

impl Store {
    /// The journal.
    pub fn journal(&self) -> Journal {
        Journal { store: self.clone() }
    }
}

fn row_key(namespace: &str, key: &[u8]) -> Vec<u8> {
    let length = u8::try_from(namespace.len()).expect("namespaces are constants of at most 255 bytes");
    join(&[&[length], namespace.as_bytes(), key])
}

impl Journal {
    /// A row.
    ///
    /// # Errors
    /// The store failed.
    pub fn get(&self, namespace: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.inner.db.get(JOURNAL, &row_key(namespace, key))
    }

    /// Writes a row; it is durable when this returns.
    ///
    /// # Errors
    /// The store failed.
    pub fn put(&self, namespace: &str, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.write(namespace, key, Some(value), true)
    }

    /// Writes a row that may be lost when the machine crashes: for what can be had again.
    ///
    /// # Errors
    /// The store failed.
    pub fn put_lazily(&self, namespace: &str, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.write(namespace, key, Some(value), false)
    }

    /// Removes a row, durably.
    ///
    /// # Errors
    /// The store failed.
    pub fn delete(&self, namespace: &str, key: &[u8]) -> Result<(), StoreError> {
        self.write(namespace, key, None, true)
    }

    /// Writes a row, or removes it with `None`, if it is as expected (`None`: absent). Durable when this returns true; false
    /// says that it was otherwise and nothing was written.
    ///
    /// # Errors
    /// The store failed.
    pub fn compare_and_set(
        &self,
        namespace: &str,
        key: &[u8],
        expected: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<bool, StoreError> {
        let _only_one = self.lock();
        if self.get(namespace, key)?.as_deref() != expected {
            return Ok(false);
        }
        self.write_unlocked(namespace, key, value, true)?;
        Ok(true)
    }

    /// The rows of a namespace whose key starts with `prefix`, in the order of their keys.
    ///
    /// # Errors
    /// The store failed.
    pub fn rows(&self, namespace: &str, prefix: &[u8]) -> Result<Vec<JournalRow>, StoreError> {
        let start = row_key(namespace, prefix);
        let rows = self.store.inner.db.scan(JOURNAL, &start, &[])?;
        rows.map(|row| row.map(|(key, value)| (key[1 + namespace.len()..].to_vec(), value.into_vec()))).collect()
    }

    fn write(&self, namespace: &str, key: &[u8], value: Option<&[u8]>, sync: bool) -> Result<(), StoreError> {
        let _only_one = self.lock();
        self.write_unlocked(namespace, key, value, sync)
    }

    fn write_unlocked(&self, namespace: &str, key: &[u8], value: Option<&[u8]>, sync: bool) -> Result<(), StoreError> {
        let key = row_key(namespace, key);
        let mut batch = Batch::default();
        match value {
            Some(value) => batch.put(JOURNAL, &key, value),
            None => batch.delete(JOURNAL, &key),
        }
        self.store.inner.db.write(batch, sync)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ()> {
        self.store.inner.journal.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
