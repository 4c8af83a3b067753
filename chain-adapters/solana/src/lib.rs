//! The chain adapter for Solana, over its RPC client and the program's own types.
//!
//! [`SolanaReader`] reads a distributor, [`SolanaSubmitter`] also writes to it; both implement the traits of
//! `liaise-chain-api`. [`deploy`] creates a distributor and its lookup table.
//!
//! # How it keeps the seam's promises
//!
//! - **An id before sending.** `prepare` signs a version-0 transaction; its signature is the id. What is kept beside the
//!   wire format is the final slot that its blockhash was read at.
//! - **Nothing has an order.** Transactions of one account do not wait for each other, so nothing undecided holds anything.
//! - **No node tells what waits.** A transaction that was sent and is in no slot is `Unseen`, and the same bytes are sent
//!   again until it is in one or its blockhash has ended: about 60 seconds, 13 of which the final blockhash has behind
//!   it. What only the newest slot holds, which nobody has voted for, is `Pending`.
//! - **Dead** is proved by the final chain: it has come past the slot in which the blockhash was final and no longer takes
//!   it, and a node that has come as far, and still has the block of that slot, has neither a status nor a record of the
//!   transaction (docs/decisions/0653). A node whose records begin later proves nothing, and its error says so.
//! - **Another chain** behind the same address is noticed by every call, which asks for the genesis block's hash first, and
//!   once more before it calls a transaction dead.
//! - **Newest** is what nodes call `confirmed`, **final** what they call `finalized`.
//! - **Fees** are the signature's, the price that others pay of late for calls that write to the same account, less where
//!   limit or balance allow less but not less than hardly any slot took, and the rent of accounts that a claim opens for its
//!   payee. Should a payee close its token account between trial and inclusion, its rent comes on top.
//! - **Secrets.** Of an endpoint only scheme, host and port are ever shown.

mod addresses;
mod code;
mod config;
pub mod deploy;
mod endpoint;
mod events;
mod fate;
mod fees;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod history;
mod instruction;
#[cfg(feature = "local")]
pub mod local;
mod plan;
mod reader;
mod refusal;
#[cfg(test)]
mod sizes;
mod state;
mod submitter;
mod transaction;
mod trial;

pub use anchor_lang::prelude::Pubkey;
pub use config::SolanaConfig;
/// The program's address that its sources declare: local networks'. A live network's is in its deployment file.
pub use liaise_emission::ID as PROGRAM;
pub use plan::{Opened, OpenedKind};
pub use reader::SolanaReader;
pub use solana_sdk::signature::Keypair;
pub use solana_sdk::signer::Signer;
pub use submitter::{Council, Quote, SolanaSubmitter};
