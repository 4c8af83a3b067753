//! What can go wrong with a store, and what to do about it.

use crate::refusal::RefuseReason;
use cid::Cid;
use liaise_ledger::{Hash, MessageError};
use std::path::PathBuf;

/// Why a store can't do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no store, and none was to be made.
    #[error("there is no store in {dir}: check the path, or create one")]
    Missing {
        /// The directory.
        dir: PathBuf,
    },
    /// Another process has it.
    #[error("the store in {dir} is in use by {holder}: stop that process, or give this one another directory")]
    Locked {
        /// The directory.
        dir: PathBuf,
        /// Who has it, as far as its `liaise.pid` tells.
        holder: String,
    },
    /// Written by a later program.
    #[error(
        "the store in {dir} has format {found}, and this program reads formats up to {supported}: update the program, or \
         restore a snapshot that this version made"
    )]
    NewerVersion {
        /// The directory.
        dir: PathBuf,
        /// Its format.
        found: u32,
        /// The newest that this program reads.
        supported: u32,
    },
    /// Of another network.
    #[error("the store in {dir} is of network {found}, not {expected}: give this network another directory")]
    ForeignNetwork {
        /// The directory.
        dir: PathBuf,
        /// Its network.
        found: Hash,
        /// The genesis' network.
        expected: Hash,
    },
    /// What is on disk is not what was written.
    #[error(
        "the store is damaged: {what}. Move the directory away, then restore a snapshot, import a CAR file, or start empty \
         and let it follow its peers"
    )]
    Corrupt {
        /// What was found.
        what: String,
    },
    /// Writing to a store that was opened for reading.
    #[error("the store was opened for reading only")]
    ReadOnly,
    /// A write failed; nothing more is written, because nobody knows what of it is on disk.
    #[error("an earlier write failed ({0}): the store takes no more until it is opened again; check the disk")]
    Halted(String),
    /// The disk or RocksDB failed.
    #[error("the database failed: {0}; check the disk's space and health")]
    Database(String),
    /// A file beside the database can't be read or written.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// Only a witness gives receipts and closes epochs.
    #[error("this store was opened without a witness key")]
    NotAWitness,
    /// The key that was given can't be a witness'.
    #[error("the witness key {0} is not one of the genesis' stores: open the store without it, or with the right key")]
    WitnessKey(String),
    /// Signing here could say two things at one place.
    #[error(
        "{key} may have signed elsewhere since this copy was made (a restored snapshot, or a lost state): once nothing else \
         signs with it and this store has followed its peers to their heads, open it with `resume`; end-users' keys start a \
         new session instead"
    )]
    Moved {
        /// The key, in hex.
        key: String,
    },
    /// A draft breaks a rule of its form.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A draft breaks a rule of this store.
    #[error("not signed: {0}")]
    Refused(RefuseReason),
    /// Epochs are closed in order.
    #[error("epoch {asked} can't be closed any more: this store has closed {closed}")]
    EpochOrder {
        /// The epoch that was to be closed.
        asked: i64,
        /// The last that was.
        closed: i64,
    },
    /// A curator removed the blob; it is never stored again.
    #[error("blob {0} was removed by a curator and is not stored again")]
    Purged(Cid),
    /// A blob above the store's limit.
    #[error("the blob has {found} bytes, more than the {limit} that this store keeps")]
    BlobTooLarge {
        /// Its length.
        found: usize,
        /// The limit.
        limit: usize,
    },
}

/// What a caller may do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same call may succeed later.
    Later,
    /// It needs somebody's hand, or other input.
    Never,
}

impl StoreError {
    /// Whether the same call may succeed later.
    pub fn retry(&self) -> Retry {
        match self {
            StoreError::Locked { .. } => Retry::Later,
            _ => Retry::Never,
        }
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> StoreError {
        StoreError::Corrupt { what: what.into() }
    }
}

impl From<rocksdb::Error> for StoreError {
    fn from(error: rocksdb::Error) -> StoreError {
        match error.kind() {
            rocksdb::ErrorKind::Corruption => StoreError::corrupt(error.to_string()),
            _ => StoreError::Database(error.to_string()),
        }
    }
}
