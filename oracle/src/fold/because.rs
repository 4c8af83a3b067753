//! Reasons and tasks by number, and how they are written: see [`Reason`](super::Reason) and
//! [`TaskRow`](super::TaskRow), which are what is read.

use cid::Cid;
use liaise_ledger::Hash;

use super::FoldError;
use super::book::Book;
use super::people::{People, Person};
use super::reasons::ReasonCode;
use super::settle::{Line, Rest, Settled};
use crate::artefact::{Cbor, Shelf, put_touched};

/// Lines of a task, or of an account, that are touched before they are written: seldom has one more.
pub const TOUCHED: usize = 8;

/// A reason, with the digests of the messages that it rests on: at most two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Because {
    /// What it is.
    pub code: ReasonCode,
    /// A number that belongs to it.
    pub value: Option<u64>,
    /// Messages; null after the last.
    pub messages: [Option<Hash>; 2],
}

impl Because {
    /// A reason that rests on a message.
    pub fn of(code: ReasonCode, message: Hash) -> Because {
        Because { code, value: None, messages: [Some(message), None] }
    }

    /// A reason with a number.
    pub fn with(code: ReasonCode, value: u64, message: Option<Hash>) -> Because {
        Because { code, value: Some(value), messages: [message, None] }
    }

    /// The reason of a line of a task.
    pub fn of_line(book: &Book<'_>, task: &Settled, line: &Line) -> Because {
        let result = task.winner.filter(|_| line.code == ReasonCode::Prompted).map(|won| *book.id(won.result));
        Because { code: line.code, value: None, messages: [Some(book.named(&line.rests_on)), result] }
    }

    /// Writes it.
    pub fn write(&self, out: &mut Cbor) {
        out.map(3);
        out.text("code");
        out.text(self.code.name());
        out.text("value");
        out.option(self.value, Cbor::number);
        out.text("messages");
        let count = self.messages.iter().flatten().count();
        out.all(self.messages[..count].iter().flatten().collect::<Vec<_>>().into_iter(), Cbor::link);
    }
}

/// Puts tasks on a shelf, which stand by id.
///
/// # Errors
/// The shelf's.
pub fn tasks(
    book: &Book<'_>,
    people: &People,
    tasks: &[Settled],
    shelf: &mut dyn Shelf,
) -> Result<Vec<Cid>, FoldError> {
    // Tasks stand side by side, what they name does not.
    let own = |task: &Settled| {
        let first = task.lines.first().map_or(0, |line| u64::from(line.who));
        first ^ book.touch(task.root) ^ book.touch(task.ticket)
    };
    let named = |task: &Settled| {
        let line = |line: &Line| {
            let message = if let Rest::At(place) = line.rests_on { book.touch(place) } else { 0 };
            message ^ people.touch(line.who)
        };
        task.lines.iter().take(TOUCHED).fold(0, |sum, of| sum ^ line(of))
    };
    Ok(put_touched(shelf, tasks, &[&own, &named], |task, out| write_task(book, people, task, out))?.0)
}

fn write_task(book: &Book<'_>, people: &People, task: &Settled, out: &mut Cbor) {
    let name = |out: &mut Cbor, who: Person| out.text(people.name(who).as_str());
    out.map(15);
    out.text("task");
    out.link(book.id(task.root));
    out.text("user");
    name(out, task.user);
    out.text("lines");
    out.all(task.lines.iter(), |out, line| {
        out.map(3);
        out.text("reason");
        Because::of_line(book, task, line).write(out);
        out.text("scored");
        out.option(line.scored, Cbor::bool);
        out.text("account");
        name(out, line.who);
    });
    out.text("units");
    out.number(task.units);
    out.text("judges");
    out.all(task.judges.iter(), |out, judge| name(out, *judge));
    out.text("result");
    out.option(task.winner, |out, won| out.link(book.id(won.result)));
    out.text("ticket");
    out.link(book.id(task.ticket));
    out.text("winner");
    out.option(task.winner, |out, won| name(out, won.who));
    out.text("adapter");
    out.hash(&task.adapter);
    out.text("counted");
    out.number(task.counted);
    out.text("asked_ms");
    out.number(task.asked_ms);
    out.text("auditors");
    out.all(task.auditors.iter(), |out, auditor| name(out, *auditor));
    out.text("latency_ns");
    out.option(task.winner, |out, won| out.number(won.latency_ns));
    out.text("used_permille");
    out.number(task.used_permille.into());
    out.text("unlock_permille");
    out.number(task.unlock_permille.into());
}
