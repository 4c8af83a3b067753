//! What stops a journal for now.

use liaise_chain_api::{ChainError, Retry};

/// Why a pass over a purpose stopped. What is on disk stays right, and the next pass goes on from there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The chain, its node or the distributor said no.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The disk said no: nothing was sent that is not written down.
    #[error("the journal can't be written or read: free space on the disk or mend it, nothing is sent until then")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A write failed earlier.
    #[error("the journal stopped after a failed write: mend the disk, then start again")]
    Halted,
    /// A row that can't be read.
    #[error("a journal row is damaged ({detail}): restore the data directory from a copy, never delete the row")]
    Damaged {
        /// What is wrong with it.
        detail: String,
    },
    /// A row that a newer program wrote.
    #[error("a journal row has version {found} and this program knows {supported}: run the newer program")]
    Newer {
        /// The row's version.
        found: u32,
        /// The newest known version.
        supported: u32,
    },
    /// A purpose whose transaction may be on its way was to be forgotten.
    #[error("{purpose} may be on its way: it can be forgotten once it is final or dead")]
    UnderWay {
        /// Which.
        purpose: String,
    },
}

impl JournalError {
    /// When to try again. Nobody matches on text.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Chain(error) => error.retry(),
            Self::Store(_) | Self::UnderWay { .. } => Retry::Later,
            Self::Halted | Self::Damaged { .. } | Self::Newer { .. } => Retry::Never,
        }
    }
}
