//! The chain adapter for Bitcoin Cash.
//!
//! [`BchReader`] reads a distributor, [`BchSubmitter`] also writes to it; both implement the traits of `liaise-chain-api`.
//! [`deploy`] puts a distributor on a chain. The covenants are contracts/bch's, from its committed artifacts; crate
//! `bitcoincash` encodes, hashes and signs; the node is any that speaks BCHN's JSON-RPC and keeps `txindex=1`.
//!
//! # How it keeps the seam's promises
//!
//! - **State** is read from outputs: the controller's thread backwards, an epoch's payments forwards
//!   (docs/decisions/0706). A node can be behind; it can't invent a history, for ids are computed from bytes and every step
//!   must lead to the state that its output holds.
//! - **Rights** are signatures inside a transaction. [`BchKeys`] are all keys that a process may use: of coins, of the
//!   guardian, of members of the DAO's set (docs/decisions/0705).
//! - **An id before sending.** Signatures are deterministic, and what is not signed is forced: the same coins give the same
//!   bytes. A crank without a fee input is the same transaction whoever makes it.
//! - **Inputs.** `prepare` spends no coin that an undecided submission of the caller spends, and takes no step of a thread
//!   that one of them takes. Only final coins pay.
//! - **Dead** is proved by what took its place in the final blocks: of its step in the controller's thread, of its batch, or
//!   of its coin. There is no replacement on this chain.
//! - **What it costs** is fee and the satoshis that the covenants keep, together, known when it is signed.
//! - **Time** is the chain's: one second less than the median time past, so that "now >= then" is what lock times and relative
//!   locks ask.
//! - **Another chain** behind the same address is noticed by every call, which asks for the chain's name first.
//! - **Secrets.** Of an endpoint only scheme, host and port are ever shown; user and password travel in a header.
//!
//! No node software has judged these transactions yet: libauth's virtual machine behind contracts/bch/devnet has.

mod account;
mod acts;
mod coins;
mod config;
mod covenant;
mod crank;
mod decimal;
pub mod deploy;
mod draft;
mod endpoint;
mod epochs;
#[cfg(test)]
mod examples;
mod filing;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod link;
#[cfg(feature = "local")]
pub mod local;
pub mod metadata;
mod moves;
mod plan;
mod prepared;
mod quote;
mod reader;
mod rpc;
mod said;
#[cfg(any(test, feature = "fuzz"))]
mod sample;
mod script;
mod signatures;
mod state;
mod submitter;
mod terms;
mod thread;
mod wire;

pub use account::{BchKeys, account_of_key};
pub use config::{BchConfig, Founders};
pub use metadata::{Publication, token_address};
pub use reader::BchReader;
pub use submitter::BchSubmitter;
pub use terms::{PayoutTerms, Terms, UNIT_S};
