//! What one epoch hands to the next. All of it stands in the artefact, so an auditor starts from any epoch's.

use std::collections::BTreeMap;
use std::sync::Arc;

use cid::Cid;
use liaise_ledger::eligibility::Eligibility;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::plain_tree::PlainTree;
use liaise_ledger::{Account, EpochNumber, Hash};
use serde::{Deserialize, Serialize};

use super::done::DoneRows;
use super::shared::Shared;

/// A message that is not observed this many epochs after its first counted receipt never is. Messages observed longer
/// ago than this are known by their receipts only.
pub const WINDOW_EPOCHS: i64 = 8;
/// How many sealed snapshots a fold may need: tickets name one of the last four, and their tasks end an epoch later.
pub const SNAPSHOT_EPOCHS: i64 = 6;
/// How many tickets of a user count for used‰.
pub const TICKETS_REMEMBERED: usize = 50;

/// Everything that the fold of the next epoch starts from.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldState {
    /// The newest folded epoch; -2 before epoch -1 is sealed.
    pub epoch: EpochNumber,
    /// Its history block; null before epoch -1.
    pub history: Option<Cid>,
    /// What belongs to no account.
    pub shared: Shared,
    /// What is known of every account that was ever seen.
    pub accounts: BTreeMap<Account, AccountState>,
    /// Messages that are not done with, by id.
    pub carry: BTreeMap<Cid, Carried>,
    /// What was observed and is done with, by seal: at most [`WINDOW_EPOCHS`].
    pub observed: BTreeMap<EpochNumber, Arc<DoneRows>>,
    /// Snapshots of the last sealed epochs from 0 on: at most [`SNAPSHOT_EPOCHS`].
    pub snapshots: BTreeMap<EpochNumber, Eligibility>,
    /// Every chunk that was ever added or removed: whether retrieval may return it. What was removed stays so.
    pub chunks: BTreeMap<Hash, bool>,
}

impl FoldState {
    /// The state before epoch -1.
    pub fn of_genesis(genesis: &Genesis) -> FoldState {
        FoldState {
            epoch: -2,
            history: None,
            shared: Shared::of_genesis(genesis),
            accounts: BTreeMap::new(),
            carry: BTreeMap::new(),
            observed: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            chunks: BTreeMap::new(),
        }
    }

    /// The snapshot that a ticket names: genesis's before epoch 0.
    pub fn snapshot(&self, genesis: &Genesis, epoch: EpochNumber) -> Option<Eligibility> {
        if epoch < 0 { Some(Eligibility::of_genesis(genesis)) } else { self.snapshots.get(&epoch).cloned() }
    }

    /// The retrieval snapshot's id: root of the plain tree over the ids of the chunks that may be returned, ascending.
    pub fn retrieval_root(&self) -> Hash {
        PlainTree::new(self.chunks.iter().filter(|(_, present)| **present).map(|(id, _)| id.0)).root()
    }

    /// What is known of a message that is done with.
    pub fn done(&self, id: &Hash) -> Option<&Done> {
        self.observed.values().rev().find_map(|rows| rows.get(id))
    }
}

/// A store's word about a message, as counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StoreReceipt {
    /// The store's key.
    pub store: Hash,
    /// Place in the store's sequence.
    pub seq: u64,
    /// The store's boot: the first 16 bytes, the rest zeros.
    pub boot: Hash,
    /// Nanoseconds since that boot.
    pub mono_ns: u64,
    /// Milliseconds since 1970.
    pub wall_ms: u64,
}

/// When a message counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Milliseconds since 1970: the later of the lower median of its receipts and its parents' observations.
    pub at_ms: u64,
    /// The seal at which it became so.
    pub seal: EpochNumber,
    /// Its epoch.
    pub epoch: EpochNumber,
}

/// A message that is not done with: not observed yet, or part of a task that is still open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The seal that counted its first receipt.
    pub since: EpochNumber,
    /// The first counted receipt of each store, by key.
    pub receipts: Vec<StoreReceipt>,
    /// Null until it is observed.
    pub observation: Option<Observation>,
    /// Why it counts for nothing, or null.
    pub flaw: Option<Flaw>,
    /// A ticket that stands among its user's closed ones.
    pub closed: bool,
}

impl Carried {
    /// When it was observed, if it was and counts.
    pub fn counts_from(&self) -> Option<u64> {
        self.observation.filter(|_| self.flaw.is_none()).map(|observation| observation.at_ms)
    }
}

/// Why an observed message counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    /// Another message stands at its place of its key's sequence.
    Equivocation,
    /// Its key's session had ended, or does not cover this kind of message.
    Session,
    /// A ticket observed less than a second before its round, or naming one too far ahead.
    TicketRound,
    /// A ticket that names a snapshot outside of the last four epochs.
    TicketSnapshot,
    /// A ticket for an adapter that is not certified.
    TicketAdapter,
    /// A ticket beyond the number that may be open at once.
    TicketOpen,
    /// The prompt's ticket is unknown, not its author's, flawed, or had ended.
    PromptTicket,
    /// Another prompt used the ticket before.
    PromptSecond,
    /// Only curators add and remove documents.
    Curator,
    /// The texts of a link are not its wallets', from another time, or older than others that were taken.
    Link,
}

impl Flaw {
    /// How it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Flaw::Equivocation => "equivocation",
            Flaw::Session => "session",
            Flaw::TicketRound => "ticket-round",
            Flaw::TicketSnapshot => "ticket-snapshot",
            Flaw::TicketAdapter => "ticket-adapter",
            Flaw::TicketOpen => "ticket-open",
            Flaw::PromptTicket => "prompt-ticket",
            Flaw::PromptSecond => "prompt-second",
            Flaw::Curator => "curator",
            Flaw::Link => "link",
        }
    }
}

/// A message that was observed and is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// `H` of author, key and sequence: nothing else may stand there.
    pub place: Hash,
    /// When it was observed, milliseconds since 1970.
    pub at_ms: u64,
}

/// What is known of an account at an epoch's end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountState {
    /// h of the unlock: grows with qualified prompts, decays by 1/64 an epoch.
    pub unlock: u64,
    /// The last closed tickets, oldest first, at most [`TICKETS_REMEMBERED`]: whether each was used.
    pub tickets: Vec<bool>,
    /// Jobs that were scored, good or bad.
    pub scored_jobs: u64,
    /// Jobs of those that failed. Recorded; reliability is not in force yet.
    pub failed_jobs: u64,
    /// The newest observed capability.
    pub capability: Option<Box<CapabilityState>>,
    /// Keys that may sign for it.
    pub sessions: Vec<SessionState>,
    /// What its wallet said about other accounts of its owner; null for most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Box<LinkState>>,
}

/// See [`AccountState::links`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkState {
    /// The other accounts of its cluster, ascending; none of its own chain, at most one of any other.
    pub with: Vec<Account>,
    /// What it signed first and is not in force yet, in the order of observation.
    pub coming: Vec<ComingLink>,
    /// When its newest text that was taken was written, Unix seconds: no other that is as old counts.
    pub issued_s: u64,
}

/// A link, or its end, that was taken and is not in force yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComingLink {
    /// The epoch from which on it is in force.
    pub epoch: EpochNumber,
    /// When it was observed, milliseconds since 1970.
    pub at_ms: u64,
    /// The message.
    pub message: Cid,
    /// With whom, or who leaves.
    pub other: Account,
    /// It ends a link.
    pub ends: bool,
}

/// See [`AccountState::capability`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityState {
    /// The message.
    pub message: Cid,
    /// When it was observed, milliseconds since 1970.
    pub at_ms: u64,
    /// Adapters that it declares, ascending.
    pub adapters: Vec<Hash>,
    /// Keeps no snapshot of the ledger.
    pub light: bool,
    /// From this beacon round on it takes no work, or null.
    pub drain_round: Option<u64>,
}

/// A session key of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionState {
    /// The Ed25519 key.
    pub key: Hash,
    /// The message that delegates.
    pub message: Cid,
    /// When that was observed, milliseconds since 1970.
    pub from_ms: u64,
    /// It may sign prompts and what belongs to them.
    pub prompt: bool,
    /// It may sign work.
    pub work: bool,
    /// From then on it may sign nothing: expiry, or the observation of a revocation. Milliseconds since 1970.
    pub until_ms: u64,
}
