//! The message store of LIAISE: messages, receipts, seals, blobs and a journal in RocksDB; CAR files in and out.
//!
//! It is: a durable copy of the ledger that verifies before it stores, writes each call's messages in one synced batch, and,
//! with a witness key, signs receipts that are durable together with what they are for. It is not: a judge of what a message
//! is worth (the fold's question), a way to reach others (the mesh's), or a cache that may lose things.
//!
//! One process at a time writes to a directory; others may open it for reading. Every call blocks on the disk. No address of
//! whoever sent a message is ever stored.
//!
//! [`Store::open`] → [`Store::ingest`] → [`Store::follow`] is the way of a message; `layout` says what lies where.

mod admission;
mod blobs;
mod car;
mod chain;
mod clock;
mod commit;
mod db;
mod equivocation;
mod error;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod ingest;
mod issue;
mod journal;
mod layout;
mod lockfile;
mod options;
mod purge;
mod read;
mod receipts;
mod refusal;
mod sessions;
mod sign;
mod signatures;
mod snapshot;
mod staged;
mod store;

pub use car::{BadBlock, CAR_FORMAT, CarError, ExportReport, Filter, ImportReport, Progress};
pub use clock::{Clock, SystemClock};
pub use error::{Retry, StoreError};
pub use journal::{Journal, JournalRow};
pub use layout::VERSION;
pub use options::{Limits, Memory, Options, SealCheck, Witness};
pub use receipts::{ChainHead, ColumnEntry, StoredReceipt};
pub use refusal::{IngestReport, Outcome, RefuseReason, Status, Twice};
pub use store::Store;

/// The examples of the first steps compile.
#[cfg(doctest)]
#[doc = include_str!("../../docs/first-steps/store.md")]
mod first_steps {}
