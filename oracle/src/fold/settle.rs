//! The stage `settle`: every task whose deadline has passed, one at a time, independent of all others.

use std::collections::BTreeMap;
use std::sync::Arc;

use cid::Cid;
use liaise_ledger::assignment::Assignment;
use liaise_ledger::body::Ticket;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::{Account, Author, Body, EpochNumber, Hash, Verified};

use super::decide::decide;
use super::evidence::Rounds;
use super::race::{Event, Race, Task};
use super::reasons::{Reason, ReasonCode};
use super::state::{Carried, FoldState};
use super::statement::{TaskLine, TaskRow};
use super::tickets::ticket_of;
use super::{FoldError, observe};

/// What settling reads.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The network.
    pub genesis: &'a Genesis,
    /// The state before the epoch: its snapshots.
    pub before: &'a FoldState,
    /// Messages by id.
    pub messages: &'a BTreeMap<Cid, Arc<Verified>>,
    /// What is carried and observed.
    pub carry: &'a BTreeMap<Cid, Carried>,
    /// Verified rounds.
    pub rounds: &'a Rounds<'a>,
}

/// A root of a task that counts, with its ticket.
#[derive(Clone, Copy, Debug)]
pub struct Root<'a> {
    id: Cid,
    ticket_id: Cid,
    ticket: &'a Ticket,
    user: &'a Account,
    start_ms: u64,
    /// The epoch that holds the deadline.
    pub epoch: EpochNumber,
}

impl<'a> Desk<'a> {
    /// The roots of tasks that count, whatever their epoch; by id.
    pub fn roots(&self) -> BTreeMap<Cid, Root<'a>> {
        let roots = self.carry.keys().filter_map(|id| Some((*id, self.root(id)?)));
        roots.collect()
    }

    fn root(&self, id: &Cid) -> Option<Root<'a>> {
        let carried = self.carry.get(id)?;
        let at_ms = carried.counts_from()?;
        let message = &self.messages.get(id)?.message;
        let ticket_id = ticket_of(&message.body)?;
        let Author::Account(user) = &message.author else { return None };
        let Body::Ticket(ticket) = &self.messages.get(&ticket_id)?.message.body else { return None };
        let start_ms = at_ms.max(self.genesis.round_time_ms(ticket.round));
        let deadline = start_ms.saturating_add(self.genesis.parameters.deadline_s * 1000);
        let epoch = observe::epoch_of(self.genesis, deadline, carried.observation?.seal);
        Some(Root { id: *id, ticket_id, ticket, user, start_ms, epoch })
    }

    /// The tasks that this seal folds, with the messages of each.
    pub fn due(&self, epoch: EpochNumber) -> BTreeMap<Cid, (Root<'a>, Vec<Cid>)> {
        let due = self.roots().into_iter().filter(|(_, root)| root.epoch <= epoch);
        let mut due: BTreeMap<Cid, (Root<'a>, Vec<Cid>)> = due.map(|(id, root)| (id, (root, vec![]))).collect();
        for (id, carried) in self.carry {
            let task = self.messages.get(id).and_then(|message| message.message.task);
            if let Some((_, messages)) = task.and_then(|task| due.get_mut(&task))
                && carried.counts_from().is_some()
            {
                messages.push(*id);
            }
        }
        due
    }

    /// Settles one task.
    ///
    /// # Errors
    /// Its round or its snapshot is missing.
    pub fn settle(&self, root: &Root<'a>, messages: &[Cid]) -> Result<TaskRow, FoldError> {
        let ticket = &self.messages[&root.ticket_id];
        let round = root.ticket.round;
        let signature = *self.rounds.get(&round).ok_or_else(|| FoldError::MissingRounds(vec![round]))?;
        let snapshot = self.before.snapshot(self.genesis, root.ticket.snapshot);
        let snapshot = snapshot.ok_or(FoldError::MissingSnapshot(root.ticket.snapshot))?;
        let assignment = Assignment::compute(self.genesis, ticket, signature, &snapshot)
            .map_err(|_| FoldError::WrongRound(round))?;
        let adapter = self.before.shared.adapters.iter().find(|adapter| adapter.id == root.ticket.adapter);
        let max_units = adapter.and_then(|adapter| adapter.max_units).unwrap_or(u64::MAX).min(root.ticket.max_units);
        let event = |id: &Cid| self.event(id);
        let mut events: Vec<Event<'a>> = messages.iter().filter_map(event).collect();
        events.sort_by_key(|event| (event.at_ms, event.id));
        let task = Task {
            root: self.event(&root.id).expect("a root counts"),
            start_ms: root.start_ms,
            assignment: &assignment,
            snapshot: &snapshot,
        };
        let missing = events.iter().find_map(|event| match event.body {
            Body::VerdictCommit(commit) if !self.is_round_known(commit.round, event.at_ms) => Some(commit.round),
            _ => None,
        });
        if let Some(round) = missing {
            return Err(FoldError::MissingRounds(vec![round]));
        }
        let mut race = Race::run(self.genesis, task, &events, self.rounds);
        let outcome = decide(&mut race, &self.genesis.parameters, |account| assignment.seed.tie_rank(account).0);
        self.excuse_drains(root, &mut race);
        Ok(self.row(root, &race, outcome, max_units))
    }

    /// Whether a verdict commit's round is at hand, or too far ahead to be asked for.
    fn is_round_known(&self, round: u64, at_ms: u64) -> bool {
        self.rounds.contains_key(&round) || !super::evidence::round_fits(self.genesis, round, at_ms, at_ms)
    }

    fn event(&self, id: &Cid) -> Option<Event<'a>> {
        let carried = self.carry.get(id)?;
        let message = &self.messages.get(id)?.message;
        let Author::Account(account) = &message.author else { return None };
        Some(Event {
            at_ms: carried.counts_from()?,
            id: *id,
            account,
            body: &message.body,
            receipts: &carried.receipts,
        })
    }

    /// A drain that was announced before the round excuses silence (R108).
    fn excuse_drains(&self, root: &Root<'a>, race: &mut Race<'_>) {
        let round_ms = self.genesis.round_time_ms(root.ticket.round);
        for line in race.lines.iter_mut().filter(|line| line.reason.code == ReasonCode::Silent) {
            let capability = self.before.accounts.get(&line.account).and_then(|state| state.capability.as_ref());
            let drained = capability.filter(|capability| {
                capability.at_ms <= round_ms && capability.drain_round.is_some_and(|drain| drain <= root.ticket.round)
            });
            if let Some(capability) = drained {
                line.scored = None;
                line.reason = Reason::of(ReasonCode::SilentExcused, [capability.message]);
            }
        }
    }

    fn row(&self, root: &Root<'a>, race: &Race<'_>, outcome: super::decide::Outcome, max_units: u64) -> TaskRow {
        let mut lines = race.lines.clone();
        let won = outcome.winner.as_ref();
        let units = won.map_or(0, |(account, ..)| race.entries[account].result.units.min(max_units));
        let asked = match won {
            Some((_, result, _)) => Reason::of(ReasonCode::Prompted, [root.id, *result]),
            None => Reason::of(ReasonCode::NoWinner, [root.id]),
        };
        lines.push(TaskLine { account: root.user.clone(), scored: None, reason: asked });
        for line in &mut lines {
            if line.reason.messages.is_empty() {
                line.reason.messages.push(root.id);
            }
        }
        lines.sort();
        TaskRow {
            task: root.id,
            ticket: root.ticket_id,
            user: root.user.clone(),
            adapter: root.ticket.adapter,
            asked_ms: self.carry[&root.id].counts_from().expect("a root counts"),
            winner: outcome.winner.as_ref().map(|(account, ..)| account.clone()),
            result: outcome.winner.as_ref().map(|(_, result, _)| *result),
            latency_ns: outcome.winner.as_ref().map(|(.., latency)| *latency),
            units,
            counted: 0,
            unlock_permille: 0,
            used_permille: 0,
            judges: outcome.judges,
            auditors: race.panel.clone().unwrap_or_default(),
            lines,
        }
    }
}

/// Settled tasks of a part. Parts merge in any order, also twice: a task settles the same wherever it is settled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// By task.
    pub tasks: BTreeMap<Cid, TaskRow>,
}

impl Settled {
    /// Settles the tasks of one part out of `parts`, by the task's digest.
    ///
    /// # Errors
    /// As [`Desk::settle`].
    pub fn of_part(desk: &Desk<'_>, epoch: EpochNumber, part: usize, parts: usize) -> Result<Settled, FoldError> {
        let mut settled = Settled::default();
        for (id, (root, messages)) in desk.due(epoch) {
            if part_of(&id, parts) == part {
                settled.tasks.insert(id, desk.settle(&root, &messages)?);
            }
        }
        Ok(settled)
    }

    /// Takes in another part.
    pub fn merge(&mut self, other: Settled) {
        self.tasks.extend(other.tasks);
    }
}

/// Which part a task belongs to.
fn part_of(id: &Cid, parts: usize) -> usize {
    let digest = Hash::from_cid(id).expect("a task is a message");
    usize::from(u16::from_be_bytes([digest.0[0], digest.0[1]])) % parts.max(1)
}
