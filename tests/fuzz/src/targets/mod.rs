//! The targets by family.

mod artefacts;
mod bch;
mod car;
mod chain;
mod compute;
mod files;
mod ledger;
mod mesh;
mod seal;
mod solana;
mod summary;

use crate::Target;

pub use car::close;

pub const ALL: &[Target] = &[
    ledger::MESSAGE,
    mesh::RPC,
    mesh::FRAMES,
    seal::SEAL,
    car::CAR,
    ledger::SESSION,
    ledger::EQUIVOCATION,
    ledger::NAMES,
    ledger::SIGNATURES,
    artefacts::ARTEFACTS,
    chain::CHAIN,
    solana::SOLANA,
    bch::BCH,
    compute::TASKS,
    compute::BUNDLE,
    files::FILES,
    ledger::GENESIS,
    artefacts::ROWS,
    summary::STATEMENTS,
    summary::TREES,
];
