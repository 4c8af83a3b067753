//! What an epoch's seal counts, by number: messages, their authors and keys, their receipts. A part of it, or all.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use cid::Cid;
use liaise_ledger::beacon::RoundSignature;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::session::Scope;
use liaise_ledger::{Account, Hash};

use super::done::DoneRows;
use super::fact::{Fact, Kind, ParentAt, digest};
use super::index::Index;
use super::lot::Kept;
use super::receipts::Receipts;
use super::said::{Columns, Said};
use super::state::{Done, StoreReceipt};

/// A message's number, in the order in which its part met it. Two oracles number otherwise: nothing that is derived may
/// depend on it.
pub type Place = u32;
/// No message.
pub const NOWHERE: Place = Place::MAX;
/// No account.
const NO_AUTHOR: u32 = u32::MAX;

/// A message at hand by numbers, short: a fold goes through all of them many times. What it says in full stands beside it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What it is; null for what is only counted, or only a parent.
    kind: Option<Kind>,
    /// The scope that its key's session needs.
    pub scope: Option<Scope>,
    /// Whether it is the first of its key's sequence.
    pub is_first: bool,
    parent_count: u8,
    /// Where its parents begin.
    parents: u32,
    /// The account that it speaks for, see [`Part::accounts`].
    author: u32,
    /// The session key.
    key: u32,
    /// The task's root; [`NOWHERE`] for what belongs to none.
    pub task: Place,
    /// What it says, in its kind's column.
    said: u32,
}

/// A row of nothing.
const NO_ROW: Row = Row {
    kind: None,
    scope: None,
    is_first: false,
    parent_count: 0,
    parents: 0,
    author: NO_AUTHOR,
    key: 0,
    task: NOWHERE,
    said: 0,
};

impl Row {
    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind.expect("a part hands out rows of messages at hand")
    }

    /// The number of the account that it speaks for; `None` is another author.
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
    /// By number, as the places.
    rows: Vec<Row>,
    /// What the messages say.
    said: Columns,
    /// Their places in their keys' sequences, each as one hash.
    places: Vec<Hash>,
    parents: Vec<Place>,
    receipts: Receipts,
    /// Beacon rounds.
    pub rounds: BTreeMap<u64, RoundSignature>,
    /// Those of them that were verified before.
    pub verified: BTreeMap<u64, RoundSignature>,
    /// Parents that the state has forgotten and that were counted long ago.
    pub older: BTreeSet<Hash>,
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
    }

    /// Counts a receipt, if it is its store's first for the message.
    pub fn count(&mut self, id: &Hash, receipt: &StoreReceipt) {
        let place = self.ids.number(id);
        self.receipts.count(place, receipt);
    }

    /// Puts a message at hand; a second time changes nothing.
    pub fn insert(&mut self, id: &Hash, fact: Fact) {
        let place = self.ids.number(id);
        if self.row(place).is_some() {
            return;
        }
        let place = place as usize;
        let begin = self.parents.len();
        self.parents.extend(fact.parents.iter().map(|parent| self.ids.number(parent)));
        let row = Row {
            kind: Some(fact.says.kind()),
            scope: fact.scope,
            is_first: fact.is_first,
            parent_count: u8::try_from(fact.parents.len()).expect("at most 16 parents"),
            parents: u32::try_from(begin).expect("fewer than 2^32 parents in an epoch"),
            author: fact.account.as_ref().map_or(NO_AUTHOR, |account| self.accounts.number(account)),
            key: self.keys.number(&fact.key),
            task: fact.task.map_or(NOWHERE, |at| self.parents[begin + usize::from(at)]),
            said: self.said.take(fact.says),
        };
        let count = self.ids.values().len();
        if self.rows.len() < count {
            self.rows.resize(count, NO_ROW);
            self.places.resize(count, Hash::ZERO);
        }
        (self.rows[place], self.places[place]) = (row, fact.place);
    }

    /// Puts the draw of a ticket at hand beside it.
    pub fn keep_draw(&mut self, ticket: Place, kept: Kept) {
        if let Some(row) = self.row(ticket).copied()
            && row.kind() == Kind::Ticket
        {
            self.said.drawing_mut(row.said).kept = Some(kept);
        }
    }

    /// What a message says that is at hand, as it was put there.
    pub fn fact(&self, place: Place) -> Option<Fact> {
        let row = self.row(place)?;
        let parents = self.parents_of(row);
        Some(Fact {
            account: row.author().map(|author| self.accounts()[author as usize].clone()),
            key: *self.key(row),
            is_first: row.is_first,
            place: *self.place_of(place),
            scope: row.scope,
            parents: parents.iter().map(|parent| *self.id(*parent)).collect(),
            task: parents.iter().position(|parent| *parent == row.task).map(|at| at as ParentAt),
            says: self.said(row).to_owned(),
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
            Cow::Owned(Part { ids, places, rows, said, receipts, parents, .. }) => {
                drop((rows, said, receipts, parents));
                (Cow::Owned(ids.into_values()), Cow::Owned(places))
            }
            Cow::Borrowed(part) => (Cow::Borrowed(part.ids()), Cow::Borrowed(&part.places)),
        };
        by_digest(&done, &ids, &places).into_iter().collect()
    }

    /// A message at hand.
    pub fn row(&self, place: Place) -> Option<&Row> {
        self.rows.get(place as usize).filter(|row| row.kind.is_some())
    }

    /// What a message at hand says.
    pub fn said(&self, row: &Row) -> Said<'_> {
        self.said.get(row.kind(), row.said)
    }

    /// The accounts that links are about, whoever says them.
    pub fn linked<'a>(&'a self, genesis: &'a Genesis) -> impl Iterator<Item = &'a Account> {
        self.said.links().flat_map(|joining| joining.accounts(genesis))
    }

    /// The place of a message at hand in its key's sequence, as one hash.
    pub fn place_of(&self, place: Place) -> &Hash {
        &self.places[place as usize]
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
        self.said.rounds().collect()
    }

    /// The ids of the messages at hand.
    pub fn at_hand(&self) -> impl Iterator<Item = Cid> + '_ {
        let rows = self.rows.iter().zip(self.ids.values());
        rows.filter(|(row, _)| row.kind.is_some()).map(|(_, id)| id.to_cid(DAG_CBOR))
    }
}

/// The rows of what is done with, by digest. Digests are spread evenly over their range, so each slice of it has about one row:
/// what is read comes in the order of numbers, and each row goes at once to where it stays.
fn by_digest(done: &[(Place, u64)], ids: &[Hash], places: &[Hash]) -> Vec<(Hash, Done)> {
    let slice_of = |id: &Hash| {
        let front = u64::from_be_bytes(id.0[..8].try_into().expect("8 bytes of 32"));
        ((u128::from(front) * done.len() as u128) >> 64) as usize
    };
    let mut next = vec![0u32; done.len() + 1];
    done.iter().for_each(|(place, _)| next[slice_of(&ids[*place as usize]) + 1] += 1);
    for slice in 1..next.len() {
        next[slice] += next[slice - 1];
    }
    let mut sorted = vec![(Hash::ZERO, Done { place: Hash::ZERO, at_ms: 0 }); done.len()];
    for (place, at_ms) in done {
        let id = ids[*place as usize];
        let at = &mut next[slice_of(&id)];
        sorted[*at as usize] = (id, Done { place: places[*place as usize], at_ms: *at_ms });
        *at += 1;
    }
    // Every slice now ends where the next one begins.
    let mut begin = 0;
    for end in &next[..done.len()] {
        let end = *end as usize;
        if end - begin > 1 {
            sorted[begin..end].sort_unstable_by_key(|(id, _)| *id);
        }
        begin = end;
    }
    sorted
}
