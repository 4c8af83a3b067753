//! The cases, by what they are about. Each starts a chain of its own.

pub mod batches;
pub mod connection;
pub mod lifecycle;
pub mod proofs;
pub mod reorgs;
pub mod rivals;
pub mod statements;
pub mod steps;
pub mod terms;
pub mod vetoes;
