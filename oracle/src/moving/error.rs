//! Why an oracle can't move, or may not sign.

use std::path::PathBuf;

use cid::Cid;
use liaise_ledger::Hash;
use liaise_store::StoreError;

/// Why an oracle can't move, or may not sign here. Nothing was signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MoveError {
    /// The journal is elsewhere.
    #[error(
        "this directory gave its journal away for good, to host {to}: run the oracle there. It signs nothing here any more, \
         whatever happens to the file"
    )]
    Away {
        /// The host that takes it.
        to: Hash,
    },
    /// No journal yet.
    #[error(
        "this directory waits for a journal and signs nothing before it: on the old host, \
         `liaise oracle journal export --to {host}`, then import the file here"
    )]
    Waiting {
        /// This directory's id.
        host: Hash,
    },
    /// A host that was not made ready.
    #[error(
        "this directory does not wait for a journal: make a fresh one ready with `liaise oracle journal receive`, and \
         export for the id that it prints"
    )]
    NotWaiting,
    /// A host that has signed can't take another's place.
    #[error("this directory has signed already, so it can't take another journal: receive in a fresh directory")]
    HasSigned,
    /// A vote that the journal knows nothing of.
    #[error(
        "the ledger holds vote {vote} of this key, and this journal has nothing of it: the key has signed elsewhere since. \
         Import the newest journal (`liaise oracle journal`); where it is lost, have the DAO rotate this key out of the set"
    )]
    Behind {
        /// The vote's message.
        vote: Cid,
    },
    /// The bytes are no such file.
    #[error("{path} is no oracle's journal: {detail}. Copy it anew from the old host")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// Written by a later program.
    #[error("{path} has version {found}, and this program reads {supported}: update this program")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest that is read.
        supported: u32,
    },
    /// Somebody changed it.
    #[error("{path} was altered: its signature is not by the key that it names. Copy it anew from the old host")]
    Forged {
        /// The file.
        path: PathBuf,
    },
    /// Of another network.
    #[error("{path} is of network {found}, and this directory of {expected}: take the file of this network's oracle")]
    ForeignNetwork {
        /// The file.
        path: PathBuf,
        /// Its network.
        found: Hash,
        /// This one.
        expected: Hash,
    },
    /// Of another oracle.
    #[error("{path} is of oracle {found}, and role.key here is {expected}: bring the same key to the new host")]
    ForeignKey {
        /// The file.
        path: PathBuf,
        /// Its key, in hex.
        found: String,
        /// The key here, in hex.
        expected: String,
    },
    /// For another host.
    #[error("{path} is for host {found}, and this is host {expected}: import it there, no other host may take it")]
    ForeignHost {
        /// The file.
        path: PathBuf,
        /// Whom it is for.
        found: Hash,
        /// This directory's id.
        expected: Hash,
    },
    /// A journal from before newer signatures.
    #[error(
        "{path} is older than vote {vote} of the same key in the ledger: it is not the newest journal, and nothing of it was \
         taken. Find the host that signed that vote and export there"
    )]
    Stale {
        /// The file.
        path: PathBuf,
        /// The newer vote.
        vote: Cid,
    },
    /// A row that is there and says otherwise, or can't be read.
    #[error("the journal is damaged ({0}): restore the data directory from a copy, never delete a row")]
    Rows(String),
    /// A file can't be read or written.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MoveError {
    /// Whether a file is not what it should be: altered, another's, or too old.
    pub fn is_about_file(&self) -> bool {
        matches!(
            self,
            MoveError::Damaged { .. }
                | MoveError::Forged { .. }
                | MoveError::ForeignNetwork { .. }
                | MoveError::ForeignKey { .. }
                | MoveError::ForeignHost { .. }
                | MoveError::Stale { .. }
        )
    }
}
