//! Signed statements and the Merkle-sum reward tree: what the chains see.
//!
//! Everything here is pure and `no_std` (with `alloc`), so that one implementation serves the oracles, the chain
//! adapters and an on-chain program: the 200-byte [statements](statement), the [sets](set) that sign them, the
//! [head] that orders them, the emission [schedule], the [reward tree](sum_tree) with its proofs, the
//! [batches](batch) of a UTXO chain and the plain [Merkle tree](merkle) of eligibility and evidence.
//!
//! What it is not: it verifies no signature (callers know their curve library and pass who signed), it reads no chain,
//! and it decides no amount. Integers in hashed layouts are big-endian and of fixed width; the hash is SHA-256.
#![no_std]
#![cfg_attr(not(feature = "sha-ni"), forbid(unsafe_code))]

extern crate alloc;
#[cfg(feature = "sha-ni")]
extern crate std;

pub mod batch;
pub mod error;
pub mod hash;
pub mod head;
pub mod ids;
pub mod merkle;
pub mod proof;
pub mod reward;
pub mod schedule;
pub mod set;
#[cfg(all(feature = "sha-ni", target_arch = "x86_64"))]
mod sha_ni;
mod short;
pub mod statement;
pub mod sum_tree;

pub use batch::{BATCH_PAYOUTS, Payout};
pub use error::{ProofError, SetError, StatementError, TreeError};
pub use hash::{Hash32, sha256, tag16};
pub use head::{VETO_BYTES, veto_bytes, veto_head};
pub use ids::{DistributorId, Epoch, NetworkId, Payee};
pub use merkle::MerkleTree;
pub use proof::{Proof, RangeProof};
pub use reward::{RewardLeaf, RewardTree, filler_payee};
pub use schedule::{Emission, Schedule};
pub use set::{CompressedKey, DaoSet, OracleSet, quorum};
pub use statement::{DaoAct, DaoStatement, EpochStatement, OpenStatement, STATEMENT_BYTES, SettleStatement, Statement};
pub use sum_tree::{MAX_DEPTH, Node, SUM_LIMIT, SumLeaf, SumTree};
