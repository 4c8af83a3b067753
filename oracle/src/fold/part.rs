//! What an epoch's seal counts, by number: messages, their authors and keys, their receipts. A part of it, or all.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use cid::Cid;
use hashbrown::HashMap;
use liaise_ledger::beacon::RoundSignature;
use liaise_ledger::draw::Seed;
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::session::Scope;
use liaise_ledger::{Account, Hash};

use super::done::DoneRows;
use super::fact::{Fact, ParentAt, Says, digest};
use super::index::Index;
use super::lot::Front;
use super::receipts::Receipts;
use super::state::{Done, StoreReceipt};

/// A message's number, in the order in which its part met it. Two oracles number otherwise: nothing that is derived may
/// depend on it.
pub type Place = u32;
/// No message.
pub const NOWHERE: Place = Place::MAX;
/// No account.
const NO_AUTHOR: u32 = u32::MAX;

/// What a message at hand says, with numbers for what others name too.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its place in its key's sequence, as one hash.
    pub place: Hash,
    /// The account that it speaks for, see [`Part::accounts`]; `None` is another author.
    author: u32,
    /// The session key.
    key: u32,
    /// Where its parents begin.
    parents: u32,
    parent_count: u8,
    /// The task's root among the parents.
    pub task: Option<ParentAt>,
    /// The scope that its key's session needs.
    pub scope: Option<Scope>,
    /// Whether it is the first of its key's sequence.
    pub is_first: bool,
    /// What it says.
    pub says: Says,
}

impl Row {
    /// The number of the account that it speaks for.
    pub fn author(&self) -> Option<u32> {
        Some(self.author).filter(|author| *author != NO_AUTHOR)
    }
}

/// See the module. Parts merge in any order, also twice.
#[derive(Clone, Debug, Default)]
pub struct Part {
    ids: Index<Hash>,
    accounts: Index<Account>,
    keys: Index<Hash>,
    /// By number; null for what is only counted, or only a parent.
    rows: Vec<Option<Row>>,
    parents: Vec<Place>,
    receipts: Receipts,
    /// Beacon rounds.
    pub rounds: BTreeMap<u64, RoundSignature>,
    /// Those of them that were verified before.
    pub verified: BTreeMap<u64, RoundSignature>,
    /// Parents that the state has forgotten and that were counted long ago.
    pub older: BTreeSet<Hash>,
    /// Fronts of draws, as far as they were worked out before.
    pub fronts: HashMap<Seed, Front>,
}

impl Part {
    /// Takes in another part.
    pub fn merge(&mut self, other: &Part) {
        for (place, id) in (0..).zip(other.ids.values()) {
            other.receipts.of(place).for_each(|receipt| self.count(id, &receipt));
            if let Some(fact) = other.fact(place) {
                self.insert(id, fact);
            }
        }
        self.rounds.extend(&other.rounds);
        self.verified.extend(&other.verified);
        self.older.extend(&other.older);
        self.fronts.extend(&other.fronts);
    }

    /// Counts a receipt, if it is its store's first for the message.
    pub fn count(&mut self, id: &Hash, receipt: &StoreReceipt) {
        let place = self.ids.number(id);
        self.receipts.count(place, receipt);
    }

    /// Puts a message at hand; a second time changes nothing.
    pub fn insert(&mut self, id: &Hash, fact: Fact) {
        let place = self.ids.number(id) as usize;
        if self.rows.get(place).is_some_and(Option::is_some) {
            return;
        }
        let row = Row {
            place: fact.place,
            author: fact.account.as_ref().map_or(NO_AUTHOR, |account| self.accounts.number(account)),
            key: self.keys.number(&fact.key),
            parents: u32::try_from(self.parents.len()).expect("fewer than 2^32 parents in an epoch"),
            parent_count: u8::try_from(fact.parents.len()).expect("at most 16 parents"),
            task: fact.task,
            scope: fact.scope,
            is_first: fact.is_first,
            says: fact.says,
        };
        self.parents.extend(fact.parents.iter().map(|parent| self.ids.number(parent)));
        if self.rows.len() < self.ids.values().len() {
            self.rows.resize_with(self.ids.values().len(), || None);
        }
        self.rows[place] = Some(row);
    }

    /// What a message says that is at hand, as it was put there.
    pub fn fact(&self, place: Place) -> Option<Fact> {
        let row = self.row(place)?;
        let parents = self.parents_of(row).iter().map(|parent| *self.id(*parent));
        Some(Fact {
            account: row.author().map(|author| self.accounts()[author as usize].clone()),
            key: *self.key(row),
            is_first: row.is_first,
            place: row.place,
            scope: row.scope,
            parents: parents.collect(),
            task: row.task,
            says: row.says.clone(),
        })
    }

    /// How many messages have a number: what is counted, what is at hand, and the parents of that.
    pub fn len(&self) -> usize {
        self.ids.values().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.values().is_empty()
    }

    /// The number of a message.
    pub fn find(&self, id: &Hash) -> Option<Place> {
        self.ids.find(id)
    }

    /// A message's digest.
    pub fn id(&self, place: Place) -> &Hash {
        &self.ids.values()[place as usize]
    }

    /// All digests, by number.
    pub fn ids(&self) -> &[Hash] {
        self.ids.values()
    }

    /// The rows of what is done with, given by number and time. Where the part is not needed any more what it holds is let
    /// go first: an epoch's rows are large.
    pub fn into_done(part: Cow<'_, Part>, done: Vec<(Place, u64)>) -> DoneRows {
        let (ids, places) = match part {
            Cow::Owned(Part { ids, rows, receipts, parents, .. }) => {
                drop((receipts, parents));
                let places = rows.into_iter().map(|row| row.map_or(Hash::ZERO, |row| row.place)).collect();
                (Cow::Owned(ids.into_values()), places)
            }
            Cow::Borrowed(part) => {
                let places = part.rows.iter().map(|row| row.as_ref().map_or(Hash::ZERO, |row| row.place));
                (Cow::Borrowed(part.ids()), places.collect::<Vec<Hash>>())
            }
        };
        let row = |(place, at_ms): (Place, u64)| (ids[place as usize], Done { place: places[place as usize], at_ms });
        by_digest(done, &ids).into_iter().map(row).collect()
    }

    /// What a message says that is at hand.
    pub fn row(&self, place: Place) -> Option<&Row> {
        self.rows.get(place as usize)?.as_ref()
    }

    /// A message's parents, by number, as they stand in it.
    pub fn parents_of(&self, row: &Row) -> &[Place] {
        &self.parents[row.parents as usize..row.parents as usize + usize::from(row.parent_count)]
    }

    /// The key that signed a message.
    pub fn key(&self, row: &Row) -> &Hash {
        &self.keys.values()[row.key as usize]
    }

    /// The accounts that messages speak for, by number.
    pub fn accounts(&self) -> &[Account] {
        self.accounts.values()
    }

    /// The counted receipts.
    pub fn receipts(&self) -> &Receipts {
        &self.receipts
    }

    /// The counted receipts of a message, by store.
    pub fn receipts_of(&self, id: &Cid) -> Vec<StoreReceipt> {
        self.find(&digest(id)).map_or(vec![], |place| self.receipts.of(place).collect())
    }

    /// The rounds that these messages name.
    pub fn named_rounds(&self) -> BTreeSet<u64> {
        self.rows.iter().filter_map(|row| row.as_ref()?.says.round()).collect()
    }

    /// The ids of the messages at hand.
    pub fn at_hand(&self) -> impl Iterator<Item = Cid> + '_ {
        let rows = self.rows.iter().zip(self.ids.values());
        rows.filter(|(row, _)| row.is_some()).map(|(_, id)| id.to_cid(DAG_CBOR))
    }
}

/// Sorts rows by their messages' digests. These are spread evenly over their range, so each slice of it has about one row.
fn by_digest(rows: Vec<(Place, u64)>, ids: &[Hash]) -> Vec<(Place, u64)> {
    let slice_of = |place: Place| {
        let front = u64::from_be_bytes(ids[place as usize].0[..8].try_into().expect("8 bytes of 32"));
        ((u128::from(front) * rows.len() as u128) >> 64) as usize
    };
    let mut next = vec![0u32; rows.len() + 1];
    rows.iter().for_each(|(place, _)| next[slice_of(*place) + 1] += 1);
    for slice in 1..next.len() {
        next[slice] += next[slice - 1];
    }
    let mut sorted = vec![(0, 0); rows.len()];
    for row in &rows {
        let at = &mut next[slice_of(row.0)];
        sorted[*at as usize] = *row;
        *at += 1;
    }
    // Every slice now ends where the next one begins.
    let mut begin = 0;
    for end in &next[..rows.len()] {
        let end = *end as usize;
        sorted[begin..end].sort_unstable_by_key(|(place, _)| &ids[*place as usize]);
        begin = end;
    }
    sorted
}
