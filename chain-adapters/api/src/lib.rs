//! The chain seam: two narrow traits, their types, and the conformance suite that every chain adapter passes.
//!
//! A [`DistributorReader`] reads one distributor on one chain and holds no key. A [`Submitter`] also writes, in steps
//! that survive a crash between any two: [`prepare`](Submitter::prepare) signs and fixes the id without sending,
//! [`broadcast`](Submitter::broadcast) sends and may be repeated, [`status`](Submitter::status) says how it stands. Whoever drives them writes a
//! [`Prepared`] to disk before the first broadcast, and prepares the same thing again only once the first is
//! [`Dead`](Status::Dead), or final and reverted.
//!
//! Nothing here names a chain: what a chain calls an error, a fee or finality is its adapter's business.

pub mod action;
pub mod batches;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod distributor;
pub mod endpoint;
pub mod error;
pub mod reader;
pub mod rights;
pub mod submission;
pub mod submitter;

pub use action::{Action, Purpose, StatementSignature};
pub use batches::{PaidOut, PaysInBatches, Unpaid};
pub use distributor::{
    Accepted, At, Authority, BlockRef, Claimed, Delays, Distributor, HeldRoot, HeldRoots, Pending, PendingKind, Range,
    SetRef,
};
pub use error::{ChainError, Refusal, Retry};
pub use liaise_ledger::session::rfc3339;
pub use liaise_ledger::{Account, ChainId};
pub use reader::{DistributorReader, ReadsAs};
pub use rights::{SignedRights, ToSign};
pub use submission::{Cost, DeadReason, FeeLimit, Funds, Outcome, Prepared, Quote, Status, SubmissionId};
pub use submitter::Submitter;
