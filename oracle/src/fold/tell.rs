//! Statements: what everybody who took part in an epoch is told.

use cid::Cid;
use liaise_ledger::genesis::Parameters;
use liaise_ledger::{Account, EpochNumber, Hash};

use super::FoldError;
use super::account::Split;
use super::because::Because;
use super::book::Book;
use super::deal::Dealt;
use super::fact::digest;
use super::part::Place;
use super::people::{NOBODY, People, Person};
use super::reasons::ReasonCode;
use super::settle::Settled;
use super::state::{AccountState, Flaw};
use super::tickets::Closed;
use crate::artefact::{Cbor, Shelf, put_rows};

/// Until gates are in force everything passes.
const GATE_PERMILLE: u16 = 1_000;
/// Until holds are in force nothing is held.
const HOLD_PERMILLE: u16 = 0;
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

/// What a statement adds to the epoch's sums. Base units.
#[derive(Clone, Debug)]
pub struct Pay {
    /// Whose.
    pub account: Account,
    /// All shares together.
    pub gross: u64,
    /// What the gate left of that.
    pub gated: u64,
    /// Held back.
    pub held: u64,
    /// What the epoch earned it.
    pub net: u64,
}

/// Writes the statements, by account: of everybody who said something, had a part in a task, or whose ticket closed.
///
/// # Errors
/// The shelf's.
#[expect(clippy::too_many_arguments, reason = "all that an account is told of")]
pub fn statements(
    book: &Book<'_>,
    people: &People,
    tasks: &[Settled],
    split: &Split,
    closed: &[Closed],
    epoch: EpochNumber,
    parameters: &Parameters,
    shelf: &mut dyn Shelf,
) -> Result<(Vec<Cid>, Vec<Pay>), FoldError> {
    let in_epoch = |place: Place| book.observation(place).is_some_and(|observation| observation.epoch == epoch);
    let told = Told {
        book,
        people,
        tasks,
        split,
        ramp: split.ramp_permille(parameters.ramp_weight),
        lines: Dealt::new(people.len(), || {
            (0u32..).zip(tasks).flat_map(|(index, task)| {
                (0u32..).zip(&task.lines).map(move |(line, of)| (of.who as usize, (index, line)))
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
    let all: Vec<Person> = (0..people.len() as Person).filter(|who| told.has_part(*who as usize)).collect();
    put_rows(shelf, &all, |who, out| told.write(*who, out))
}

impl Told<'_> {
    fn has_part(&self, owner: usize) -> bool {
        let (lines, messages, closed) = (self.lines.of(owner), self.messages.of(owner), self.closed.of(owner));
        !(lines.is_empty() && messages.is_empty() && closed.is_empty())
    }

    /// Why an account gets what it gets, as far as its messages, tickets and tasks say; and the lowest id of what that
    /// rests on: a reason that rests on all of it names that.
    fn reasons(&self, who: Person, reasons: &mut Vec<Because>) -> Option<Hash> {
        let owner = who as usize;
        let (messages, closed) = (self.messages.of(owner), self.closed.of(owner));
        for place in messages {
            let flaw = self.book.at(*place).flaw;
            reasons.extend(flaw.map(|flaw| Because::of(code_of(flaw), *self.book.id(*place))));
        }
        for (ticket, _) in closed.iter().filter(|(_, is_used)| !is_used) {
            reasons.push(Because::of(ReasonCode::TicketUnused, *self.book.id(*ticket)));
        }
        let mut last = None;
        for (index, line) in self.lines.of(owner) {
            let task = &self.tasks[*index as usize];
            reasons.push(Because::of_line(self.book, task, &task.lines[*line as usize]));
            if last.replace(*index) != Some(*index) && task.user == who && task.winner.is_some() {
                scaling(self.book, task, reasons);
            }
        }
        let named = reasons.iter().flat_map(|reason| reason.messages);
        let own = messages.iter().chain(closed.iter().map(|(ticket, _)| ticket)).map(|place| *self.book.id(*place));
        named.flatten().chain(own).min()
    }

    fn write(&self, who: Person, out: &mut Cbor) -> Pay {
        let owner = who as usize;
        let (won, judged, prompted) = (self.split.won[owner], self.split.judged[owner], self.split.prompted[owner]);
        let gross = won + judged + prompted;
        let gated = won + judged + permille(prompted, GATE_PERMILLE);
        let held = permille(gated, HOLD_PERMILLE);
        let net = gated - held;
        let mut reasons = Vec::with_capacity(self.lines.of(owner).len() + 8);
        let rests_on = self.reasons(who, &mut reasons);
        if gross == 0 {
            let earns = |code| matches!(code, ReasonCode::Won | ReasonCode::Judged | ReasonCode::Prompted);
            let counted = reasons.iter().any(|reason| earns(reason.code));
            let code = if counted { ReasonCode::BelowOneUnit } else { ReasonCode::NothingCounted };
            reasons.push(Because { code, value: None, messages: [rests_on, None] });
        }
        neutral(self.people.state(who), self.ramp, rests_on, &mut reasons);
        reasons.sort_unstable();
        reasons.dedup();
        let mut tasks: Vec<u32> = self.lines.of(owner).iter().map(|(index, _)| *index).collect();
        tasks.dedup();

        let account = self.people.name(who);
        out.map(12);
        out.text("net");
        out.number(net);
        out.text("won");
        out.number(won);
        out.text("held");
        out.number(held);
        out.text("gated");
        out.number(gated);
        out.text("gross");
        out.number(gross);
        out.text("tasks");
        out.all(tasks.iter(), |out, index| out.link(self.book.id(self.tasks[*index as usize].root)));
        out.text("judged");
        out.number(judged);
        out.text("account");
        out.text(account.as_str());
        out.text("reasons");
        out.all(reasons.iter(), |out, reason| reason.write(out));
        out.text("prompted");
        out.number(prompted);
        out.text("gate_permille");
        out.number(GATE_PERMILLE.into());
        out.text("hold_permille");
        out.number(HOLD_PERMILLE.into());
        Pay { account: account.clone(), gross, gated, held, net }
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

/// What scaled a user's own task, which was won.
fn scaling(book: &Book<'_>, task: &Settled, reasons: &mut Vec<Because>) {
    let (root, ticket) = (*book.id(task.root), *book.id(task.ticket));
    reasons.push(Because::with(ReasonCode::Unlock, task.unlock_permille.into(), Some(root)));
    reasons.push(Because::with(ReasonCode::TicketsUsed, task.used_permille.into(), Some(ticket)));
    if task.counted < task.units {
        reasons.push(Because::with(ReasonCode::OverCap, task.counted, Some(root)));
    }
}

/// What is not in force yet, and says so; with the message that it would judge.
fn neutral(state: &AccountState, ramp: u64, rests_on: Option<Hash>, reasons: &mut Vec<Because>) {
    reasons.push(Because::with(ReasonCode::GateNeutral, GATE_PERMILLE.into(), rests_on));
    reasons.push(Because::with(ReasonCode::HoldNeutral, HOLD_PERMILLE.into(), rests_on));
    if ramp < 1_000 {
        reasons.push(Because::with(ReasonCode::Ramp, ramp, rests_on));
    }
    if state.scored_jobs > 0 {
        reasons.push(Because::with(ReasonCode::ReliabilityNeutral, state.failed_jobs, rests_on));
    }
    if let Some(capability) = &state.capability {
        let message = digest(&capability.message);
        reasons.push(Because::with(ReasonCode::SlotsNeutral, 1, Some(message)));
        reasons.push(Because::of(ReasonCode::StorageNeutral, message));
    }
}
