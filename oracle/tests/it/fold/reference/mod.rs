//! A second opinion on the fold: docs/protocol.md, sections 5 to 9, written down a second time and as plainly as it goes.
//!
//! It shares no code with `liaise_oracle::fold`, carries no compact state and saves no work: for every seal it walks each
//! witness's chain to its beginning, and looks at every message that was ever said. What `liaise_ledger` defines (texts of
//! sessions, the draw of one ticket, commitments, plain trees, weighing a snapshot) has vectors of its own and is used.
//! Left out: several sessions of one key.
//!
//! A part of the protocol is a file here: `links` (3), `observe` (5), `forget` (5), `decrees` (12), `tickets` (6), `race` (7, 8), `documents`,
//! `money` (9). A part that comes later takes its turn in [`Reference::fold`], says in [`Day`] what it decided, and has its
//! [`Mutant`]s, each of which the comparison must notice.

use std::collections::{BTreeMap, BTreeSet};

use cid::Cid;
use liaise_ledger::body::{Body, Capability, Seal, Ticket};
use liaise_ledger::eligibility::{Candidate, Eligibility};
use liaise_ledger::{Account, Author, Genesis, Hash, Verified};

mod decrees;
mod documents;
mod forget;
mod links;
mod money;
mod observe;
mod race;
mod tickets;

pub use decrees::Decreed;
pub use links::Linked;
pub use money::Pay;

/// A rule that is off by one step and that no genesis sets: to see that it would be noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// Whoever is as far behind as a tie allows is no longer in it.
    TieBoundary,
    /// A decree may take effect an epoch sooner.
    DecreeNotice,
    /// A decree whose turn has not come is forgotten.
    DecreeNeverWaits,
    /// A decree counts with a signature less.
    DecreeSigners,
    /// What is decreed takes effect an epoch later.
    DecreeLater,
    /// What nobody accepted comes into retrieval too.
    AddedUnaccepted,
    /// Whoever is no curator adds too.
    AddedByAnybody,
    /// What was removed comes back when it is added again.
    RemovedComesBack,
    /// What is not observed is forgotten an epoch later.
    WaitsLonger,
    /// What is done with is forgotten an epoch earlier.
    DoneForgottenSooner,
    /// What is done with is never forgotten.
    DoneNeverForgotten,
    /// Sessions that ended are never forgotten.
    SessionsNeverForgotten,
    /// Sessions that ended are forgotten at once.
    SessionsForgottenAtOnce,
    /// A link is in force an epoch after it.
    LinksSooner,
    /// A text counts whatever was signed after it.
    OldTextsCount,
    /// Each account of an owner has its own open tickets.
    TicketsAlone,
    /// Each account of an owner has its own cap.
    CapsAlone,
    /// Each account of an owner has only its own history.
    HistoriesAlone,
}

/// Why a message counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Equivocation,
    Session,
    Rule,
}

/// An observed message.
#[derive(Clone, Debug)]
pub struct Observed {
    pub at_ms: u64,
    pub epoch: i64,
    pub fault: Option<Fault>,
}

/// A witness's first receipt of a message.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    pub place: u64,
    pub boot: [u8; 16],
    pub mono_ns: u64,
    pub wall_ms: u64,
}

/// From when, for prompts, for work, until when.
type Delegation = (u64, bool, bool, u64);

/// What the protocol knows after some seals.
pub struct Reference<'a> {
    /// The rules.
    genesis: &'a Genesis,
    /// The network that wallets signed for.
    network: &'a Genesis,
    messages: BTreeMap<Cid, Verified>,
    rounds: BTreeMap<u64, [u8; 48]>,
    /// The newest sealed batch of each witness.
    tips: BTreeMap<[u8; 32], Cid>,
    /// Counted receipts by message and witness.
    words: BTreeMap<Cid, BTreeMap<[u8; 32], Word>>,
    observed: BTreeMap<Cid, Observed>,
    /// The seal that observed each.
    seals: BTreeMap<Cid, i64>,
    /// Of what is not observed: the seal that counted its first receipt since it was forgotten last.
    since: BTreeMap<Cid, i64>,
    /// Receipts that were forgotten with their message: the last place of each store.
    dropped: BTreeMap<Cid, BTreeMap<[u8; 32], u64>>,
    /// The seal after which an observed message was done with.
    done: BTreeMap<Cid, i64>,
    decreed: Decreed,
    /// As it stood before the newest seal.
    decreed_before: Decreed,
    /// Every chunk that was added or removed: whether retrieval may return it.
    chunks: BTreeMap<Hash, bool>,
    sessions: BTreeMap<(Account, Vec<u8>), Delegation>,
    /// When keys were revoked.
    revoked: BTreeMap<(Account, Vec<u8>), u64>,
    /// Root by ticket.
    used: BTreeMap<Cid, Cid>,
    closed: BTreeSet<Cid>,
    /// Whose tickets closed at the newest seal.
    closing: BTreeSet<Account>,
    /// By user, whether each of its closed tickets was used; oldest first.
    tickets: BTreeMap<Account, Vec<bool>>,
    capabilities: BTreeMap<Account, (u64, Cid, Capability)>,
    snapshots: BTreeMap<i64, Eligibility>,
    unlock: BTreeMap<Account, u64>,
    /// Scored and failed jobs.
    jobs: BTreeMap<Account, (u64, u64)>,
    linked: Linked,
    median: Option<u64>,
    mutant: Option<Mutant>,
}

/// What became of an epoch.
#[derive(Clone, Debug, Default)]
pub struct Day {
    /// What the decrees up to its seal set.
    pub decreed: Decreed,
    /// What retrieval may return, and what it may not.
    pub chunks: BTreeMap<Hash, bool>,
    /// What everybody who took part got.
    pub pay: BTreeMap<Account, Pay>,
    pub unemitted: u64,
    pub tasks: BTreeMap<Cid, Task>,
    pub unlock: BTreeMap<Account, u64>,
    pub jobs: BTreeMap<Account, (u64, u64)>,
    pub tickets: BTreeMap<Account, Vec<bool>>,
    pub snapshot: Eligibility,
    /// Owners with several accounts.
    pub clusters: Vec<BTreeSet<Account>>,
    pub median: Option<u64>,
}

/// What became of a task.
#[derive(Clone, Debug)]
pub struct Task {
    pub user: Account,
    pub asked_ms: u64,
    pub winner: Option<Account>,
    pub latency_ns: Option<u64>,
    pub units: u64,
    pub counted: u64,
    pub unlock: u64,
    pub used: u64,
    pub judges: Vec<Account>,
    pub auditors: Vec<Account>,
    /// Jobs: done well or badly; silent ones may still be excused.
    pub jobs: BTreeMap<Account, bool>,
    pub silent: BTreeSet<Account>,
}

/// The lower median: the value at floor((n-1)/2) of n ascending ones.
pub fn lower_median<T: Ord + Copy>(values: impl IntoIterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort();
    if values.is_empty() { None } else { Some(values[(values.len() - 1) / 2]) }
}

pub fn author_of(message: &Verified) -> Option<&Account> {
    match &message.message.author {
        Author::Account(account) => Some(account),
        _ => None,
    }
}

impl<'a> Reference<'a> {
    /// A network's messages under its own genesis, or under other rules: to see that these would be noticed.
    pub fn new(
        network: &'a Genesis,
        rules: &'a Genesis,
        messages: impl IntoIterator<Item = Verified>,
    ) -> Reference<'a> {
        Reference {
            genesis: rules,
            network,
            messages: messages.into_iter().map(|message| (message.id, message)).collect(),
            rounds: BTreeMap::new(),
            tips: BTreeMap::new(),
            words: BTreeMap::new(),
            observed: BTreeMap::new(),
            seals: BTreeMap::new(),
            since: BTreeMap::new(),
            dropped: BTreeMap::new(),
            done: BTreeMap::new(),
            decreed: Decreed::of_genesis(rules),
            decreed_before: Decreed::of_genesis(rules),
            chunks: BTreeMap::new(),
            sessions: BTreeMap::new(),
            revoked: BTreeMap::new(),
            used: BTreeMap::new(),
            closed: BTreeSet::new(),
            closing: BTreeSet::new(),
            tickets: BTreeMap::new(),
            capabilities: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            unlock: BTreeMap::new(),
            jobs: BTreeMap::new(),
            linked: Linked::default(),
            median: None,
            mutant: None,
        }
    }

    /// The same with a rule that is off.
    pub fn with(mut self, mutant: Option<Mutant>) -> Self {
        self.mutant = mutant;
        self
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    pub fn round(&mut self, round: u64, signature: [u8; 48]) {
        self.rounds.insert(round, signature);
    }

    /// One epoch, from its seal to everybody's pay.
    pub fn fold(&mut self, seal: &Seal) -> Day {
        let epoch = seal.epoch;
        self.bring_links_into_force(epoch);
        let fresh = self.observe(seal);
        self.decree(&fresh, epoch);
        self.judge_roots(&fresh);
        self.take_links(&fresh);
        self.forget_sessions(epoch);
        self.close_tickets(epoch);
        self.take_capabilities(&fresh);
        let mut tasks = BTreeMap::new();
        if epoch >= 0 {
            for (root, start_ms, due) in self.roots() {
                if due == epoch {
                    tasks.insert(root, self.settle(&root, start_ms));
                }
            }
        }
        self.take_chunks(&fresh, &tasks);
        let day = self.account(epoch, tasks);
        self.forget(epoch);
        day
    }

    /// The first epoch, not before `seal`, whose end is not before a time.
    fn epoch_of(&self, at_ms: u64, seal: i64) -> i64 {
        let mut epoch = seal;
        while self.end_ms(epoch) < at_ms {
            epoch += 1;
        }
        epoch
    }

    fn end_ms(&self, epoch: i64) -> u64 {
        let start_ms = self.genesis.genesis_s * 1000;
        if epoch < 0 { start_ms } else { start_ms + (epoch as u64 + 1) * u64::from(self.genesis.fixed.epoch_s) * 1000 }
    }

    fn round_ms(&self, round: u64) -> u64 {
        (self.genesis.beacon.genesis_s + (round - 1) * u64::from(self.genesis.beacon.period_s)) * 1000
    }

    fn newest_round(&self, at_ms: u64) -> u64 {
        let since_s = at_ms / 1000 - self.genesis.beacon.genesis_s;
        since_s / u64::from(self.genesis.beacon.period_s) + 1
    }

    fn counts(&self, id: &Cid) -> Option<&Observed> {
        self.observed.get(id).filter(|observed| observed.fault.is_none())
    }

    fn ticket(&self, id: &Cid) -> Option<(&Account, &Ticket)> {
        let message = self.messages.get(id)?;
        match &message.message.body {
            Body::Ticket(ticket) => Some((author_of(message)?, ticket)),
            _ => None,
        }
    }

    fn ticket_end_ms(&self, ticket: &Ticket) -> u64 {
        self.round_ms(ticket.round + 200)
    }

    /// The newest observed capability of an account counts.
    fn take_capabilities(&mut self, fresh: &[(u64, Cid)]) {
        for (at_ms, id) in fresh {
            let message = &self.messages[id];
            if let (Body::Capability(body), Some(account), Some(_)) =
                (&message.message.body, author_of(message), self.counts(id))
            {
                let known = self.capabilities.get(account).map(|(at_ms, id, _)| (*at_ms, *id));
                if known.is_none_or(|known| known < (*at_ms, *id)) {
                    self.capabilities.insert(account.clone(), (*at_ms, *id, body.clone()));
                }
            }
        }
    }

    /// The roots that count, with their tasks' starts and the epochs that hold their deadlines.
    fn roots(&self) -> Vec<(Cid, u64, i64)> {
        let mut roots = vec![];
        for (id, observed) in &self.observed {
            let Some(ticket) = self.ticket_of(id).filter(|_| observed.fault.is_none()) else { continue };
            let (_, ticket) = self.ticket(&ticket).expect("a root that counts has its ticket");
            let start_ms = observed.at_ms.max(self.round_ms(ticket.round));
            let deadline_ms = start_ms + self.genesis.parameters.deadline_s * 1000;
            roots.push((*id, start_ms, self.epoch_of(deadline_ms, self.seals[id])));
        }
        roots
    }

    /// The ticket that a root uses; none for what is no root.
    fn ticket_of(&self, id: &Cid) -> Option<Cid> {
        match &self.messages[id].message.body {
            Body::Prompt(prompt) => Some(prompt.ticket),
            Body::RetrievalAdd(add) => Some(add.ticket),
            _ => None,
        }
    }

    /// Section 7: who may be drawn by the snapshot of a closing epoch.
    fn snapshot(&self, epoch: i64) -> Eligibility {
        if epoch < 0 {
            return Eligibility::of_genesis(self.genesis);
        }
        let newest = self.newest_round(self.end_ms(epoch));
        let mut candidates = vec![];
        for (account, (_, _, capability)) in &self.capabilities {
            if capability.drain_round.is_some_and(|drain| drain <= newest) {
                continue;
            }
            let certified = |id: &Hash| self.decreed.certified(id, epoch + 1);
            candidates.push(Candidate {
                account: account.clone(),
                slots: 1,
                light: capability.light,
                excluded: false,
                probation: false,
                scored_jobs: self
                    .linked
                    .cluster(account)
                    .iter()
                    .filter_map(|one| self.jobs.get(one))
                    .map(|jobs| jobs.0)
                    .sum(),
                genesis: self.genesis.nodes.iter().any(|node| node.account == *account),
                cluster: self.linked.cluster(account).first().expect("at least itself").clone(),
                adapters: capability.adapters.iter().copied().filter(certified).collect(),
            });
        }
        Eligibility::weigh(&candidates, &self.genesis.parameters)
    }
}
