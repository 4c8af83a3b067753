//! Tickets and prompts: which ones count, and when a ticket is over.

use std::collections::BTreeMap;
use std::sync::Arc;

use cid::Cid;
use liaise_ledger::body::Ticket;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::{Account, Author, Body, EpochNumber, Verified};

use super::shared::Shared;
use super::state::{Carried, Flaw};

/// A ticket is observed at least this long before its round.
const AHEAD_MS: u64 = 1_000;
/// A ticket names a round at most this many ahead, and ends as many after it.
pub const TICKET_ROUNDS: u64 = 200;
/// Snapshots that a ticket may name: this many epochs back.
const SNAPSHOTS_BACK: i64 = 4;

/// The ticket that a task's root names.
pub fn ticket_of(body: &Body) -> Option<Cid> {
    match body {
        Body::Prompt(prompt) => Some(prompt.ticket),
        Body::RetrievalAdd(add) => Some(add.ticket),
        _ => None,
    }
}

/// When a ticket ends: 200 rounds after its round, milliseconds since 1970.
pub fn end_ms(genesis: &Genesis, ticket: &Ticket) -> u64 {
    genesis.round_time_ms(ticket.round.saturating_add(TICKET_ROUNDS))
}

type Carry = BTreeMap<Cid, Carried>;
type Messages = BTreeMap<Cid, Arc<Verified>>;

/// What stands of earlier seals, and grows message by message.
#[derive(Default)]
struct Book {
    /// Tickets of each account that were not used, with their ends.
    open: BTreeMap<Account, BTreeMap<Cid, u64>>,
    /// Tickets that a root has used.
    used: BTreeMap<Cid, Cid>,
}

impl Book {
    fn of(genesis: &Genesis, messages: &Messages, carry: &Carry, seal: EpochNumber) -> Book {
        let mut book = Book::default();
        let old = carry.iter().filter(|(_, c)| c.observation.is_some_and(|o| o.seal < seal) && c.flaw.is_none());
        for (id, _) in old {
            let Some(message) = messages.get(id).map(|message| &message.message) else { continue };
            match (&message.author, &message.body) {
                (Author::Account(account), Body::Ticket(ticket)) => {
                    book.open.entry(account.clone()).or_default().insert(*id, end_ms(genesis, ticket));
                }
                (_, body) => {
                    if let Some(ticket) = ticket_of(body) {
                        book.used.insert(ticket, *id);
                    }
                }
            }
        }
        for tickets in book.open.values_mut() {
            tickets.retain(|ticket, _| !book.used.contains_key(ticket));
        }
        book
    }
}

/// Marks the flaws of tickets, of the roots of tasks and of removals among what a seal observed, in that order of time.
/// What counted at an earlier seal stands.
pub fn mark(
    genesis: &Genesis,
    shared: &Shared,
    messages: &Messages,
    carry: &mut Carry,
    fresh: &[(u64, Cid)],
    seal: EpochNumber,
) {
    let mut book = Book::of(genesis, messages, carry, seal);
    for (at_ms, id) in fresh {
        if carry[id].flaw.is_some() {
            continue;
        }
        let message = &messages[id].message;
        let Author::Account(account) = &message.author else { continue };
        let flaw = match &message.body {
            Body::Ticket(ticket) => {
                let epoch = carry[id].observation.expect("it is fresh").epoch;
                let open = book.open.entry(account.clone()).or_default();
                let others = open.values().filter(|end| **end > *at_ms).count() as u64;
                let flaw = flaw_of_ticket(genesis, shared, ticket, epoch, *at_ms, others);
                if flaw.is_none() {
                    open.insert(*id, end_ms(genesis, ticket));
                }
                flaw
            }
            Body::RetrievalRemove(_) if !genesis.is_curator(account) => Some(Flaw::Curator),
            Body::RetrievalAdd(_) if !genesis.is_curator(account) => Some(Flaw::Curator),
            body => ticket_of(body).and_then(|ticket| {
                let flaw = flaw_of_root(genesis, messages, carry, account, &ticket, *at_ms, &book);
                if flaw.is_none() {
                    book.used.insert(ticket, *id);
                    book.open.entry(account.clone()).or_default().remove(&ticket);
                }
                flaw
            }),
        };
        carry.get_mut(id).expect("it is carried").flaw = flaw;
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
    messages: &Messages,
    carry: &Carry,
    account: &Account,
    ticket: &Cid,
    at_ms: u64,
    book: &Book,
) -> Option<Flaw> {
    let terms = carry.get(ticket).filter(|carried| carried.counts_from().is_some()).and_then(|_| {
        let message = &messages.get(ticket)?.message;
        let mine = message.author == Author::Account(account.clone());
        match &message.body {
            Body::Ticket(terms) if mine => Some(terms),
            _ => None,
        }
    });
    match terms {
        Some(_) if book.used.contains_key(ticket) => Some(Flaw::PromptSecond),
        Some(terms) if at_ms <= end_ms(genesis, terms) => None,
        _ => Some(Flaw::PromptTicket),
    }
}

/// A ticket that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Whose.
    pub account: Account,
    /// The ticket.
    pub ticket: Cid,
    /// The root that used it, or null.
    pub root: Option<Cid>,
}

/// Closes the tickets that were used in an epoch or earlier, or had ended by its end, in the order of observation.
pub fn close(genesis: &Genesis, messages: &Messages, carry: &mut Carry, epoch: EpochNumber) -> Vec<Closed> {
    let end = genesis.epoch_end_ms(epoch);
    let mut roots: BTreeMap<Cid, Cid> = BTreeMap::new();
    for (id, carried) in carry.iter().filter(|(_, c)| c.flaw.is_none()) {
        let in_time = carried.observation.is_some_and(|observation| observation.epoch <= epoch);
        if let Some(ticket) = messages.get(id).and_then(|message| ticket_of(&message.message.body))
            && in_time
        {
            roots.insert(ticket, *id);
        }
    }
    let mut closed: Vec<(u64, Closed)> = Vec::new();
    for (id, carried) in carry.iter_mut().filter(|(_, c)| !c.closed) {
        let (Some(at_ms), Some(message)) = (carried.counts_from(), messages.get(id)) else { continue };
        let (Body::Ticket(ticket), Author::Account(account)) = (&message.message.body, &message.message.author) else {
            continue;
        };
        let root = roots.get(id).copied();
        if root.is_some() || end_ms(genesis, ticket) <= end {
            carried.closed = true;
            closed.push((at_ms, Closed { account: account.clone(), ticket: *id, root }));
        }
    }
    closed.sort_by_key(|(at_ms, closed)| (*at_ms, closed.ticket));
    closed.into_iter().map(|(_, closed)| closed).collect()
}
