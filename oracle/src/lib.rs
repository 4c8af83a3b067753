//! The fold, the seal, the quorum, the submission journal and the audit. Names no chain.

pub mod artefact;
pub mod audit;
pub mod fold;
pub mod journal;
pub mod moving;
pub mod quorum;
#[cfg(test)]
mod rng;
pub mod seal;
