//! Artefacts: what an epoch's history and a distributor's filings are made of, as blocks anybody can fetch and check.
//!
//! DAG-CBOR blocks, rows in chunks of [`ROWS`]. They hold digests of contents, never signatures, so that they are the same
//! whoever writes them.

mod blocks;
mod car;
mod cbor;
mod history;
mod tree;

pub use blocks::{BLOCK_BYTES, Blocks, ROWS, Shelf, put_rows};
pub(crate) use blocks::{Touch, put_touched};
pub use car::{CarFault, read_car, write_car};
pub(crate) use cbor::Cbor;
pub use history::{
    HistoryBlock, HistoryParts, SealedRows, SnapshotRows, StateRow, read_history, read_state, write_history,
};
pub use tree::{TreeBlock, read_distributor, write_tree};
