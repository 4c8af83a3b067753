//! Statements: what everybody who took part in an epoch is told.

use cid::Cid;
use liaise_ledger::genesis::Parameters;
use liaise_ledger::{Account, EpochNumber, Hash};

use super::FoldError;
use super::account::Split;
use super::because::{Because, TOUCHED};
use super::book::Book;
use super::deal::Dealt;
use super::fact::digest;
use super::part::Place;
use super::people::{NOBODY, People, Person};
use super::reasons::ReasonCode;
use super::settle::Settled;
use super::state::{AccountState, Flaw};
use super::tickets::Closed;
use crate::artefact::{Cbor, Shelf, Touch, put_touched};

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
    let all = (0..people.len() as Person).filter(|who| told.has_part(*who as usize));
    let rows: Vec<(Person, u32)> = all.flat_map(|who| (0..told.rows_of(who)).map(move |row| (who, row))).collect();
    let touches: [Touch<'_, _>; 2] = [&|(who, _)| told.touch(*who), &|(who, _)| told.touch_tasks(*who)];
    let (chunks, pay) = put_touched(shelf, &rows, &touches, |(who, row), out| told.write(*who, *row, out))?;
    Ok((chunks, pay.into_iter().flatten().collect()))
}

/// Reasons of a row. They and the tasks of a row stay together below a block's 16 MiB, at some 150 and 41 bytes each: whoever
/// has more gets further rows. Only a node that had a part in very many tasks does.
const REASONS: usize = 1 << 16;
const TASKS: usize = 1 << 16;

/// What of a list stands in one of an account's rows.
fn slice<T>(list: &[T], size: usize, row: u32) -> &[T] {
    let begin = (row as usize).saturating_mul(size).min(list.len());
    &list[begin..list.len().min(begin + size)]
}

impl Told<'_> {
    fn has_part(&self, owner: usize) -> bool {
        let (lines, messages, closed) = (self.lines.of(owner), self.messages.of(owner), self.closed.of(owner));
        !(lines.is_empty() && messages.is_empty() && closed.is_empty())
    }

    /// How many rows an account's statement has.
    fn rows_of(&self, who: Person) -> u32 {
        let owner = who as usize;
        let lines = self.lines.of(owner).len();
        // At most four reasons a line, one a message and ticket, and some of the account's own.
        let most = 4 * lines + self.messages.of(owner).len() + self.closed.of(owner).len() + 8;
        if most <= REASONS {
            return 1;
        }
        let (reasons, tasks) = self.all_of(who);
        let rows = reasons.len().div_ceil(REASONS).max(tasks.len().div_ceil(TASKS)).max(1);
        u32::try_from(rows).expect("as many reasons as messages at most")
    }

    /// Looks at what an account is told of, and at what its tasks are told from.
    fn touch(&self, who: Person) -> u64 {
        let owner = who as usize;
        let messages = self.messages.of(owner).iter().take(TOUCHED);
        let messages =
            messages.fold(0, |sum, place| sum ^ self.book.touch(*place) ^ u64::from(self.book.at(*place).who));
        let tasks = self.lines.of(owner).iter().take(TOUCHED).map(|(index, _)| &self.tasks[*index as usize]);
        let tasks = tasks.fold(0, |sum, task| sum ^ u64::from(task.root) ^ u64::from(task.used_permille));
        messages ^ tasks ^ self.people.touch(who) ^ self.people.state(who).scored_jobs
    }

    fn touch_tasks(&self, who: Person) -> u64 {
        self.lines.of(who as usize).iter().take(TOUCHED).fold(0, |sum, (index, line)| {
            let task = &self.tasks[*index as usize];
            let result = task.winner.map_or(0, |won| self.book.touch(won.result));
            sum ^ u64::from(task.lines[*line as usize].who) ^ self.book.touch(task.root) ^ result
        })
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
        let named = reasons.iter().flat_map(|reason| reason.messages.iter().flatten());
        let own = messages.iter().chain(closed.iter().map(|(ticket, _)| ticket)).map(|place| self.book.id(*place));
        // Mostly the first bytes decide.
        let front = |id: &Hash| u64::from_be_bytes(id.0[..8].try_into().expect("8 bytes of 32"));
        named.chain(own).map(|id| (front(id), id)).min().map(|(_, id)| *id)
    }

    /// The shares of an account: won, judged, prompted.
    fn shares(&self, who: Person) -> [u64; 3] {
        [&self.split.won, &self.split.judged, &self.split.prompted].map(|shares| shares[who as usize])
    }

    /// All reasons of an account, and its tasks.
    fn all_of(&self, who: Person) -> (Vec<Because>, Vec<u32>) {
        let owner = who as usize;
        let gross: u64 = self.shares(who).iter().sum();
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
        (reasons, tasks)
    }

    /// Writes one of an account's rows; the first one's amounts are its pay, the others have none.
    fn write(&self, who: Person, row: u32, out: &mut Cbor) -> Option<Pay> {
        let [won, judged, prompted] = if row == 0 { self.shares(who) } else { [0; 3] };
        let gross = won + judged + prompted;
        let gated = won + judged + permille(prompted, GATE_PERMILLE);
        let held = permille(gated, HOLD_PERMILLE);
        let net = gated - held;
        let (reasons, tasks) = self.all_of(who);
        let (reasons, tasks) = (slice(&reasons, REASONS, row), slice(&tasks, TASKS, row));

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
        (row == 0).then(|| Pay { account: account.clone(), gross, gated, held, net })
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
        Flaw::Link => ReasonCode::Link,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_share_a_list_between_them() {
        let list: Vec<u32> = (0..10).collect();
        let rows: Vec<&[u32]> = (0..4).map(|row| slice(&list, 4, row)).collect();
        assert_eq!(rows, [&list[..4], &list[4..8], &list[8..], &[]]);
        assert_eq!(slice(&list, 10, 0), list);
        assert!(slice(&list, 10, u32::MAX).is_empty());
    }
}
