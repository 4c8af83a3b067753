//! A second opinion on the fold: docs/protocol.md, sections 5 to 9, written down a second time and as plainly as it goes.
//!
//! It shares no code with `liaise_oracle::fold`, carries no compact state and saves no work: for every seal it walks each
//! witness's chain to its beginning, and looks at every message that was ever said. What `liaise_ledger` defines (texts of
//! sessions, the draw of one ticket, commitments, plain trees, weighing a snapshot) has vectors of its own and is used.
//! Left out: decrees, additions to retrieval, several sessions of one key, and what is forgotten after eight epochs.

use std::collections::{BTreeMap, BTreeSet};

use cid::Cid;
use liaise_ledger::body::{Body, Capability, Seal, Ticket};
use liaise_ledger::eligibility::{Candidate, Eligibility};
use liaise_ledger::{Account, Author, Genesis, Hash, Verified};

mod money;
mod observe;
mod race;

pub use money::Pay;

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
    median: Option<u64>,
}

/// What became of an epoch.
#[derive(Clone, Debug, Default)]
pub struct Day {
    /// What everybody who took part got.
    pub pay: BTreeMap<Account, Pay>,
    pub unemitted: u64,
    pub tasks: BTreeMap<Cid, Task>,
    pub unlock: BTreeMap<Account, u64>,
    pub jobs: BTreeMap<Account, (u64, u64)>,
    pub tickets: BTreeMap<Account, Vec<bool>>,
    pub snapshot: Eligibility,
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
            median: None,
        }
    }

    pub fn round(&mut self, round: u64, signature: [u8; 48]) {
        self.rounds.insert(round, signature);
    }

    /// One epoch, from its seal to everybody's pay.
    pub fn fold(&mut self, seal: &Seal) -> Day {
        let epoch = seal.epoch;
        let fresh = self.observe(seal);
        self.judge_roots(&fresh);
        self.close_tickets(epoch);
        self.take_capabilities(&fresh);
        let mut tasks = BTreeMap::new();
        if epoch >= 0 {
            for (root, start_ms) in self.due(epoch) {
                tasks.insert(root, self.settle(&root, start_ms));
            }
        }
        self.account(epoch, tasks)
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

    /// Section 6, in the order of observation: tickets, and the prompts that use them.
    fn judge_roots(&mut self, fresh: &[(u64, Cid)]) {
        for (at_ms, id) in fresh {
            if self.counts(id).is_none() {
                continue;
            }
            let message = self.messages[id].clone();
            let Some(account) = author_of(&message) else { continue };
            let good = match &message.message.body {
                Body::Ticket(ticket) => self.is_good_ticket(id, account, ticket, *at_ms),
                Body::Prompt(prompt) => {
                    let good = self.is_good_prompt(account, &prompt.ticket, *at_ms);
                    if good {
                        self.used.insert(prompt.ticket, *id);
                    }
                    good
                }
                Body::RetrievalRemove(_) => self.genesis.curators.keys.contains(account),
                _ => true,
            };
            if !good {
                self.observed.get_mut(id).unwrap().fault = Some(Fault::Rule);
            }
        }
    }

    fn is_used(&self, ticket: &Cid) -> bool {
        self.used.get(ticket).is_some_and(|root| self.counts(root).is_some())
    }

    fn is_good_ticket(&self, id: &Cid, account: &Account, ticket: &Ticket, at_ms: u64) -> bool {
        let epoch = self.observed[id].epoch;
        let mut open = 0;
        for (other, observed) in &self.observed {
            let Some((owner, terms)) = self.ticket(other) else { continue };
            let before = (observed.at_ms, other) < (at_ms, id);
            let counts = observed.fault.is_none() && !self.is_used(other) && !self.closed.contains(other);
            if before && owner == account && counts {
                open += u64::from(self.ticket_end_ms(terms) > at_ms);
            }
        }
        at_ms + 1_000 <= self.round_ms(ticket.round)
            && ticket.round <= self.newest_round(at_ms) + 200
            && epoch - 4 <= ticket.snapshot
            && ticket.snapshot < epoch
            && self.genesis.adapters.iter().any(|adapter| adapter.id == ticket.adapter)
            && open < self.genesis.parameters.tickets_open
    }

    fn is_good_prompt(&self, account: &Account, ticket: &Cid, at_ms: u64) -> bool {
        let Some((owner, terms)) = self.ticket(ticket) else { return false };
        let is_over = self.is_used(ticket) || self.closed.contains(ticket) || at_ms > self.ticket_end_ms(terms);
        self.counts(ticket).is_some() && owner == account && !is_over
    }

    /// Tickets that were used in the epoch or before, or had ended by its end, join their users' closed ones.
    fn close_tickets(&mut self, epoch: i64) {
        let mut closing = BTreeMap::new();
        for (id, observed) in &self.observed {
            let Some((owner, terms)) = self.ticket(id) else { continue };
            if observed.fault.is_some() || self.closed.contains(id) {
                continue;
            }
            let used = self.is_used(id) && self.observed[&self.used[id]].epoch <= epoch;
            if used || self.ticket_end_ms(terms) <= self.end_ms(epoch) {
                closing.insert((observed.at_ms, *id), (owner.clone(), used));
            }
        }
        self.closing.clear();
        for ((_, id), (owner, used)) in closing {
            self.closed.insert(id);
            self.closing.insert(owner.clone());
            self.tickets.entry(owner).or_default().push(used);
        }
    }

    /// used‰ of a user: of its last 50 closed tickets.
    fn used_permille(&self, user: &Account) -> u64 {
        let closed = self.tickets.get(user).map_or(&[][..], Vec::as_slice);
        let last = &closed[closed.len().saturating_sub(50)..];
        if last.is_empty() {
            1_000
        } else {
            1_000 * last.iter().filter(|used| **used).count() as u64 / last.len() as u64
        }
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

    /// The roots of the tasks whose deadline lies in an epoch, with their starts.
    fn due(&self, epoch: i64) -> Vec<(Cid, u64)> {
        let mut due = vec![];
        for (id, observed) in &self.observed {
            let Body::Prompt(prompt) = &self.messages[id].message.body else { continue };
            if observed.fault.is_some() {
                continue;
            }
            let (_, ticket) = self.ticket(&prompt.ticket).expect("a prompt that counts has its ticket");
            let start_ms = observed.at_ms.max(self.round_ms(ticket.round));
            let deadline_ms = start_ms + self.genesis.parameters.deadline_s * 1000;
            if self.epoch_of(deadline_ms, self.seals[id]) == epoch {
                due.push((*id, start_ms));
            }
        }
        due
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
            let certified = |id: &Hash| self.genesis.adapters.iter().any(|adapter| adapter.id == *id);
            candidates.push(Candidate {
                account: account.clone(),
                slots: 1,
                light: capability.light,
                excluded: false,
                probation: false,
                scored_jobs: self.jobs.get(account).map_or(0, |(scored, _)| *scored),
                genesis: self.genesis.nodes.iter().any(|node| node.account == *account),
                cluster: account.clone(),
                adapters: capability.adapters.iter().copied().filter(certified).collect(),
            });
        }
        Eligibility::weigh(&candidates, &self.genesis.parameters)
    }
}
