//! Tickets and prompts: which ones count, and when a ticket is over.

use std::collections::{BTreeMap, HashMap, HashSet};

use liaise_ledger::EpochNumber;
use liaise_ledger::body::Ticket;
use liaise_ledger::genesis::Genesis;

use super::book::{Book, NOWHERE, Place};
use super::fact::Says;
use super::people::{NOBODY, People, Person};
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
    match book.entries.get(place as usize)?.says()? {
        Says::Ticket(ticket) => Some(ticket),
        _ => None,
    }
}

/// What stands of earlier seals, and grows message by message.
#[derive(Default)]
struct Counter {
    /// Tickets of each account that were not used, with their ends.
    open: HashMap<Person, BTreeMap<Place, u64>>,
    /// Tickets that a root has used.
    used: HashSet<Place>,
}

impl Counter {
    fn of(genesis: &Genesis, book: &Book<'_>, seal: EpochNumber) -> Counter {
        let mut counter = Counter::default();
        for (place, entry) in book.iter() {
            if entry.flaw.is_some() || entry.observation.is_none_or(|observation| observation.seal >= seal) {
                continue;
            }
            match entry.says() {
                Some(Says::Ticket(ticket)) if entry.who != NOBODY => {
                    counter.open.entry(entry.who).or_default().insert(place, end_ms(genesis, ticket));
                }
                Some(Says::Root(root)) => _ = counter.used.insert(book.parent(entry, root.ticket)),
                _ => {}
            }
        }
        for tickets in counter.open.values_mut() {
            tickets.retain(|ticket, _| !counter.used.contains(ticket));
        }
        counter
    }
}

/// Marks the flaws of tickets, of the roots of tasks and of removals among what a seal observed, in that order of time.
/// What counted at an earlier seal stands.
pub fn mark(
    genesis: &Genesis,
    shared: &Shared,
    people: &People,
    book: &mut Book<'_>,
    fresh: &[(u64, Place)],
    seal: EpochNumber,
) {
    let mut counter = Counter::of(genesis, book, seal);
    for (at_ms, place) in fresh {
        let entry = book.at(*place);
        if entry.flaw.is_some() || entry.who == NOBODY {
            continue;
        }
        let is_curator = || genesis.is_curator(people.name(entry.who));
        let flaw = match entry.says() {
            Some(Says::Ticket(ticket)) => {
                let epoch = entry.observation.expect("it is fresh").epoch;
                let open = counter.open.entry(entry.who).or_default();
                let others = open.values().filter(|end| **end > *at_ms).count() as u64;
                let flaw = flaw_of_ticket(genesis, shared, ticket, epoch, *at_ms, others);
                if flaw.is_none() {
                    open.insert(*place, end_ms(genesis, ticket));
                }
                flaw
            }
            Some(Says::Removal(_)) if !is_curator() => Some(Flaw::Curator),
            Some(Says::Root(root)) if root.text.is_none() && !is_curator() => Some(Flaw::Curator),
            Some(Says::Root(root)) => {
                let ticket = book.parent(entry, root.ticket);
                let flaw = flaw_of_root(genesis, book, entry.who, ticket, *at_ms, &counter);
                if flaw.is_none() {
                    counter.used.insert(ticket);
                    counter.open.entry(entry.who).or_default().remove(&ticket);
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
    let is_mine = ticket != NOWHERE && book.at(ticket).counts_from().is_some() && book.at(ticket).who == who;
    match ticket_at(book, ticket).filter(|_| is_mine) {
        Some(_) if counter.used.contains(&ticket) => Some(Flaw::PromptSecond),
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
    let mut used = HashSet::new();
    for entry in book.entries.iter().filter(|entry| entry.flaw.is_none()) {
        if let Some(Says::Root(root)) = entry.says()
            && entry.observation.is_some_and(|observation| observation.epoch <= epoch)
        {
            used.insert(book.parent(entry, root.ticket));
        }
    }
    let mut closed: Vec<(u64, Closed)> = Vec::new();
    for (place, entry) in (0..).zip(&mut book.entries) {
        let (false, Some(at_ms), Some(Says::Ticket(ticket))) = (entry.closed, entry.counts_from(), entry.says()) else {
            continue;
        };
        let is_used = used.contains(&place);
        if entry.who != NOBODY && (is_used || end_ms(genesis, ticket) <= end) {
            entry.closed = true;
            closed.push((at_ms, Closed { who: entry.who, ticket: place, is_used }));
        }
    }
    closed.sort_unstable_by_key(|(at_ms, closed)| (*at_ms, closed.ticket));
    closed.into_iter().map(|(_, closed)| closed).collect()
}
