//! Why an epoch can't be folded.

use cid::Cid;
use liaise_ledger::{EpochNumber, Hash};
use liaise_summary::TreeError;

/// Why an epoch can't be folded, filed or read back. None of them is about what an author did: bad input of authors
/// becomes a reason in a statement, and the fold goes on.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FoldError {
    /// Epochs are folded in order.
    #[error("epoch {found} does not follow epoch {last}: fold the epochs in order")]
    OutOfOrder {
        /// The newest epoch of the state.
        last: EpochNumber,
        /// The epoch that was given.
        found: EpochNumber,
    },
    /// A message that has a counted receipt, or a batch of the sealed chain, is not at hand.
    #[error("message {0} is missing: let the store follow its peers until it has it, then fold again")]
    MissingMessage(Cid),
    /// Beacon rounds that decide draws are not at hand: all that the epoch's messages name, ascending, so that one fetch
    /// is enough. One of them at least is needed; others may be named by messages that do not count.
    #[error("beacon rounds {0:?} are missing: fetch them from a peer, then fold again")]
    MissingRounds(Vec<u64>),
    /// A beacon round that is not the beacon's.
    #[error("beacon round {0} has a wrong signature: fetch it from another peer")]
    WrongRound(u64),
    /// The seal's vector does not fit the witness set, or has too few batches.
    #[error("the seal of epoch {epoch} can't be used: {why}")]
    Seal {
        /// The epoch.
        epoch: EpochNumber,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A close batch does not descend from the store's last sealed batch, or is not that store's.
    #[error("batch {batch} of store {store} is not the chain that was sealed: {why}")]
    Chain {
        /// The store's key.
        store: Hash,
        /// The batch.
        batch: Box<Cid>,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A ticket's snapshot is not in the state.
    #[error("the eligibility snapshot of epoch {0} is not in the state: start from the artefacts of the epoch before")]
    MissingSnapshot(EpochNumber),
    /// A sum left 128 bits, or an amount 63.
    #[error("{what} overflow: no network within its limits gets here; report it with the epoch's artefact")]
    Overflow {
        /// Which sum.
        what: &'static str,
    },
    /// Money was made or lost.
    #[error("epoch {epoch} is not conserved: {before} in, {after} out; nothing was signed, report it")]
    Conservation {
        /// The epoch.
        epoch: EpochNumber,
        /// owed(e-1) + E(e).
        before: u128,
        /// growth + owed(e) + unemitted(e).
        after: u128,
    },
    /// The reward tree refuses its leaves.
    #[error("reward tree: {0}")]
    Tree(TreeError),
    /// A block of an artefact is missing.
    #[error("block {0} of the artefact is missing: fetch the whole artefact")]
    MissingBlock(Cid),
    /// A block of an artefact is not what its place says.
    #[error("block {cid} is no {expected}: {why}")]
    Block {
        /// The block.
        cid: Box<Cid>,
        /// What should be there.
        expected: &'static str,
        /// Why it is not.
        why: String,
    },
    /// A distributor or an epoch that a filing can't be made for.
    #[error("can't file epoch {epoch} there: {why}")]
    Filing {
        /// The epoch.
        epoch: EpochNumber,
        /// What is wrong.
        why: &'static str,
    },
    /// The store failed.
    #[error("store: {0}")]
    Store(String),
}

impl From<TreeError> for FoldError {
    fn from(error: TreeError) -> Self {
        FoldError::Tree(error)
    }
}
