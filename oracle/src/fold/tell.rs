//! Statements: what everybody who took part in an epoch is told.

use cid::Cid;
use liaise_ledger::EpochNumber;
use liaise_ledger::genesis::Parameters;
use rayon::prelude::*;

use super::account::Split;
use super::book::Book;
use super::deal::Dealt;
use super::part::Place;
use super::people::{NOBODY, People, Person};
use super::reasons::{Reason, ReasonCode};
use super::settle::Settled;
use super::state::{AccountState, Flaw};
use super::statement::{Statement, TaskRow};
use super::tickets::Closed;

/// Until gates are in force everything passes.
const GATE_PERMILLE: u16 = 1_000;
/// Until holds are in force nothing is held.
const HOLD_PERMILLE: u16 = 0;
/// How many messages a reason names that rests on all of an account's: the lowest ids of them.
const NAMED: usize = 1;

/// What an epoch's accounts are told of.
struct Told<'a> {
    book: &'a Book<'a>,
    people: &'a People,
    tasks: &'a [Settled],
    split: &'a Split,
    ramp: u64,
    /// Of each account the lines about it: task and line, by task.
    lines: Dealt<(u32, u32)>,
    /// Its messages of the epoch. A message that was observed at an earlier seal, in the time between that epoch's
    /// end and its close, belongs here.
    messages: Dealt<Place>,
    /// Its tickets that closed, and whether they were used.
    closed: Dealt<(Place, bool)>,
}

/// Writes the statements, by account: of everybody who said something, had a part in a task, or whose ticket closed.
pub fn statements(
    book: &Book<'_>,
    people: &People,
    tasks: &[Settled],
    split: &Split,
    closed: &[Closed],
    epoch: EpochNumber,
    parameters: &Parameters,
) -> Vec<Statement> {
    let in_epoch = |place: Place| book.observation(place).is_some_and(|observation| observation.epoch == epoch);
    let told = Told {
        book,
        people,
        tasks,
        split,
        ramp: split.ramp_permille(parameters.ramp_weight),
        lines: Dealt::new(people.len(), || {
            (0u32..).zip(tasks).flat_map(|(index, task)| {
                (0u32..).zip(&task.lines).map(move |(line, who)| (*who as usize, (index, line)))
            })
        }),
        messages: Dealt::new(people.len(), || {
            let own = book.observed().filter(|place| book.at(*place).who != NOBODY && in_epoch(*place));
            own.map(|place| (book.at(place).who as usize, place))
        }),
        closed: Dealt::new(people.len(), || {
            closed.iter().map(|closed| (closed.who as usize, (closed.ticket, closed.is_used)))
        }),
    };
    (0..people.len() as Person).into_par_iter().filter_map(|who| told.statement(who)).collect()
}

/// The lowest ids of some, each once.
#[derive(Default)]
struct Lowest(Vec<Cid>);

impl Lowest {
    fn add(&mut self, id: &Cid) {
        if let Err(at) = self.0.binary_search(id)
            && at < NAMED
        {
            self.0.insert(at, *id);
            self.0.truncate(NAMED);
        }
    }
}

impl Told<'_> {
    fn statement(&self, who: Person) -> Option<Statement> {
        let owner = who as usize;
        let (lines, messages, closed) = (self.lines.of(owner), self.messages.of(owner), self.closed.of(owner));
        if lines.is_empty() && messages.is_empty() && closed.is_empty() {
            return None;
        }
        let mut reasons = Vec::with_capacity(lines.len() + 8);
        for place in messages {
            let flaw = self.book.at(*place).flaw;
            reasons.extend(flaw.map(|flaw| Reason::of(code_of(flaw), [self.book.cid(*place)])));
        }
        for (ticket, _) in closed.iter().filter(|(_, is_used)| !is_used) {
            reasons.push(Reason::of(ReasonCode::TicketUnused, [self.book.cid(*ticket)]));
        }
        let mut tasks: Vec<Cid> = Vec::with_capacity(lines.len());
        for (index, line) in lines {
            let task = &self.tasks[*index as usize];
            reasons.push(task.row.lines[*line as usize].reason.clone());
            if tasks.last() != Some(&task.row.task) {
                tasks.push(task.row.task);
                if task.user == who {
                    reasons.extend(scaling(&task.row));
                }
            }
        }
        let mut rests_on = Lowest::default();
        reasons.iter().flat_map(|reason| &reason.messages).for_each(|id| rests_on.add(id));
        messages.iter().for_each(|place| rests_on.add(&self.book.cid(*place)));
        closed.iter().for_each(|(ticket, _)| rests_on.add(&self.book.cid(*ticket)));
        let rests_on = rests_on.0;

        let (won, judged, prompted) = (self.split.won[owner], self.split.judged[owner], self.split.prompted[owner]);
        let gross = won + judged + prompted;
        let gated = won + judged + permille(prompted, GATE_PERMILLE);
        let held = permille(gated, HOLD_PERMILLE);
        if gross == 0 {
            let earns = |code| matches!(code, ReasonCode::Won | ReasonCode::Judged | ReasonCode::Prompted);
            let counted = reasons.iter().any(|reason| earns(reason.code));
            let code = if counted { ReasonCode::BelowOneUnit } else { ReasonCode::NothingCounted };
            reasons.push(Reason::of(code, rests_on.iter().copied()));
        }
        reasons.extend(neutral(self.people.state(who), self.ramp, &rests_on));
        reasons.sort_unstable();
        reasons.dedup();
        Some(Statement {
            account: self.people.name(who).clone(),
            won,
            judged,
            prompted,
            gross,
            gate_permille: GATE_PERMILLE,
            gated,
            hold_permille: HOLD_PERMILLE,
            held,
            net: gated - held,
            reasons,
            tasks,
        })
    }
}

/// The reason that a flaw becomes in a statement.
fn code_of(flaw: Flaw) -> ReasonCode {
    match flaw {
        Flaw::Equivocation => ReasonCode::Equivocation,
        Flaw::Session => ReasonCode::Session,
        Flaw::TicketRound => ReasonCode::TicketRound,
        Flaw::TicketSnapshot => ReasonCode::TicketSnapshot,
        Flaw::TicketAdapter => ReasonCode::TicketAdapter,
        Flaw::TicketOpen => ReasonCode::TicketOpen,
        Flaw::PromptTicket => ReasonCode::PromptTicket,
        Flaw::PromptSecond => ReasonCode::PromptSecond,
        Flaw::Curator => ReasonCode::Curator,
    }
}

fn permille(amount: u64, permille: u16) -> u64 {
    u64::try_from(u128::from(amount) * u128::from(permille) / 1_000).expect("at most the amount")
}

/// What scaled a user's own task.
fn scaling(row: &TaskRow) -> Vec<Reason> {
    if row.winner.is_none() {
        return vec![];
    }
    let mut reasons = vec![
        Reason::with(ReasonCode::Unlock, row.unlock_permille.into(), [row.task]),
        Reason::with(ReasonCode::TicketsUsed, row.used_permille.into(), [row.ticket]),
    ];
    if row.counted < row.units {
        reasons.push(Reason::with(ReasonCode::OverCap, row.counted, [row.task]));
    }
    reasons
}

/// What is not in force yet, and says so; with the messages that it would judge.
fn neutral(state: &AccountState, ramp: u64, rests_on: &[Cid]) -> Vec<Reason> {
    let with = |code, value| Reason::with(code, value, rests_on.iter().copied());
    let mut reasons =
        vec![with(ReasonCode::GateNeutral, GATE_PERMILLE.into()), with(ReasonCode::HoldNeutral, HOLD_PERMILLE.into())];
    if ramp < 1_000 {
        reasons.push(with(ReasonCode::Ramp, ramp));
    }
    if state.scored_jobs > 0 {
        reasons.push(with(ReasonCode::ReliabilityNeutral, state.failed_jobs));
    }
    if let Some(capability) = &state.capability {
        reasons.push(Reason::with(ReasonCode::SlotsNeutral, 1, [capability.message]));
        reasons.push(Reason::of(ReasonCode::StorageNeutral, [capability.message]));
    }
    reasons
}
