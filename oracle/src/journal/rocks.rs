//! The rows of a [`Store`]'s own journal.

use liaise_store::Store;

use super::store::{JournalStore, StoreFailure};

/// The namespace of the store's journal that holds submissions.
pub const NAMESPACE: &str = "submissions";

impl JournalStore for Store {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        Ok(self.journal().get(NAMESPACE, key.as_bytes())?)
    }

    fn put(&mut self, key: &str, row: &[u8]) -> Result<(), StoreFailure> {
        Ok(self.journal().put(NAMESPACE, key.as_bytes(), row)?)
    }

    fn remove(&mut self, key: &str) -> Result<(), StoreFailure> {
        Ok(self.journal().delete(NAMESPACE, key.as_bytes())?)
    }

    fn rows(&self) -> Result<Vec<(String, Vec<u8>)>, StoreFailure> {
        let rows = self.journal().rows(NAMESPACE, b"")?;
        rows.into_iter().map(|(key, row)| Ok((String::from_utf8(key)?, row))).collect()
    }
}
