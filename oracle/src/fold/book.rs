//! What is known of each message of the epoch, by its number.

use std::collections::HashMap;

use cid::Cid;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::{EpochNumber, Hash};

use super::FoldError;
use super::fact::{Kind, digest};
use super::latency;
use super::observe::epoch_of;
use super::part::{NOWHERE, Part, Place, Row};
use super::people::{NOBODY, People, Person};
use super::places::Sieve;
use super::receipts::both;
use super::said::Said;
use super::settle::Rest;
use super::state::{Carried, Flaw, FoldState, Observation, StoreReceipt};

/// The time of what is not observed.
const NEVER: u64 = u64::MAX;

/// Where a message stands when its epoch is folded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// Only a parent, or done with.
    Gone,
    /// Counted or carried, with too few receipts.
    Counted,
    /// At hand, with receipts of a quorum.
    Readable,
    /// An earlier seal observed it.
    Old,
}

/// A message that is not done with, or one that this seal counts. Others are gone.
#[derive(Clone, Copy)]
pub struct Entry {
    /// When it was observed, or [`NEVER`]. Milliseconds since 1970.
    at_ms: u64,
    /// Whose it is.
    pub who: Person,
    /// Why it counts for nothing, or null.
    pub flaw: Option<Flaw>,
    standing: Standing,
    /// A ticket that stands among its user's closed ones.
    pub closed: bool,
    /// Earlier seals know of it.
    is_carried: bool,
}

/// See the module.
pub struct Book<'a> {
    part: &'a Part,
    genesis: &'a Genesis,
    seal: EpochNumber,
    /// By number.
    entries: Vec<Entry>,
    /// What earlier seals know of some.
    carried: HashMap<Place, &'a Carried>,
    /// What is carried and not counted by this seal, nor a parent of anything: it waits on.
    others: Vec<(&'a Cid, &'a Carried)>,
}

impl<'a> Book<'a> {
    /// Puts what is carried beside what this seal counts. Late receipts of messages that are done with change nothing.
    ///
    /// # Errors
    /// [`FoldError::MissingMessage`]: a quorum has receipts for it, or it is observed.
    pub fn new(
        genesis: &'a Genesis,
        before: &'a FoldState,
        part: &'a Part,
        seal: EpochNumber,
    ) -> Result<Book<'a>, FoldError> {
        let quorum = genesis.quorum();
        let is_done = done(before, part);
        let entry = |place: Place| {
            let standing = match part.receipts().count_of(place) {
                _ if is_done[place as usize] => Standing::Gone,
                0 => Standing::Gone,
                count if count < quorum => Standing::Counted,
                _ => Standing::Readable,
            };
            Entry { at_ms: NEVER, who: NOBODY, flaw: None, standing, closed: false, is_carried: false }
        };
        let entries = (0..part.len() as Place).map(entry).collect();
        let mut book = Book { part, genesis, seal, entries, carried: HashMap::new(), others: vec![] };
        for (id, carried) in &before.carry {
            book.carry(id, carried, quorum)?;
        }
        for (place, entry) in (0..).zip(&mut book.entries) {
            if entry.standing >= Standing::Readable && part.row(place).is_none() {
                return Err(FoldError::MissingMessage(part.id(place).to_cid(DAG_CBOR)));
            }
        }
        Ok(book)
    }

    fn carry(&mut self, id: &'a Cid, carried: &'a Carried, quorum: usize) -> Result<(), FoldError> {
        let Some(place) = self.part.find(&digest(id)) else {
            if carried.observation.is_some() || carried.receipts.len() >= quorum {
                return Err(FoldError::MissingMessage(*id));
            }
            self.others.push((id, carried));
            return Ok(());
        };
        let count = both(&carried.receipts, self.part.receipts().of(place)).len();
        self.entries[place as usize] = Entry {
            at_ms: carried.observation.map_or(NEVER, |observation| observation.at_ms),
            who: NOBODY,
            flaw: carried.flaw,
            standing: match count {
                _ if carried.observation.is_some() => Standing::Old,
                count if count < quorum => Standing::Counted,
                _ => Standing::Readable,
            },
            closed: carried.closed,
            is_carried: true,
        };
        self.carried.insert(place, carried);
        Ok(())
    }

    /// Numbers the authors.
    pub fn name(&mut self, people: &People) {
        for (place, entry) in (0..).zip(&mut self.entries) {
            let row = self.part.row(place).filter(|_| entry.standing >= Standing::Readable);
            entry.who = row.and_then(Row::author).map_or(NOBODY, |author| people.of_author(author));
        }
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The numbers of what is not done with.
    pub fn places(&self) -> impl Iterator<Item = Place> + '_ {
        (0..).zip(&self.entries).filter(|(_, entry)| entry.standing > Standing::Gone).map(|(place, _)| place)
    }

    /// The numbers of what is observed.
    pub fn observed(&self) -> impl Iterator<Item = Place> + '_ {
        (0..).zip(&self.entries).filter(|(_, entry)| entry.at_ms != NEVER).map(|(place, _)| place)
    }

    /// What is known of a message.
    pub fn at(&self, place: Place) -> &Entry {
        &self.entries[place as usize]
    }

    /// The same, to be changed.
    pub fn at_mut(&mut self, place: Place) -> &mut Entry {
        &mut self.entries[place as usize]
    }

    /// Whether this seal observes a message.
    pub fn is_fresh(&self, place: Place) -> bool {
        let entry = self.at(place);
        entry.at_ms != NEVER && entry.standing != Standing::Old
    }

    /// Observes a message from a time on, in milliseconds since 1970.
    pub fn observe(&mut self, place: Place, at_ms: u64, flaw: Option<Flaw>) {
        let entry = self.at_mut(place);
        (entry.at_ms, entry.flaw) = (at_ms.min(NEVER - 1), flaw);
    }

    /// When a message was observed, if it was. Milliseconds since 1970.
    pub fn at_ms(&self, place: Place) -> Option<u64> {
        Some(self.at(place).at_ms).filter(|at_ms| *at_ms != NEVER)
    }

    /// When a message was observed, if it was and counts. Milliseconds since 1970.
    pub fn counts_from(&self, place: Place) -> Option<u64> {
        self.at_ms(place).filter(|_| self.at(place).flaw.is_none())
    }

    /// A message's observation.
    pub fn observation(&self, place: Place) -> Option<Observation> {
        let at_ms = self.at_ms(place)?;
        if self.at(place).standing == Standing::Old {
            return self.carried[&place].observation;
        }
        Some(Observation { at_ms, seal: self.seal, epoch: epoch_of(self.genesis, at_ms, self.seal) })
    }

    /// A message, if a quorum has receipts for it.
    pub fn row(&self, place: Place) -> Option<&'a Row> {
        self.part.row(place).filter(|_| self.at(place).standing >= Standing::Readable)
    }

    /// What a message is, if it is observed.
    pub fn kind(&self, place: Place) -> Option<Kind> {
        self.observed_row(place).map(Row::kind)
    }

    fn observed_row(&self, place: Place) -> Option<&'a Row> {
        let entry = self.entries.get(place as usize)?;
        if entry.at_ms == NEVER { None } else { self.part.row(place) }
    }

    /// What a message says that is at hand, observed or not.
    pub fn content(&self, row: &Row) -> Said<'a> {
        self.part.said(row)
    }

    /// The place of a message at hand in its key's sequence, as one hash.
    pub fn place_of(&self, place: Place) -> &'a Hash {
        self.part.place_of(place)
    }

    /// What a message says, if it is observed.
    pub fn says(&self, place: Place) -> Option<Said<'a>> {
        self.observed_row(place).map(|row| self.part.said(row))
    }

    /// Something of a message's digest, for whoever will need that soon.
    pub fn touch(&self, place: Place) -> u64 {
        u64::from(self.part.id(place).0[0])
    }

    /// A message's digest.
    pub fn id(&self, place: Place) -> &'a Hash {
        self.part.id(place)
    }

    /// The digest of what a line rests on.
    pub fn named(&self, rest: &Rest) -> Hash {
        match rest {
            Rest::At(place) => *self.id(*place),
            Rest::Earlier(id) => **id,
        }
    }

    /// A message's id.
    pub fn cid(&self, place: Place) -> Cid {
        self.id(place).to_cid(DAG_CBOR)
    }

    /// The key that signed a message.
    pub fn key(&self, row: &Row) -> &'a Hash {
        self.part.key(row)
    }

    /// The numbers of a message's parents, as they stand in it.
    pub fn parents(&self, place: Place) -> &'a [Place] {
        self.row(place).map_or(&[], |row| self.part.parents_of(row))
    }

    /// The number of one of a message's parents.
    pub fn parent(&self, place: Place, at: u8) -> Place {
        self.parents(place)[usize::from(at)]
    }

    /// The root of the task that a message belongs to; [`NOWHERE`] for those that belong to none.
    pub fn task_of(&self, place: Place) -> Place {
        self.row(place).map_or(NOWHERE, |row| row.task)
    }

    /// What earlier seals know of a message.
    fn carry_of(&self, place: Place) -> Option<&'a Carried> {
        self.at(place).is_carried.then(|| self.carried[&place])
    }

    /// How long it took from one message to another, see [`latency::lower_median`].
    pub fn latency(&self, from: Place, to: Place) -> Option<u64> {
        let quorum = self.genesis.quorum();
        if self.at(from).is_carried || self.at(to).is_carried {
            return latency::lower_median(&self.receipts(from), &self.receipts(to), quorum);
        }
        latency::of_measured(self.part.receipts().spans(from, to), quorum)
    }

    /// The first counted receipt of each store, by key.
    pub fn receipts(&self, place: Place) -> Vec<StoreReceipt> {
        let counted = self.part.receipts().of(place);
        match self.carry_of(place) {
            Some(carried) => both(&carried.receipts, counted),
            None => counted.collect(),
        }
    }

    /// The wall clocks of the receipts, milliseconds since 1970.
    pub fn walls(&self, place: Place, walls: &mut Vec<u64>) {
        walls.clear();
        match self.carry_of(place) {
            Some(_) => walls.extend(self.receipts(place).iter().map(|receipt| receipt.wall_ms)),
            None => walls.extend(self.part.receipts().walls(place)),
        }
    }

    /// The seal that counted a message's first receipt.
    pub fn since(&self, place: Place) -> EpochNumber {
        self.carry_of(place).map_or(self.seal, |carried| carried.since)
    }

    /// What the next epoch is handed of a message.
    pub fn carried(&self, place: Place) -> Carried {
        let entry = self.at(place);
        Carried {
            since: self.since(place),
            receipts: self.receipts(place),
            observation: self.observation(place),
            flaw: entry.flaw,
            closed: entry.closed,
        }
    }

    /// What is carried and has no number here.
    pub fn others(&self) -> &[(&'a Cid, &'a Carried)] {
        &self.others
    }
}

/// Which of a part's messages were observed before and are done with.
fn done(before: &FoldState, part: &Part) -> Vec<bool> {
    let mut is_done = vec![false; part.len()];
    let mut sieve = Sieve::for_count(part.len());
    part.ids().iter().for_each(|id| _ = sieve.put(id));
    let rows = before.observed.values().flat_map(|rows| rows.rows());
    for (id, _) in rows.filter(|(id, _)| sieve.has(id)) {
        if let Some(place) = part.find(id) {
            is_done[place as usize] = true;
        }
    }
    is_done
}
