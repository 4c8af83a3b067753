//! The end-user's side: sessions, tickets, prompts, documents, feedback.

mod delegation;
mod prompt;
mod wallet;

pub use delegation::Delegation;
pub use prompt::{Answer, Asked, Confirmation, Stage, Verdicts};
pub use wallet::{Wallet, WalletKey};

use crate::documents::Library;
use crate::replica::{Replica, ReplicaError};
use cid::Cid;
use liaise_ledger::body::{Body, Capability, Feedback, RetrievalRemove, Session as SessionBody, Ticket};
use liaise_ledger::session::Scopes;
use liaise_ledger::{Account, Author, Draft, Hash, Signer, Verified};
use serde_bytes::ByteBuf;
use std::path::Path;
use std::sync::Arc;

/// Rounds between a ticket's signing and its draw: enough for its receipts to be a second older than the round.
const ROUNDS_AHEAD_MS: u64 = 2_200;

/// An account that speaks through a session key.
#[derive(Clone)]
pub struct Client {
    /// The ledger.
    pub replica: Replica,
    /// Whom it speaks for.
    pub account: Account,
    /// The session's key.
    pub signer: Arc<Signer>,
    library: Arc<Library>,
}

/// Why a client can't go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Something could not be published or read.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// The own store failed.
    #[error(transparent)]
    Store(#[from] liaise_store::StoreError),
    /// The session text is refused.
    #[error(transparent)]
    Session(#[from] liaise_ledger::session::SessionError),
    /// Nobody serves the model.
    #[error("no node serves adapter {adapter}: {seen}. Ask for another model, or run a node for it")]
    NoNode {
        /// The adapter.
        adapter: Hash,
        /// When one was last seen.
        seen: String,
    },
    /// No epoch is sealed and attested yet.
    #[error("no epoch is sealed and attested yet, so nobody can be drawn: wait for the first")]
    NotSealed,
    /// The prompt is empty.
    #[error("the prompt is empty: ask something")]
    EmptyPrompt,
    /// A beacon round is missing.
    #[error(transparent)]
    Beacon(#[from] crate::beacon::BeaconFetchError),
    /// Documents can't be had.
    #[error(transparent)]
    Documents(#[from] crate::documents::DocumentsError),
    /// The wallet failed.
    #[error("the wallet can't sign: {0}")]
    Wallet(String),
    /// Nothing came in time.
    #[error("no {0} within {1} s: the ticket is spent, ask again")]
    TooLate(&'static str, u64),
}

impl Client {
    /// A client that speaks with a session key; nothing is published yet.
    pub fn new(replica: Replica, account: Account, signer: Arc<Signer>, library: Arc<Library>) -> Client {
        Client { replica, account, signer, library }
    }

    /// The documents that answers are read from.
    pub fn library(&self) -> &Arc<Library> {
        &self.library
    }

    /// Signs and publishes a message of this account.
    ///
    /// # Errors
    /// See [`Replica::say`].
    pub async fn say(&self, parents: Vec<Cid>, task: Option<Cid>, body: Body) -> Result<Verified, ReplicaError> {
        let author = Author::Account(self.account.clone());
        let draft = Draft { author, parents, task, time_ms: self.replica.calendar.wall_ms(), body };
        self.replica.say(self.signer.clone(), draft).await
    }

    /// Lets the wallet delegate to this client's session key, once: a known session is left as it is.
    ///
    /// # Errors
    /// The wallet refuses, or stores don't answer.
    pub async fn open_session(&self, wallet: &Wallet, scopes: Scopes) -> Result<(), ClientError> {
        let key: [u8; 32] =
            self.signer.public().try_into().map_err(|_| ClientError::Wallet("no Ed25519 key".into()))?;
        if self.replica.store.place(&key)?.seq > 0 {
            return Ok(());
        }
        let delegation = Delegation::sign(&self.replica.genesis, wallet, key, scopes, self.replica.calendar.wall_ms())?;
        self.publish_session(delegation).await
    }

    /// Publishes the session that the wallet signed for this node's hot key: `session.toml` in the node's directory, as
    /// `liaise account delegate` wrote it. The wallet's key itself never comes to the node.
    ///
    /// # Errors
    /// The file is missing or malformed, or stores don't answer.
    pub async fn open_delegated_session(&self, dir: &Path) -> Result<(), ClientError> {
        if self.replica.store.place(&self.signer.public())?.seq > 0 {
            return Ok(());
        }
        self.publish_session(Delegation::load(dir)?).await
    }

    async fn publish_session(&self, delegation: Delegation) -> Result<(), ClientError> {
        let signature = hex::decode(&delegation.signature).map_err(|error| ClientError::Wallet(error.to_string()))?;
        let body = SessionBody { text: delegation.text, signature: ByteBuf::from(signature) };
        self.say(vec![], None, Body::Session(body)).await?;
        Ok(())
    }

    /// Says what a node serves.
    ///
    /// # Errors
    /// Stores don't answer.
    pub async fn declare(&self, mut adapters: Vec<Hash>, region: &str) -> Result<Verified, ClientError> {
        adapters.sort_unstable();
        adapters.dedup();
        let body = Capability { adapters, region: region.into(), slots: 1, light: false, drain_round: None };
        Ok(self.say(vec![], None, Body::Capability(body)).await?)
    }

    /// Signs a ticket ahead of its round and publishes it.
    ///
    /// # Errors
    /// Stores don't answer.
    pub async fn take_ticket(&self, adapter: Hash, snapshot: i64, max_units: u64) -> Result<Verified, ClientError> {
        let genesis = &self.replica.genesis;
        let round = genesis.round_at(self.replica.calendar.wall_ms() + ROUNDS_AHEAD_MS) + 1;
        Ok(self.say(vec![], None, Body::Ticket(Ticket { round, snapshot, adapter, max_units })).await?)
    }

    /// Rates a result.
    ///
    /// # Errors
    /// Stores don't answer.
    pub async fn feedback(&self, task: Cid, result: Cid, rating: u16, text: String) -> Result<Verified, ClientError> {
        let body = Body::Feedback(Feedback { result, rating, text });
        Ok(self.say(vec![task, result], Some(task), body).await?)
    }

    /// Removes documents from retrieval; only a curator's word counts.
    ///
    /// # Errors
    /// Stores don't answer.
    pub async fn remove_documents(&self, chunks: Vec<Cid>, reason: String) -> Result<Verified, ClientError> {
        Ok(self.say(vec![], None, Body::RetrievalRemove(RetrievalRemove { chunks, reason })).await?)
    }
}
