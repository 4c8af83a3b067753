//! Finds the latest row of a key without order: for the families that messages ask for on their way in.

use crate::layout::Family;
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use std::sync::LazyLock;

/// Keys come from strangers: the hasher is seeded at every start.
static HASHER: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

/// What a row is found by.
pub fn hash(family: Family, key: &[u8]) -> u64 {
    HASHER.hash_one((family.0, key))
}

/// Where the latest row of each key lies, beside the key's [`hash`].
pub struct Latest<T>(HashTable<(u64, T)>);

impl<T> Default for Latest<T> {
    fn default() -> Latest<T> {
        Latest(HashTable::new())
    }
}

impl<T: Copy> Latest<T> {
    /// Notes a row in the place of the `same` key's earlier one.
    pub fn note(&mut self, hash: u64, at: T, same: impl Fn(T) -> bool) {
        match self.0.entry(hash, |(other, at)| *other == hash && same(*at), |(hash, _)| *hash) {
            Entry::Occupied(mut entry) => entry.get_mut().1 = at,
            Entry::Vacant(entry) => drop(entry.insert((hash, at))),
        }
    }

    pub fn find(&self, hash: u64, same: impl Fn(T) -> bool) -> Option<T> {
        self.0.find(hash, |(other, at)| *other == hash && same(*at)).map(|(_, at)| *at)
    }

    pub fn iter(&self) -> impl Iterator<Item = (u64, T)> {
        self.0.iter().copied()
    }
}
