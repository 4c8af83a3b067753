//! Where rows are kept.

use std::error::Error;

/// What a disk's failure is.
pub type StoreFailure = Box<dyn Error + Send + Sync>;

/// Durable rows by key. Calls block for a disk write at most.
pub trait JournalStore {
    /// A row.
    ///
    /// # Errors
    /// The disk failed.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure>;

    /// Writes a row, whole or not at all; it survives a power cut when this returns.
    ///
    /// # Errors
    /// The disk failed: the row is as it was, or as it should be, and nobody knows which.
    fn put(&mut self, key: &str, row: &[u8]) -> Result<(), StoreFailure>;

    /// Removes a row, durably.
    ///
    /// # Errors
    /// The disk failed.
    fn remove(&mut self, key: &str) -> Result<(), StoreFailure>;

    /// All rows, by key.
    ///
    /// # Errors
    /// The disk failed.
    fn rows(&self) -> Result<Vec<(String, Vec<u8>)>, StoreFailure>;
}
