//! What became of each message of an ingest.

use cid::Cid;
use liaise_ledger::LinkError;
use liaise_ledger::session::SessionError;
use liaise_ledger::{MessageError, Verified};

/// What an ingest did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IngestReport {
    /// One for each message, in their order.
    pub outcomes: Vec<Outcome>,
    /// The witness' own batches that cover what was accepted and is receipted; durable, as the messages are.
    pub receipts: Vec<Verified>,
    /// Places that a key has signed twice, as this ingest found out.
    pub equivocations: Vec<Twice>,
}

/// A place of a key's sequence at which one author signed several messages. None of them counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twice {
    /// The key.
    pub key: Vec<u8>,
    /// The place.
    pub seq: u64,
    /// The messages, in the order of their arrival.
    pub ids: Vec<Cid>,
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its id; `None` where it is too large to be looked at.
    pub id: Option<Cid>,
    /// What became of it.
    pub status: Status,
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Durable now.
    Accepted {
        /// Its place in the order of arrival at this store.
        seq: u64,
    },
    /// Durable since earlier.
    Duplicate {
        /// Its place in the order of arrival at this store.
        seq: u64,
    },
    /// Not stored.
    Refused(RefuseReason),
}

impl IngestReport {
    /// The refused messages with their reasons.
    pub fn refused(&self) -> impl Iterator<Item = &RefuseReason> {
        self.outcomes.iter().filter_map(|outcome| match &outcome.status {
            Status::Refused(reason) => Some(reason),
            _ => None,
        })
    }
}

/// Why a message is not stored. Others of the same sender go on.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefuseReason {
    /// Form, limits, network or signature.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A session text or its wallet's signature.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A link's texts or their wallets' signatures.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// A link's texts come at the wrong time by this store's clock.
    #[error(
        "link: its texts count from {issued_s} s to {expires_s} s (Unix time), and this store's clock is not between; check the clock of the machine, or sign again"
    )]
    LinkTime {
        /// When the wallets signed, by the texts.
        issued_s: u64,
        /// When they expire.
        expires_s: u64,
    },
    /// Nobody has delegated to the key.
    #[error("key: no session of {author} with key {key} is known here; send the session message first")]
    UnknownSession {
        /// The author.
        author: String,
        /// The key, in hex.
        key: String,
    },
    /// The delegation is not the key's first message.
    #[error("seq: a delegation is the first message of its key, with sequence 0; make a new key for a new session")]
    NotFirst,
    /// The session does not cover this kind of message.
    #[error("body: the session's scopes don't allow a {kind}; sign in again with the scope that it needs")]
    Scope {
        /// The kind.
        kind: &'static str,
    },
    /// The session begins later than this store's clock.
    #[error("session: issued at {issued_ms} ms, which is after this store's clock; check the clock of the machine")]
    SessionNotYet {
        /// When the wallet signed, by the text.
        issued_ms: u64,
    },
    /// The session is over.
    #[error("session: it expired at {expires_ms} ms; sign in again")]
    SessionExpired {
        /// When it ended.
        expires_ms: u64,
    },
    /// The wallet took it back.
    #[error("session: the wallet has revoked it; sign in again with a new key")]
    SessionRevoked,
    /// A store, an oracle or a member of the DAO that the genesis does not name.
    #[error("author: {author} is not one of this network's")]
    NotAMember {
        /// The author.
        author: String,
    },
    /// A seal without a valid certificate.
    #[error("certificate: {0}")]
    Seal(String),
}
