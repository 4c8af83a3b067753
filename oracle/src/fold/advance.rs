//! From one epoch's end to the state that the next one starts from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cid::Cid;
use liaise_ledger::{EpochNumber, Hash};

use super::book::Book;
use super::done::DoneRows;
use super::fact::Kind;
use super::observe::is_forgotten;
use super::part::{NOWHERE, Place};
use super::people::{NOBODY, People, Person};
use super::said::Said;
use super::settle::{Root, Settled};
use super::state::{CapabilityState, Carried, Flaw, FoldState, TICKETS_REMEMBERED, WINDOW_EPOCHS};
use super::tickets::Closed;
use super::unlock::next_h;

/// Closed tickets join their users' last ones.
pub fn remember_tickets(people: &mut People, closed: &[Closed]) {
    for closed in closed {
        let tickets = &mut people.state_mut(closed.who).tickets;
        tickets.push(closed.is_used);
        let surplus = tickets.len().saturating_sub(TICKETS_REMEMBERED);
        tickets.drain(..surplus);
    }
}

/// Capabilities that a seal observed; the newest of an account counts.
pub fn take_capabilities(people: &mut People, book: &Book<'_>, fresh: &[(u64, Place)]) {
    for (at_ms, place) in fresh {
        let entry = book.at(*place);
        let (Some(Said::Capability(body)), None) = (book.says(*place), entry.flaw) else { continue };
        let state = people.state_mut(entry.who);
        let message = book.cid(*place);
        let newer = |known: &CapabilityState| (known.at_ms, known.message) < (*at_ms, message);
        if state.capability.as_deref().is_none_or(newer) {
            state.capability = Some(Box::new(CapabilityState {
                message,
                at_ms: *at_ms,
                adapters: body.adapters.clone(),
                light: body.light,
                drain_round: body.drain_round,
            }));
        }
    }
}

/// Jobs and equivocations of an epoch.
pub fn score(people: &mut People, book: &Book<'_>, epoch: EpochNumber, tasks: &[Settled]) {
    let job = |people: &mut People, who: Person, good: bool| {
        let state = people.state_mut(who);
        state.scored_jobs += 1;
        state.failed_jobs += u64::from(!good);
    };
    for task in tasks {
        // Lines stand by account: a participant's are one job, done well if all of them were.
        let scored = task.lines.iter().filter_map(|line| Some((line.who, line.scored?)));
        let mut last: Option<(Person, bool)> = None;
        for (who, good) in scored {
            last = match last {
                Some((same, all_good)) if same == who => Some((who, all_good && good)),
                Some((other, all_good)) => {
                    job(people, other, all_good);
                    Some((who, good))
                }
                None => Some((who, good)),
            };
        }
        if let Some((who, all_good)) = last {
            job(people, who, all_good);
        }
    }
    let mut doubled: BTreeMap<Hash, Person> = BTreeMap::new();
    for place in book.observed() {
        let entry = book.at(place);
        // What wallets say anybody may send, under any key: it blames nobody.
        let by_wallet = book.row(place).is_none_or(|row| matches!(row.kind(), Kind::Session | Kind::Link));
        if entry.flaw == Some(Flaw::Equivocation)
            && entry.who != NOBODY
            && !by_wallet
            && book.observation(place).is_some_and(|observation| observation.epoch == epoch)
        {
            doubled.insert(*book.place_of(place), entry.who);
        }
    }
    doubled.into_values().for_each(|who| job(people, who, false));
}

/// Every account's h at the epoch's end: distinct texts of prompts whose task was accepted. A cluster's are counted as one
/// account's: a text that two of it asked is the lower one's, and as many count of all of them as of one.
pub fn unlock(people: &mut People, book: &Book<'_>, tasks: &[Settled]) {
    people.known_mut().for_each(|state| state.unlock = next_h(state.unlock, 0));
    let accepted = tasks.iter().filter(|task| task.winner.is_some());
    let mut texts: Vec<(Person, Hash, Person)> = accepted
        .filter_map(|task| match book.says(task.root) {
            Some(Said::Root(root)) => Some((people.head(task.user), root.text?, task.user)),
            _ => None,
        })
        .collect();
    texts.sort_unstable();
    texts.dedup_by_key(|(head, text, _)| (*head, *text));
    texts.sort_unstable_by_key(|(head, text, user)| (*head, *user, *text));
    for texts in texts.chunk_by(|a, b| a.0 == b.0) {
        let mut counted = 0;
        for texts in texts.chunk_by(|a, b| a.2 == b.2) {
            let until = counted + texts.len() as u64;
            people.state_mut(texts[0].2).unlock += next_h(0, until) - next_h(0, counted);
            counted = until;
        }
    }
}

/// Chunks of accepted adds come in, removed ones go out for good.
pub fn take_chunks(chunks: &mut BTreeMap<Hash, bool>, book: &Book<'_>, fresh: &[(u64, Place)], tasks: &[Settled]) {
    for task in tasks.iter().filter(|task| task.winner.is_some()) {
        if let Some(Said::Root(root)) = book.says(task.root) {
            root.chunks.iter().for_each(|id| _ = chunks.entry(*id).or_insert(true));
        }
    }
    for (_, place) in fresh {
        if let (Some(Said::Removal(removed)), None) = (book.says(*place), book.at(*place).flaw) {
            chunks.extend(removed.chunks.iter().map(|id| (*id, false)));
        }
    }
}

/// Splits what is carried into what the next epoch needs and what is done with (numbers, and since when it was observed), and
/// forgets what is too old.
pub fn split(
    book: &Book<'_>,
    open: &[Root<'_>],
    waiting: &BTreeSet<Cid>,
    seal: EpochNumber,
) -> (BTreeMap<Cid, Carried>, Vec<(Place, u64)>) {
    let mut is_open = vec![false; book.len()];
    for root in open {
        is_open[root.place as usize] = true;
        is_open[root.ticket_place as usize] = true;
    }
    let is_open = |place: Place| place != NOWHERE && is_open[place as usize];
    let mut next = BTreeMap::new();
    let mut done = Vec::new();
    for place in book.places() {
        let (Some(observation), Some(row)) = (book.observation(place), book.row(place)) else {
            if !is_forgotten(book.since(place), seal) {
                next.insert(book.cid(place), book.carried(place));
            }
            continue;
        };
        let is_needed = match row.kind() {
            Kind::Ticket => !book.at(place).closed || is_open(place),
            Kind::Decree => waiting.contains(&book.cid(place)),
            _ => is_open(place) || is_open(row.task),
        };
        // What belongs to the next epoch stays for its statements, whatever it is.
        if observation.epoch > seal || book.at(place).flaw.is_none() && is_needed {
            next.insert(book.cid(place), book.carried(place));
        } else {
            done.push((place, observation.at_ms));
        }
    }
    let others = book.others().iter().filter(|(_, carried)| !is_forgotten(carried.since, seal));
    next.extend(others.map(|(id, carried)| (**id, (*carried).clone())));
    (next, done)
}

/// Adds a seal's rows to the window and drops those that left it.
pub fn remember(before: &FoldState, done: DoneRows, seal: EpochNumber) -> BTreeMap<EpochNumber, Arc<DoneRows>> {
    let mut observed = before.observed.clone();
    observed.insert(seal, Arc::new(done));
    observed.retain(|epoch, _| epoch.saturating_add(WINDOW_EPOCHS) > seal);
    observed
}
