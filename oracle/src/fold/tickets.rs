//! Tickets and prompts: which ones count, and when a ticket is over.

use hashbrown::HashMap;
use liaise_ledger::EpochNumber;
use liaise_ledger::body::Ticket;
use liaise_ledger::genesis::Genesis;

use super::book::Book;
use super::fact::Drawing;
use super::part::Place;
use super::people::{NOBODY, People, Person};
use super::said::Said;
use super::shared::Shared;
use super::state::Flaw;

/// A ticket is observed at least this long before its round.
const AHEAD_MS: u64 = 1_000;
/// A ticket names a round at most this many ahead, and ends as many after it.
pub const TICKET_ROUNDS: u64 = 200;
/// Snapshots that a ticket may name: this many epochs back.
const SNAPSHOTS_BACK: i64 = 4;

/// When a ticket ends: 200 rounds after its round, milliseconds since 1970.
pub fn end_ms(genesis: &Genesis, ticket: &Ticket) -> u64 {
    genesis.round_time_ms(ticket.round.saturating_add(TICKET_ROUNDS))
}

/// The ticket that a message of the book is.
pub fn ticket_at<'a>(book: &Book<'a>, place: Place) -> Option<&'a Ticket> {
    drawing_at(book, place).map(|drawing| &drawing.ticket)
}

/// The same, with what was kept of its draw.
pub fn drawing_at<'a>(book: &Book<'a>, place: Place) -> Option<&'a Drawing> {
    match book.says(place)? {
        Said::Ticket(drawing) => Some(drawing),
        _ => None,
    }
}

/// What stands of earlier seals, and grows message by message.
struct Counter {
    /// Tickets of each cluster that were not used, with their ends.
    open: HashMap<Person, Vec<(Place, u64)>>,
    /// By number: tickets that a root has used.
    used: Vec<bool>,
}

impl Counter {
    fn of(genesis: &Genesis, people: &People, book: &Book<'_>) -> Counter {
        let mut counter = Counter { open: HashMap::new(), used: vec![false; book.len()] };
        for place in book.observed().filter(|place| !book.is_fresh(*place) && book.at(*place).flaw.is_none()) {
            let who = book.at(place).who;
            match book.says(place) {
                Some(Said::Ticket(drawing)) if who != NOBODY => {
                    let end = end_ms(genesis, &drawing.ticket);
                    counter.open.entry(people.head(who)).or_default().push((place, end));
                }
                Some(Said::Root(root)) => counter.used[book.parent(place, root.ticket) as usize] = true,
                _ => {}
            }
        }
        let Counter { open, used } = &mut counter;
        for tickets in open.values_mut() {
            tickets.retain(|(ticket, _)| !used[*ticket as usize]);
        }
        counter
    }
}

/// Marks the flaws of tickets, of the roots of tasks and of removals among what a seal observed, in that order of time.
/// What counted at an earlier seal stands.
pub fn mark(genesis: &Genesis, shared: &Shared, people: &People, book: &mut Book<'_>, fresh: &[(u64, Place)]) {
    let mut counter = Counter::of(genesis, people, book);
    for (at_ms, place) in fresh {
        let entry = *book.at(*place);
        if entry.flaw.is_some() || entry.who == NOBODY {
            continue;
        }
        let cluster = people.head(entry.who);
        let is_curator = || genesis.is_curator(people.name(entry.who));
        let flaw = match book.says(*place) {
            Some(Said::Ticket(drawing)) => {
                let ticket = &drawing.ticket;
                let epoch = book.observation(*place).expect("it is fresh").epoch;
                let open = counter.open.entry(cluster).or_default();
                let others = open.iter().filter(|(_, end)| end > at_ms).count() as u64;
                let flaw = flaw_of_ticket(genesis, shared, ticket, epoch, *at_ms, others);
                if flaw.is_none() {
                    open.push((*place, end_ms(genesis, ticket)));
                }
                flaw
            }
            Some(Said::Removal(_)) if !is_curator() => Some(Flaw::Curator),
            Some(Said::Root(root)) if root.text.is_none() && !is_curator() => Some(Flaw::Curator),
            Some(Said::Root(root)) => {
                let ticket = book.parent(*place, root.ticket);
                let flaw = flaw_of_root(genesis, book, entry.who, ticket, *at_ms, &counter);
                if flaw.is_none() {
                    counter.used[ticket as usize] = true;
                    counter.open.entry(cluster).or_default().retain(|(open, _)| *open != ticket);
                }
                flaw
            }
            _ => None,
        };
        book.at_mut(*place).flaw = flaw;
    }
}

fn flaw_of_ticket(
    genesis: &Genesis,
    shared: &Shared,
    ticket: &Ticket,
    epoch: EpochNumber,
    at_ms: u64,
    others_open: u64,
) -> Option<Flaw> {
    let ahead = at_ms.saturating_add(AHEAD_MS) <= genesis.round_time_ms(ticket.round);
    let near = ticket.round <= genesis.round_at(at_ms).saturating_add(TICKET_ROUNDS);
    if !ahead || !near {
        Some(Flaw::TicketRound)
    } else if !(epoch - SNAPSHOTS_BACK..epoch).contains(&ticket.snapshot) {
        Some(Flaw::TicketSnapshot)
    } else if shared.certified(&ticket.adapter, epoch).is_none() {
        Some(Flaw::TicketAdapter)
    } else if others_open >= genesis.parameters.tickets_open {
        Some(Flaw::TicketOpen)
    } else {
        None
    }
}

fn flaw_of_root(
    genesis: &Genesis,
    book: &Book<'_>,
    who: Person,
    ticket: Place,
    at_ms: u64,
    counter: &Counter,
) -> Option<Flaw> {
    let is_mine = book.counts_from(ticket).is_some() && book.at(ticket).who == who;
    match ticket_at(book, ticket).filter(|_| is_mine) {
        Some(_) if counter.used[ticket as usize] => Some(Flaw::PromptSecond),
        Some(terms) if at_ms <= end_ms(genesis, terms) => None,
        _ => Some(Flaw::PromptTicket),
    }
}

/// A ticket that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Whose.
    pub who: Person,
    /// The ticket.
    pub ticket: Place,
    /// Whether a root used it.
    pub is_used: bool,
}

/// Closes the tickets that were used in an epoch or earlier, or had ended by its end, in the order of observation.
pub fn close(genesis: &Genesis, book: &mut Book<'_>, epoch: EpochNumber) -> Vec<Closed> {
    let end = genesis.epoch_end_ms(epoch);
    let mut used = vec![false; book.len()];
    let mut tickets = vec![];
    for place in book.observed().filter(|place| book.at(*place).flaw.is_none()) {
        match book.says(place) {
            Some(Said::Root(root)) => {
                let is_past = book.observation(place).is_some_and(|observation| observation.epoch <= epoch);
                used[book.parent(place, root.ticket) as usize] |= is_past;
            }
            Some(Said::Ticket(drawing)) => tickets.push((place, end_ms(genesis, &drawing.ticket))),
            _ => {}
        }
    }
    let mut closed: Vec<(u64, Closed)> = Vec::new();
    for (place, end_ms) in tickets {
        let (is_used, entry) = (used[place as usize], *book.at(place));
        if !entry.closed && entry.who != NOBODY && (is_used || end_ms <= end) {
            let at_ms = book.counts_from(place).expect("it is observed and counts");
            book.at_mut(place).closed = true;
            closed.push((at_ms, Closed { who: entry.who, ticket: place, is_used }));
        }
    }
    closed.sort_unstable_by_key(|(at_ms, closed)| (*at_ms, book.id(closed.ticket)));
    closed.into_iter().map(|(_, closed)| closed).collect()
}
