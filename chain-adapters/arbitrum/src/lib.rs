//! The chain adapter for Arbitrum and other EVM chains, over alloy.
//!
//! [`EvmReader`] reads a distributor, [`EvmSubmitter`] also writes to it; both implement the traits of
//! `liaise-chain-api`. [`deploy`] puts a distributor with its DAO on a chain.
//!
//! # How it keeps the seam's promises
//!
//! - **An id before sending.** `prepare` signs an EIP-1559 transaction; its hash is the id, and the same bytes give the
//!   same id for ever.
//! - **Nonces.** `prepare` takes the lowest nonce that neither a block nor an undecided submission of the caller has
//!   taken; what a node calls pending does not count, so no node can make a gap. There is no replacement by a higher fee: two live transactions of one purpose would be two
//!   sends. Instead the fee cap has head-room up to the caller's limit (EIP-1559 charges the block's base fee, not the
//!   cap), so that a rising base fee rarely stops a transaction; when it does, the same bytes go through once it falls.
//! - **Dead** is proved by what took the transaction's place: the *final* block in which the account's count of
//!   transactions passed its nonce, and which does not hold it. That a node has no receipt proves nothing. The search
//!   needs the account's states back to that block: few on a node that is asked every few seconds; after long
//!   absence an archive node's. A receipt counts only if the chain's block of its number has its hash and lists the
//!   transaction. A node answers receipts only as far back as its transaction index reaches (Nitro: 2.35 million blocks
//!   by default, about a week on Arbitrum): settle submissions within that time.
//! - **Another chain** behind the same address is noticed by every call, which asks for the chain's id first, and once
//!   more before it calls a transaction final or dead.
//! - **Final** is what the node's `finalized` tag covers: on Arbitrum what is posted to and finalised on L1. Chains
//!   without the tag count a depth instead ([`Finality`]).
//! - **Fees** include Arbitrum's L1 part: `eth_estimateGas` of Nitro contains it, and the gas limit holds it once more, by
//!   the prices that `ArbGasInfo` tells, because the L1 price may rise before inclusion. This was run against a stand-in
//!   of that precompile on anvil, not on Nitro.
//! - **Secrets.** Of an endpoint only scheme, host and port are ever shown.

mod action;
mod bindings;
mod config;
pub mod deploy;
mod endpoint;
mod fees;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod history;
#[cfg(feature = "local")]
pub mod local;
mod nonce;
mod reader;
mod refusal;
mod state;
mod submitter;
mod transaction;

pub use alloy::primitives::Address;
pub use alloy::signers::local::PrivateKeySigner;
pub use config::{EvmConfig, Finality, GasModel};
pub use reader::EvmReader;
pub use submitter::EvmSubmitter;
