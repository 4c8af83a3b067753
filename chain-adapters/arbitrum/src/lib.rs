//! The chain adapter for Arbitrum and other EVM chains, over alloy.
//!
//! [`EvmReader`] reads a distributor, [`EvmSubmitter`] also writes to it; both implement the traits of
//! `liaise-chain-api`. [`deploy`] puts a distributor with its DAO on a chain.
//!
//! # How it keeps the seam's promises
//!
//! - **An id before sending.** `prepare` signs an EIP-1559 transaction; its hash is the id, and the same bytes give the
//!   same id for ever.
//! - **Nonces.** `prepare` takes the lowest nonce that neither the node's pending count nor an undecided submission of the
//!   caller has taken. There is no replacement by a higher fee: two live transactions of one purpose would be two
//!   sends. Instead the fee cap has head-room up to the caller's limit (EIP-1559 charges the block's base fee, not the
//!   cap), so that a rising base fee rarely stops a transaction; when it does, the same bytes go through once it falls.
//! - **Dead** means that the account's nonce at the newest *final* block is above the transaction's and that no block has
//!   its receipt, asked for in this order. A node answers receipts only as far back as its transaction index reaches
//!   (Nitro: 2.35 million blocks by default, about a week on Arbitrum): settle submissions within that time.
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
mod history;
#[cfg(feature = "local")]
pub mod local;
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
