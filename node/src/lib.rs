//! Composition root: configuration, wiring and supervision of every role, and the client.
//!
//! A node is a directory with a `node.toml`: [`Node::start`] opens its store, joins the mesh and runs its role until
//! [`Node::shutdown`]. [`client`] is the end-user's side.

mod auditing;
mod beacon;
mod blobs;
mod blocking;
mod catch_up;
pub mod chain;
pub mod client;
mod clock;
mod compute_role;
pub mod config;
mod disputing;
mod documents;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod history;
pub mod keys;
mod links;
mod metrics;
mod offer;
mod oracle_role;
mod payable;
mod replica;
pub mod rpc;
mod serving;
mod start;
mod store_role;
mod supply;
mod terms;
#[cfg(test)]
mod testing;
mod votes;
mod waiting;
mod wanted;

pub use auditing::{AuditingError, Refolded, audit_epoch, history_id, refold};
pub use beacon::{BeaconFetchError, fetch_round, load_round};
pub use blobs::fetch_blobs;
pub use blocking::blocking;
pub use clock::{Calendar, CalendarError};
pub use compute_role::{Uncertified, adapter_hash, certified_units, units_of};
pub use disputing::{Disputed, pending_statement};
pub use documents::{DocumentsError, Library};
pub use history::{Added, Histories, HistoryError};
pub use links::{AskError, Link, Links};
pub use metrics::{DiskSpace, disk_space};
pub use oracle_role::{
    Due, FoldedAt, LateLook, Next, OracleError, distributor_state, due, fold_up_to, folded_at, load_distributor,
    next_filing, sign_once, signatures_for, state_at,
};
pub use payable::{Payable, PayableError, accepted_statement};
pub use replica::{Pace, Published, Replica, ReplicaError};
pub use start::{Node, NodeError, open_links, open_replica, oracle_key, read_genesis};
pub use store_role::seal_check;
pub use supply::{Books, audit_supply};
pub use terms::Terms;
pub use waiting::Waiting;
