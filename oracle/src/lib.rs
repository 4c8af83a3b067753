//! The fold, the seal, the quorum, the submission journal and the audit. Names no chain.

pub mod seal;
