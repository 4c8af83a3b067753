//! What stops an agreement.

use super::certificate::CertificateError;
use super::wal::WalError;
use liaise_ledger::EpochNumber;

/// Why a witness can't go on. Messages of others never cause one: bad ones are dropped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The configured key is not among the witnesses'.
    #[error("this store's key is not among the witness keys: run it as a plain store, or configure its witness key")]
    NotAWitness,
    /// The configured set is no set of witnesses.
    #[error(transparent)]
    Keys(CertificateError),
    /// The log can't be read or written. Nothing is signed any more: a vote that is not on disk could be cast twice.
    #[error("the agreement's log failed: {0}; mend the disk and restart this store")]
    Log(#[from] WalError),
    /// A record of the log does not decode.
    #[error(
        "record {0} of the agreement's log is of another version or network, or damaged: restore the log; if it is lost, \
         take part again only in epochs in which this store has not voted"
    )]
    Record(usize),
    /// Halted by an earlier error.
    #[error("halted by an earlier error of the agreement's log: restart this store")]
    Halted,
    /// The epoch is out of range.
    #[error("epoch {0} can't be sealed: the first is -1")]
    Epoch(EpochNumber),
    /// An earlier epoch is not decided yet.
    #[error("epoch {running} is being sealed: start {asked} when it is decided")]
    Running {
        /// The epoch that is being agreed on.
        running: EpochNumber,
        /// The one that was to be started.
        asked: EpochNumber,
    },
    /// The epoch was decided so long ago that this log has dropped it.
    #[error("epoch {0} was sealed before those that the log keeps: its seal is in the store")]
    Past(EpochNumber),
    /// A seal that was handed over proves nothing.
    #[error("the seal of epoch {epoch} is refused: {why}")]
    Seal {
        /// The epoch.
        epoch: EpochNumber,
        /// Why.
        why: CertificateError,
    },
}
