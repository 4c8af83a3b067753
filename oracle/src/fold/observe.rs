//! The stage `observe`: which messages count from this seal on, and from when.

use std::collections::{BTreeMap, VecDeque};

use liaise_ledger::genesis::Genesis;
use liaise_ledger::{EpochNumber, Hash};

use super::book::{Book, NOWHERE, Place};
use super::deal::Dealt;
use super::fact::Says;
use super::input::Part;
use super::people::People;
use super::places;
use super::sessions::{Admission, Sessions};
use super::state::{Flaw, FoldState, Observation, StoreReceipt, WINDOW_EPOCHS};

/// The epoch of a time: the first, not before `seal`, whose end is not before it.
pub fn epoch_of(genesis: &Genesis, at_ms: u64, seal: EpochNumber) -> EpochNumber {
    genesis.epoch_of(at_ms.saturating_sub(1)).max(seal)
}

/// Observes what has a quorum of receipts, all its parents, and a session that its key may sign under. Returns the fresh
/// messages that change something beside their tasks, by observation and id.
pub fn observe(
    genesis: &Genesis,
    before: &FoldState,
    seal: EpochNumber,
    part: &Part,
    book: &mut Book<'_>,
    people: &mut People,
) -> Vec<(u64, Place)> {
    let mut sessions = Sessions::default();
    let order = Order::of(before, part, book);
    order.run(genesis, seal, book, people, &mut sessions);
    let is_fresh = |observation: Option<Observation>| observation.is_some_and(|observation| observation.seal == seal);
    for entry in book.entries.iter_mut().filter(|entry| is_fresh(entry.observation)) {
        let (Some(fact), Some(observation)) = (entry.fact, entry.observation) else { continue };
        // What was allowed when it was observed may have been revoked at an earlier time by the same seal.
        if entry.flaw.is_none()
            && sessions.is_revoked(entry.who)
            && !sessions.allow(people, entry.who, fact, observation.at_ms)
        {
            entry.flaw = Some(Flaw::Session);
        }
    }
    mark_equivocations(before, book, seal);
    let matters = |entry: &super::book::Entry<'_>| {
        matches!(entry.says(), Some(Says::Ticket(_) | Says::Root(_) | Says::Removal(_) | Says::Capability(_)))
    };
    let fresh = book.iter().filter(|(_, entry)| is_fresh(entry.observation) && matters(entry));
    let mut fresh: Vec<(u64, Place)> =
        fresh.map(|(place, entry)| (entry.observation.expect("it is fresh").at_ms, place)).collect();
    fresh.sort_unstable();
    fresh
}

/// Which unobserved messages wait for which others.
struct Order {
    /// Of each place, how many parents it waits for; null for a message that is observed or not at hand.
    waits_for: Vec<Option<u8>>,
    children: Dealt<Place>,
}

impl Order {
    fn of(before: &FoldState, part: &Part, book: &Book<'_>) -> Order {
        let is_open = |place: Place| place != NOWHERE && book.at(place).observation.is_none();
        let mut waits_for = vec![None; book.entries.len()];
        for (place, entry) in book.iter() {
            let Some(fact) = entry.fact.filter(|fact| !matches!(fact.says, Says::Unreceipted)) else { continue };
            if entry.observation.is_none() {
                let parents = book.parents(entry).iter().zip(&fact.parents);
                let waits =
                    |(at, id): &(&Place, &Hash)| is_open(**at) || **at == NOWHERE && !is_known(before, part, id);
                let count = parents.filter(waits).count();
                waits_for[place as usize] = Some(u8::try_from(count).expect("at most 16 parents"));
            }
        }
        let waiting = || book.iter().filter(|(place, _)| waits_for[*place as usize].is_some());
        let children = Dealt::new(book.entries.len(), || {
            waiting().flat_map(|(place, entry)| {
                let open = book.parents(entry).iter().filter(|parent| is_open(**parent));
                open.map(move |parent| (*parent as usize, place))
            })
        });
        Order { waits_for, children }
    }

    /// Observes in the order of parents; what waits for a session is tried again when one was observed.
    fn run(
        mut self,
        genesis: &Genesis,
        seal: EpochNumber,
        book: &mut Book<'_>,
        people: &mut People,
        sessions: &mut Sessions,
    ) {
        let mut sessionless: BTreeMap<(u32, Vec<u8>), Vec<Place>> = BTreeMap::new();
        let ready = (0..).zip(&self.waits_for).filter(|(_, waits)| **waits == Some(0)).map(|(place, _)| place);
        let mut ready: VecDeque<Place> = ready.collect();
        let mut walls = Vec::new();
        while let Some(place) = ready.pop_front() {
            let entry = book.at(place);
            let fact = entry.fact.expect("it is at hand");
            let own = wall_ms(&entry.receipts, &mut walls);
            let parents = book.parents(entry).iter().filter(|parent| **parent != NOWHERE);
            let mut at_ms =
                parents.filter_map(|parent| book.at(*parent).observation).fold(own, |at, o| at.max(o.at_ms));
            let who = entry.who;
            let mut flaw = None;
            match sessions.admit(genesis, people, who, entry, at_ms) {
                Admission::Waits => {
                    sessionless.entry((who, fact.key.to_vec())).or_default().push(place);
                    continue;
                }
                Admission::Opens => ready.extend(sessionless.remove(&(who, fact.key.to_vec())).unwrap_or_default()),
                Admission::From(from_ms) => {
                    at_ms = at_ms.max(from_ms);
                    flaw = (!sessions.allow(people, who, fact, at_ms)).then_some(Flaw::Session);
                }
                Admission::Free => {}
            }
            let epoch = epoch_of(genesis, at_ms, seal);
            let entry = book.at_mut(place);
            entry.observation = Some(Observation { at_ms, seal, epoch });
            entry.flaw = flaw;
            for child in self.children.of(place as usize) {
                let waits = self.waits_for[*child as usize].as_mut().expect("it waits");
                *waits -= 1;
                if *waits == 0 {
                    ready.push_back(*child);
                }
            }
        }
    }
}

/// Whether a message outside the book was observed before.
fn is_known(before: &FoldState, part: &Part, id: &Hash) -> bool {
    before.done(id).is_some() || part.older.contains(&id.to_cid(liaise_ledger::hash::DAG_CBOR))
}

/// The lower median of the witnesses' wall clocks.
fn wall_ms(receipts: &[StoreReceipt], walls: &mut Vec<u64>) -> u64 {
    walls.clear();
    walls.extend(receipts.iter().map(|receipt| receipt.wall_ms));
    walls.sort_unstable();
    walls[(walls.len() - 1) / 2]
}

/// Of two observed messages with one author, key and sequence neither counts; where one is done with, the other does not.
fn mark_equivocations(before: &FoldState, book: &mut Book<'_>, seal: EpochNumber) {
    let old = before.observed.values().flat_map(|rows| rows.rows().iter().map(|(_, done)| done.place));
    let twice = places::twice(book, old);
    let mut by_place: BTreeMap<Hash, (bool, Vec<Place>)> = BTreeMap::new();
    for place in twice.suspects {
        let entry = book.at(place);
        let is_fresh = entry.observation.is_some_and(|observation| observation.seal == seal);
        let (fresh, rivals) = by_place.entry(entry.fact.expect("it is observed").place).or_default();
        *fresh |= is_fresh;
        rivals.push(place);
    }
    for (hash, (has_fresh, rivals)) in by_place {
        if has_fresh && (rivals.len() > 1 || twice.old.contains(&hash)) {
            for rival in rivals {
                book.at_mut(rival).flaw = Some(Flaw::Equivocation);
            }
        }
    }
}

/// Whether a message that is not observed has waited too long.
pub fn is_forgotten(since: EpochNumber, seal: EpochNumber) -> bool {
    since.saturating_add(WINDOW_EPOCHS) <= seal
}
