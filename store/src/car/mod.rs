//! CAR v1 files: the ledger, or a part of it, as blocks that any IPLD tool reads.
//!
//! A file holds, in this order:
//!
//! ```text
//! header       {version: 1, roots: [root]}                                       CARv1's own
//! root         {v: 1, network: bytes 32, messages: [&signatures], blobs: [&list]}
//! signatures   {signatures: [[&message, bytes 64], …]}     at most 1024, then the messages that it names, as they were signed
//! …
//! list         {blobs: [&blob, …]}                         at most 1024, then the blobs that are still there, as raw bytes
//! …
//! ```
//!
//! Every block is DAG-CBOR but the blobs; every CID is CIDv1 of SHA-256; `&x` is a link to x. Signatures stand beside messages,
//! not in them, so they have blocks of their own. Messages come in the order in which the exporting store got them, so a
//! session comes before what it allows; an import takes any order. Reading needs memory for one chunk, however long the
//! file is.
//!
//! A part (a task, a range of epochs) carries what makes it readable alone: its sessions, tickets and receipts.
//!
//! An import verifies every block and every message as if a stranger had sent it. What is bad is reported and left out.

mod export;
mod frame;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod import;
mod select;

use crate::error::StoreError;
use cid::Cid;
use liaise_ledger::{EpochNumber, Hash};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::ops::RangeInclusive;

/// The version of the root block that this program writes and reads.
pub const CAR_FORMAT: u32 = 1;
/// Messages of a signatures block, blobs of a list.
const CHUNK: usize = 1024;

/// What an export holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Everything.
    All,
    /// A task: its root, what belongs to it, its ticket, and their sessions and receipts.
    Task(Cid),
    /// What the witnesses received for these epochs, with sessions, receipts and seals.
    Epochs(RangeInclusive<EpochNumber>),
}

/// How far an export or an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Blocks that are done.
    pub blocks: u64,
    /// Bytes that are done.
    pub bytes: u64,
}

/// What an export wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportReport {
    /// The root block.
    pub root: Cid,
    /// Messages in the file.
    pub messages: u64,
    /// Blobs in the file.
    pub blobs: u64,
    /// Its length.
    pub bytes: u64,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Messages that are new here.
    pub accepted: u64,
    /// Messages that were here already.
    pub duplicates: u64,
    /// Blobs that were stored, or were here already.
    pub blobs: u64,
    /// The first thousand blocks that were left out.
    pub bad: Vec<BadBlock>,
    /// How many blocks were left out.
    pub bad_count: u64,
    /// The file ended where it should.
    pub complete: bool,
}

/// A block that an import left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadBlock {
    /// Where it begins in the file; the file's length for what is missing from it.
    pub offset: u64,
    /// The CID that it is under, where one can be read.
    pub id: Option<Cid>,
    /// What is wrong with it.
    pub why: String,
}

/// Why a file can't be written or read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CarError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file failed.
    #[error("the file can't be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// Not such a file.
    #[error("not a CAR file of LIAISE: {0}")]
    NotACar(String),
    /// Written by a later program.
    #[error("the file has format {0}, and this program reads format {CAR_FORMAT}: update the program")]
    NewerFormat(u32),
    /// Of another network.
    #[error("the file is of network {found}, not {expected}: import it into a store of that network")]
    ForeignNetwork {
        /// The file's.
        found: Hash,
        /// The store's.
        expected: Hash,
    },
    /// Nothing to export.
    #[error("task {0} is not in this store")]
    NoTask(Cid),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    version: u64,
    roots: Vec<Cid>,
}

#[derive(Serialize, Deserialize)]
struct Root {
    v: u32,
    network: Hash,
    messages: Vec<Cid>,
    blobs: Vec<Cid>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signatures {
    signatures: Vec<(Cid, ByteBuf)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Blobs {
    blobs: Vec<Cid>,
}

fn encode(block: &impl Serialize) -> Vec<u8> {
    serde_ipld_dagcbor::to_vec(block).expect("links, bytes and numbers always encode")
}
