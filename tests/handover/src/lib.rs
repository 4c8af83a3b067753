//! Seeded schedules of the whole hand-over: three distributors, two of account chains and one of a UTXO chain, the oracles that sign for
//! them, the DAO, guardians, and everything that goes wrong between them.
//!
//! What decides is the product's own code wherever the product has it in Rust: the table of terms and what oracles sign therefore
//! (`liaise_oracle::fold`), the one content for a head (`liaise_oracle::quorum`), statements, sets, heads, trees and proofs
//! (`liaise_summary`), and the books of an account chain's distributor, which are the very code of the Solana program
//! (`liaise_emission`) and say what the Solidity contract says. The UTXO chain's distributor follows `contracts/bch/lib/machine.mjs`.
//! Pay itself is made up: a fold needs messages, and this is about where and when what it says is paid.
//!
//! A schedule is a number of random [turns](turns), then [calm](calm), in which an honest quorum and an honest DAO must file, pay and
//! empty everything. After each turn the [invariants](check) hold. A seed repeats its schedule for ever.

pub mod calls;
pub mod calm;
pub mod chain;
pub mod check;
pub mod coverage;
pub mod dao;
pub mod dice;
pub mod distributor;
pub mod liars;
pub mod network;
pub mod oracles;
pub mod pay;
pub mod rules;
pub mod schedule;
pub mod trace;
pub mod trees;
pub mod turns;
pub mod world;

pub use rules::Rules;
pub use schedule::{Mode, Report, run};
