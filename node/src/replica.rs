//! A node's own copy of the ledger: kept in step with the stores, and the way in for what the node publishes.

use crate::blocking::blocking;
use crate::clock::Calendar;
use crate::links::{AskError, Link, Links, PATIENCE};
use crate::metrics::LedgerMetrics;
use crate::rpc::{MAX_MESSAGES, Outcome, Request, Response};
use crate::votes::Votes;
use crate::wanted::Wanted;
use cid::Cid;
use futures::StreamExt;
use liaise_ledger::body::Body;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::{Draft, Hash, Signed, Signer, Verified};
use liaise_oracle::fold::lower_median;
use liaise_store::{Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// How long a follower lets a store hold its request.
const HOLD_MS: u32 = 10_000;
/// How long a follower that is in no hurry waits for more before it asks again: every request costs both sides, and messages
/// come in flocks (each brings its receipts). Whoever races can't wait.
const GATHER: Duration = Duration::from_millis(100);
/// How long a follower waits after a failure: doubled from the one to the other.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Where the places that this node has read up to are kept.
const CURSORS: &str = "follow";

/// A store, the links to others, and the network's rules: what every role is built on.
#[derive(Clone)]
pub struct Replica {
    /// The node's own store.
    pub store: Store,
    /// The stores of the network.
    pub links: Arc<Links>,
    /// The network's rules.
    pub genesis: Arc<Genesis>,
    /// The network's id.
    pub network: Hash,
    /// Time.
    pub calendar: Calendar,
    /// What this node counts of its ledger.
    pub(crate) metrics: Arc<LedgerMetrics>,
    head: Arc<watch::Sender<u64>>,
    pub(crate) votes: Arc<Mutex<Votes>>,
}

/// How soon a follower wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As soon as the store knows: who races, or waits for an answer.
    AtOnce,
    /// In a moment.
    AtLeisure,
}

impl Pace {
    async fn rest(self) {
        if self == Pace::AtLeisure {
            tokio::time::sleep(GATHER).await;
        }
    }
}

/// Why something could not be published or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplicaError {
    /// The node's own store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A message breaks a rule.
    #[error(transparent)]
    Message(#[from] liaise_ledger::MessageError),
    /// Too few stores gave a receipt.
    #[error("only {got} of {need} stores gave a receipt; {last}. The message is kept and can be published again")]
    NoQuorum {
        /// Receipts that came.
        got: usize,
        /// Receipts that were needed.
        need: usize,
        /// What the last failing store said.
        last: String,
    },
    /// Stores don't answer.
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// Proof that a message is durable at a quorum of the witness stores.
#[derive(Clone, Debug)]
pub struct Published {
    /// The message.
    pub id: Cid,
    /// Witness key and wall time of the receipts, in milliseconds since 1970.
    pub receipts: BTreeMap<[u8; 32], u64>,
}

impl Published {
    /// When the witnesses that answered observed it: the lower median of their wall times. The ledger's may differ by what
    /// the others say.
    pub fn observed_ms(&self) -> Option<u64> {
        lower_median(self.receipts.values().copied().collect())
    }
}

impl Replica {
    /// A replica over an open store.
    pub fn new(
        store: Store,
        links: Arc<Links>,
        genesis: Arc<Genesis>,
        calendar: Calendar,
    ) -> Result<Replica, StoreError> {
        let network = genesis.network_id();
        let (head, _) = watch::channel(store.head()?);
        let metrics = Arc::new(LedgerMetrics::new(store.witness_key().is_some()));
        Ok(Replica { store, links, genesis, network, calendar, metrics, head: Arc::new(head), votes: Arc::default() })
    }

    /// Tells of new messages: the value is the store's newest place.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    /// Keeps messages; what is refused is said and left out.
    ///
    /// # Errors
    /// The store failed; what was accepted before stays accepted.
    pub async fn ingest(&self, messages: Vec<Signed>) -> Result<liaise_store::IngestReport, StoreError> {
        let store = self.store.clone();
        let report = blocking(move || store.ingest(messages)).await?;
        self.metrics.ingested(&report);
        self.announce()?;
        Ok(report)
    }

    /// Tells watchers that the store has grown.
    pub fn announce(&self) -> Result<(), StoreError> {
        let head = self.store.head()?;
        // Several calls announce at once, and the one that asked first may come last.
        self.head.send_if_modified(|known| {
            let has_grown = head > *known;
            *known = head.max(*known);
            has_grown
        });
        Ok(())
    }

    /// Follows the favourite store for ever, and the next one when it fails. Cancel by dropping. Whoever is at leisure has
    /// fewer, longer answers, each a moment late.
    pub async fn follow(&self, pace: Pace) {
        self.follow_for_ever(|| self.links.favourite(), || self.links.move_on(), pace).await;
    }

    /// Follows one store for ever: what stores do with each of their peers.
    pub async fn follow_one(&self, link: Link) {
        // Submitters send to every store: what comes from peers is seldom new.
        self.follow_for_ever(|| Ok(link), || {}, Pace::AtLeisure).await;
    }

    async fn follow_for_ever(&self, link: impl Fn() -> Result<Link, AskError>, on_failure: impl Fn(), pace: Pace) {
        let mut pause = SHORTEST_PAUSE;
        let mut wanted = Wanted::default();
        loop {
            let followed = async {
                let link = link()?;
                self.follow_link(link).await?;
                self.fetch_wanted_if_due(&link, &mut wanted).await
            };
            match followed.await {
                Ok(()) => {
                    pause = SHORTEST_PAUSE;
                    pace.rest().await;
                }
                Err(error) => {
                    tracing::debug!(%error, "a followed store does not answer");
                    on_failure();
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    pub(crate) async fn follow_link(&self, link: Link) -> Result<(), ReplicaError> {
        let after = self.cursor(&link.key)?;
        let request = Request::Follow { after, limit: MAX_MESSAGES as u32, wait_ms: HOLD_MS };
        let patience = Duration::from_millis(u64::from(HOLD_MS)) + PATIENCE;
        let Response::Messages { items, head } = self.links.ask(&link, &request, patience).await? else {
            return Err(AskError::Unfitting.into());
        };
        let Some((newest, _)) = items.last() else {
            // A store that was restored from a snapshot may be behind where this node has read.
            if head < after {
                self.set_cursor(&link.key, 0).await?;
            }
            return Ok(());
        };
        let newest = *newest;
        let messages = items.into_iter().map(|(_, signed)| signed).collect();
        let report = self.ingest(messages).await?;
        for refused in report.refused() {
            tracing::debug!(%refused, "a followed message was refused");
        }
        self.set_cursor(&link.key, newest).await
    }

    pub(crate) fn cursor(&self, key: &[u8; 32]) -> Result<u64, StoreError> {
        let row = self.store.journal().get(CURSORS, key)?;
        Ok(row.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes))
    }

    async fn set_cursor(&self, key: &[u8; 32], place: u64) -> Result<(), ReplicaError> {
        let (store, key) = (self.store.clone(), *key);
        // Losing this row costs reading again, nothing else: it need not be synced.
        Ok(blocking(move || store.journal().put_lazily(CURSORS, &key, &place.to_be_bytes())).await?)
    }

    /// Signs a draft with a key whose place this node's store keeps, and publishes it.
    ///
    /// # Errors
    /// The draft breaks a rule, the store failed, or too few stores answered.
    pub async fn say(&self, signer: Arc<Signer>, draft: Draft) -> Result<Verified, ReplicaError> {
        let verified = self.sign(signer, draft).await?;
        self.publish(std::slice::from_ref(&verified)).await?;
        Ok(verified)
    }

    /// Signs a draft; the key's place and the message are durable before this returns, but nobody else has it yet.
    ///
    /// # Errors
    /// The draft breaks a rule, or the store failed.
    pub async fn sign(&self, signer: Arc<Signer>, draft: Draft) -> Result<Verified, ReplicaError> {
        let store = self.store.clone();
        let verified = blocking(move || store.sign_with(&signer, draft)).await?;
        self.announce()?;
        Ok(verified)
    }

    /// Sends messages to every store and returns once each has receipts of a quorum of the witnesses.
    ///
    /// # Errors
    /// [`ReplicaError::NoQuorum`]; sending again is harmless.
    pub async fn publish(&self, messages: &[Verified]) -> Result<Vec<Published>, ReplicaError> {
        let need = self.genesis.quorum();
        let request = Request::Submit(messages.iter().map(|m| m.signed.clone()).collect());
        let wanted: BTreeSet<Cid> = messages.iter().map(|m| m.id).collect();
        let mut receipts: BTreeMap<Cid, BTreeMap<[u8; 32], u64>> =
            wanted.iter().map(|id| (*id, BTreeMap::new())).collect();
        let mut stored: BTreeMap<Cid, usize> = BTreeMap::new();
        let mut last = String::from("no store is reachable");
        let mut answers = Box::pin(self.links.ask_all(&request, PATIENCE));
        while let Some((link, answer)) = answers.next().await {
            match answer {
                Ok(Response::Submitted { outcomes, receipts: batches }) => {
                    for (message, outcome) in messages.iter().zip(&outcomes) {
                        match outcome {
                            Outcome::Refused(why) => last = why.clone(),
                            _ => *stored.entry(message.id).or_default() += 1,
                        }
                    }
                    self.count(&link.key, batches, &mut receipts);
                }
                Ok(_) => last = AskError::Unfitting.to_string(),
                Err(error) => last = error.to_string(),
            }
            let enough = |m: &Verified| {
                if m.message.body.is_receipted() {
                    receipts[&m.id].len() >= need
                } else {
                    stored.get(&m.id).is_some_and(|n| *n >= need)
                }
            };
            if messages.iter().all(enough) {
                // The others get the message from their peers; a slow store must not slow everybody.
                return Ok(receipts.into_iter().map(|(id, receipts)| Published { id, receipts }).collect());
            }
        }
        let got = messages.iter().map(|m| receipts[&m.id].len().max(stored.get(&m.id).copied().unwrap_or(0))).min();
        Err(ReplicaError::NoQuorum { got: got.unwrap_or(0), need, last })
    }

    /// Adds up the receipts in a store's batches that are really its own.
    fn count(&self, key: &[u8; 32], batches: Vec<Signed>, receipts: &mut BTreeMap<Cid, BTreeMap<[u8; 32], u64>>) {
        if !self.genesis.is_witness(key) {
            return;
        }
        for batch in batches {
            let Ok(batch) = Verified::check(batch, self.network) else { continue };
            let Body::Receipts(body) = &batch.message.body else { continue };
            if batch.message.key.as_slice() != key {
                continue;
            }
            for receipt in &body.receipts {
                if let Some(of) = receipts.get_mut(&receipt.id) {
                    of.entry(*key).or_insert(receipt.wall_ms);
                }
            }
        }
    }

    /// Fetches beacon rounds that a fold names; see [`crate::beacon::fetch_rounds`].
    ///
    /// # Errors
    /// None of them can be had.
    pub async fn fetch_rounds(&self, rounds: &[u64]) -> Result<(), crate::beacon::BeaconFetchError> {
        let now_ms = self.calendar.wall_ms();
        crate::beacon::fetch_rounds(&self.links, &self.store, &self.genesis, now_ms, rounds).await
    }
}
