//! The stage `observe`: which messages count from this seal on, and from when.

use std::collections::BTreeMap;

use liaise_ledger::genesis::Genesis;
use liaise_ledger::{EpochNumber, Hash};

use super::book::Book;
use super::fact::Kind;
use super::part::{Part, Place};
use super::people::{People, Person};
use super::places;
use super::sessions::{Admission, Sessions};
use super::state::{Flaw, FoldState, WINDOW_EPOCHS};

/// The epoch of a time: the first, not before `seal`, whose end is not before it.
pub fn epoch_of(genesis: &Genesis, at_ms: u64, seal: EpochNumber) -> EpochNumber {
    genesis.epoch_of(at_ms.saturating_sub(1)).max(seal)
}

/// Observes what has a quorum of receipts, all its parents, and a session that its key may sign under. Returns the fresh
/// messages that change something beside their tasks, by observation and id.
pub fn observe(
    genesis: &Genesis,
    before: &FoldState,
    part: &Part,
    book: &mut Book<'_>,
    people: &mut People,
) -> Vec<(u64, Place)> {
    let mut observing = Observing {
        genesis,
        before,
        part,
        sessions: Sessions::of(genesis, book),
        walls: vec![],
        sessionless: BTreeMap::new(),
    };
    observing.run(book, people);
    let sessions = observing.sessions;
    let mut fresh = vec![];
    for place in 0..book.len() as Place {
        let (true, Some(row), Some(at_ms)) = (book.is_fresh(place), book.row(place), book.at_ms(place)) else {
            continue;
        };
        let entry = book.at(place);
        // What was allowed when it was observed may have been revoked at an earlier time by the same seal.
        if entry.flaw.is_none()
            && sessions.is_revoked(entry.who)
            && !sessions.allow(people, entry.who, row.scope, book.key(row), at_ms)
        {
            book.at_mut(place).flaw = Some(Flaw::Session);
        }
        if matches!(row.kind(), Kind::Ticket | Kind::Root | Kind::Removal | Kind::Capability | Kind::Link) {
            fresh.push((at_ms, place));
        }
    }
    mark_equivocations(before, book);
    fresh.sort_unstable_by_key(|(at_ms, place)| (*at_ms, book.id(*place)));
    fresh
}

/// Why a message is not observed at once.
enum Wait {
    /// For a parent.
    Parent,
    /// For a session of its key.
    Session,
}

struct Observing<'a> {
    genesis: &'a Genesis,
    before: &'a FoldState,
    part: &'a Part,
    sessions: Sessions,
    walls: Vec<u64>,
    /// What waits for a session, by account and key.
    sessionless: BTreeMap<(Person, Hash), Vec<Place>>,
}

impl Observing<'_> {
    /// Most messages come after what they name and are observed in one go. The others wait for their parents, and what
    /// waits for a session is tried again when one was observed.
    fn run(&mut self, book: &mut Book<'_>, people: &mut People) {
        let mut ready: Vec<Place> = vec![];
        let mut waiting: Vec<Place> = vec![];
        for place in 0..book.len() as Place {
            let is_candidate =
                book.at_ms(place).is_none() && book.row(place).is_some_and(|row| row.kind() != Kind::Unreceipted);
            if is_candidate && matches!(self.take(place, book, people, &mut ready), Err(Wait::Parent)) {
                waiting.push(place);
            }
        }
        let mut waits_for: BTreeMap<Place, usize> = BTreeMap::new();
        let mut children: Vec<(Place, Place)> = vec![];
        for place in waiting {
            let missing = book.parents(place).iter().copied().filter(|parent| self.known_ms(book, *parent).is_none());
            let missing: Vec<Place> = missing.collect();
            children.extend(missing.iter().map(|parent| (*parent, place)));
            waits_for.insert(place, missing.len());
            if missing.is_empty() {
                ready.push(place);
            }
        }
        children.sort_unstable();
        // What was tried already for want of a session alone is ready again with it, whatever it waits for.
        while let Some(place) = ready.pop() {
            if self.take(place, book, people, &mut ready).is_err() {
                continue;
            }
            let first = children.partition_point(|(parent, _)| *parent < place);
            for (_, child) in children[first..].iter().take_while(|(parent, _)| *parent == place) {
                let waits = waits_for.get_mut(child).expect("it waits");
                *waits -= 1;
                if *waits == 0 {
                    ready.push(*child);
                }
            }
        }
    }

    /// From when on a parent is known; `None` where it keeps its children waiting. Nobody knows any more when one was observed
    /// that is forgotten: a late receipt of it makes nobody wait.
    fn known_ms(&self, book: &Book<'_>, parent: Place) -> Option<u64> {
        if book.row(parent).is_some() {
            return book.at_ms(parent);
        }
        let id = book.id(parent);
        let done = self.before.done(id).map(|done| done.at_ms);
        done.or_else(|| self.part.older.contains(id).then_some(0))
    }

    /// Observes a message, if it waits for nothing. A delegation makes ready what waited for it.
    fn take(
        &mut self,
        place: Place,
        book: &mut Book<'_>,
        people: &mut People,
        ready: &mut Vec<Place>,
    ) -> Result<(), Wait> {
        let mut at_ms = 0;
        for parent in book.parents(place) {
            at_ms = at_ms.max(self.known_ms(book, *parent).ok_or(Wait::Parent)?);
        }
        book.walls(place, &mut self.walls);
        at_ms = at_ms.max(lower_median(&mut self.walls));
        let row = book.row(place).expect("it is at hand");
        let who = book.at(place).who;
        let key = book.key(row);
        let mut flaw = None;
        match self.sessions.admit(self.genesis, people, book, place, at_ms) {
            Admission::Waits => {
                self.sessionless.entry((who, *key)).or_default().push(place);
                return Err(Wait::Session);
            }
            Admission::Opens => ready.extend(self.sessionless.remove(&(who, *key)).unwrap_or_default()),
            Admission::From(from_ms) => {
                at_ms = at_ms.max(from_ms);
                flaw = (!self.sessions.allow(people, who, row.scope, key, at_ms)).then_some(Flaw::Session);
            }
            Admission::Free => {}
        }
        book.observe(place, at_ms, flaw);
        Ok(())
    }
}

/// The lower median of the witnesses' wall clocks.
fn lower_median(walls: &mut [u64]) -> u64 {
    walls.sort_unstable();
    walls[(walls.len() - 1) / 2]
}

/// Of two observed messages with one author, key and sequence neither counts; where one is done with, the other does not.
fn mark_equivocations(before: &FoldState, book: &mut Book<'_>) {
    let old = before.observed.values().flat_map(|rows| rows.rows().iter().map(|(_, done)| done.place));
    let twice = places::twice(book, old);
    let mut by_place: BTreeMap<Hash, (bool, Vec<Place>)> = BTreeMap::new();
    for place in twice.suspects {
        let (fresh, rivals) = by_place.entry(*book.place_of(place)).or_default();
        *fresh |= book.is_fresh(place);
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
