//! The epoch's messages in one table, by id: from here on a message is a place in it.

use std::borrow::Cow;

use cid::Cid;
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::{EpochNumber, Hash};

use super::FoldError;
use super::fact::{Fact, Says, digest};
use super::input::{Counted, Part};
use super::people::{NOBODY, People, Person};
use super::state::{Carried, Flaw, FoldState, Observation, StoreReceipt};

/// A message's place in a [`Book`].
pub type Place = u32;
/// No message of the book.
pub const NOWHERE: Place = Place::MAX;

/// A message that is not done with, or one that this seal counts.
pub struct Entry<'a> {
    /// Its digest.
    pub id: Hash,
    /// What it says; null where too few have receipts for it.
    pub fact: Option<&'a Fact>,
    /// The seal that counted its first receipt.
    pub since: EpochNumber,
    /// The first counted receipt of each store, by key.
    pub receipts: Cow<'a, [StoreReceipt]>,
    /// Null until it is observed.
    pub observation: Option<Observation>,
    /// Why it counts for nothing, or null.
    pub flaw: Option<Flaw>,
    /// A ticket that stands among its user's closed ones.
    pub closed: bool,
    /// Whose it is.
    pub who: Person,
    /// Where its parents' places begin.
    links: u32,
}

impl<'a> Entry<'a> {
    fn new(
        id: Hash,
        fact: Option<&'a Fact>,
        carried: Option<&'a Carried>,
        counted: Option<&'a Counted>,
        seal: EpochNumber,
    ) -> Entry<'a> {
        let receipts = match (carried, counted) {
            (None, counted) => Cow::Borrowed(counted.map_or(&[][..], Counted::as_slice)),
            (Some(carried), None) => Cow::Borrowed(carried.receipts.as_slice()),
            (Some(carried), Some(counted)) => {
                let mut both = Counted::default();
                carried.receipts.iter().chain(counted.values()).for_each(|receipt| both.add(*receipt));
                Cow::Owned(both.as_slice().to_vec())
            }
        };
        Entry {
            id,
            fact,
            since: carried.map_or(seal, |carried| carried.since),
            receipts,
            observation: carried.and_then(|carried| carried.observation),
            flaw: carried.and_then(|carried| carried.flaw),
            closed: carried.is_some_and(|carried| carried.closed),
            who: NOBODY,
            links: 0,
        }
    }

    /// When it was observed, if it was and counts. Milliseconds since 1970.
    pub fn counts_from(&self) -> Option<u64> {
        self.observation.filter(|_| self.flaw.is_none()).map(|observation| observation.at_ms)
    }

    /// Its id.
    pub fn cid(&self) -> Cid {
        self.id.to_cid(DAG_CBOR)
    }

    /// What it says, if it is observed.
    pub fn says(&self) -> Option<&'a Says> {
        self.fact.filter(|_| self.observation.is_some()).map(|fact| &fact.says)
    }

    /// What the next epoch is handed of it.
    pub fn carried(&self) -> Carried {
        Carried {
            since: self.since,
            receipts: self.receipts.to_vec(),
            observation: self.observation,
            flaw: self.flaw,
            closed: self.closed,
        }
    }
}

/// See the module.
pub struct Book<'a> {
    /// By id.
    pub entries: Vec<Entry<'a>>,
    links: Vec<Place>,
    /// Where the entries begin whose digests fall into a slice of the digests' range.
    slices: Vec<Place>,
}

impl<'a> Book<'a> {
    /// Puts what is carried beside what this seal counts. Late receipts of messages that are done with change nothing.
    ///
    /// # Errors
    /// [`FoldError::MissingMessage`]: a quorum has receipts for it, or it is observed.
    pub fn new(before: &'a FoldState, part: &'a Part, quorum: usize, seal: EpochNumber) -> Result<Book<'a>, FoldError> {
        let mut done = before.observed.values().map(|rows| rows.walk()).collect::<Vec<_>>();
        let (mut carry, mut counted) = (before.carry.iter().peekable(), part.receipts.iter().peekable());
        let mut messages = part.messages.iter().peekable();
        let mut entries = Vec::with_capacity(before.carry.len() + part.receipts.len());
        loop {
            let next = match (carry.peek(), counted.peek()) {
                (Some((a, _)), Some((b, _))) => *(*a).min(*b),
                (Some((id, _)), None) | (None, Some((id, _))) => **id,
                (None, None) => break,
            };
            let carried = carry.next_if(|(id, _)| **id == next).map(|(_, carried)| carried);
            let counted = counted.next_if(|(id, _)| **id == next).map(|(_, counted)| counted);
            let id = digest(&next);
            if carried.is_none() && done.iter_mut().any(|rows| rows.has(&id)) {
                continue;
            }
            while messages.next_if(|(id, _)| **id < next).is_some() {}
            let fact = messages.next_if(|(id, _)| **id == next).map(|(_, fact)| fact);
            let mut entry = Entry::new(id, fact, carried, counted, seal);
            if entry.receipts.len() < quorum && entry.observation.is_none() {
                entry.fact = None;
            } else if fact.is_none() {
                return Err(FoldError::MissingMessage(next));
            }
            entries.push(entry);
        }
        let mut book = Book { entries, links: vec![], slices: vec![] };
        book.slice();
        book.link();
        Ok(book)
    }

    /// The slice of the range that a digest falls into: digests are spread evenly, so each has about one entry.
    fn slice_of(&self, id: &Hash) -> usize {
        let front = u64::from_be_bytes(id.0[..8].try_into().expect("8 bytes of 32"));
        ((u128::from(front) * self.entries.len() as u128) >> 64) as usize
    }

    fn slice(&mut self) {
        let mut slices = vec![0; self.entries.len() + 1];
        for entry in &self.entries {
            slices[self.slice_of(&entry.id) + 1] += 1;
        }
        for i in 1..slices.len() {
            slices[i] += slices[i - 1];
        }
        self.slices = slices;
    }

    /// The place of a message.
    pub fn find(&self, id: &Hash) -> Option<Place> {
        if self.entries.is_empty() {
            return None;
        }
        let slice = self.slice_of(id);
        let (from, to) = (self.slices[slice], self.slices[slice + 1]);
        let among = &self.entries[from as usize..to as usize];
        among.binary_search_by(|entry| entry.id.cmp(id)).ok().map(|i| from + i as Place)
    }

    fn link(&mut self) {
        let mut links = Vec::new();
        for i in 0..self.entries.len() {
            let begin = links.len() as u32;
            if let Some(fact) = self.entries[i].fact {
                links.extend(fact.parents.iter().map(|parent| self.find(parent).unwrap_or(NOWHERE)));
            }
            self.entries[i].links = begin;
        }
        self.links = links;
    }

    /// Numbers the authors.
    pub fn name(&mut self, people: &People) {
        for entry in &mut self.entries {
            entry.who = entry.fact.and_then(|fact| fact.account()).map_or(NOBODY, |account| people.number(account));
        }
    }

    /// A message.
    pub fn at(&self, place: Place) -> &Entry<'a> {
        &self.entries[place as usize]
    }

    /// A message, to be changed.
    pub fn at_mut(&mut self, place: Place) -> &mut Entry<'a> {
        &mut self.entries[place as usize]
    }

    /// Places with their messages, by id.
    pub fn iter(&self) -> impl Iterator<Item = (Place, &Entry<'a>)> {
        (0..).zip(&self.entries)
    }

    /// The places of an entry's parents, as they stand in it; [`NOWHERE`] for those that are done with or unknown.
    pub fn parents(&self, entry: &Entry<'a>) -> &[Place] {
        let count = entry.fact.map_or(0, |fact| fact.parents.len());
        &self.links[entry.links as usize..entry.links as usize + count]
    }

    /// The place of one of an entry's parents.
    pub fn parent(&self, entry: &Entry<'a>, at: u8) -> Place {
        self.parents(entry)[usize::from(at)]
    }

    /// The root of the task that a message belongs to; [`NOWHERE`] for those that belong to none, or to one that is over.
    pub fn task_of(&self, entry: &Entry<'a>) -> Place {
        entry.fact.and_then(|fact| fact.task).map_or(NOWHERE, |at| self.parent(entry, at))
    }
}
