//! The journal's rows that move: what was signed and what is on its way to a chain.

use liaise_store::{Journal, JournalRow, StoreError};

/// What the key has signed, by slot: see [`crate::quorum::SignGuard`].
pub(super) const SIGNED: &str = "signed";
/// Submissions by purpose.
pub(super) const SUBMISSIONS: &str = crate::journal::NAMESPACE;

/// Durable rows: the store's journal, and in tests one whose machine stops.
pub(super) trait Rows {
    fn get(&self, namespace: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    fn all(&self, namespace: &str) -> Result<Vec<JournalRow>, StoreError>;
    /// Writes a row where it is as expected (`None`: absent); false where it is not.
    fn replace(&self, namespace: &str, key: &[u8], expected: Option<&[u8]>, value: &[u8]) -> Result<bool, StoreError>;
}

impl Rows for Journal {
    fn get(&self, namespace: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Journal::get(self, namespace, key)
    }

    fn all(&self, namespace: &str) -> Result<Vec<JournalRow>, StoreError> {
        self.rows(namespace, b"")
    }

    fn replace(&self, namespace: &str, key: &[u8], expected: Option<&[u8]>, value: &[u8]) -> Result<bool, StoreError> {
        self.compare_and_set(namespace, key, expected, Some(value))
    }
}
