//! The submission journal: written down, then sent; never sent twice.
//!
//! One row a [purpose](liaise_chain_api::Purpose) (an epoch's statement to be filed, a leaf to be claimed, …). The row and
//! the signed bytes are on disk before the first broadcast, so a crash at any point leaves either nothing that could
//! have been sent, or everything that is needed to go on. A second transaction for the same purpose is signed only once
//! the first is dead, or final and without effect.
//!
//! [`machine`] decides, and is pure; [`Journal`] carries out what it says over a
//! [`Submitter`](liaise_chain_api::Submitter) and a [`JournalStore`]. Nothing here waits: each call does what can be done now and tells how it
//! stands; whoever calls comes back later.
//!
//! Two operators may submit the same at once. The one that comes second finds it achieved, before signing or after its
//! own transaction came to nothing: that is an end like another, no error.

mod driver;
mod error;
mod lookup;
pub mod machine;
mod rocks;
mod row;
#[cfg(test)]
mod simulation;
mod store;
#[cfg(test)]
mod tests;

pub use driver::{Journal, Progress};
pub use error::JournalError;
pub use machine::{Effect, End, Event, Past, Stage, State, step};
pub use rocks::NAMESPACE;
pub use row::Row;
pub use store::{JournalStore, StoreFailure};
