//! Numbers for values that an epoch names many times: in the order in which they came.

use std::hash::{BuildHasher, Hash};

use hashbrown::{DefaultHashBuilder, HashTable};

/// Values by number, and numbers by value.
#[derive(Clone, Debug)]
pub struct Index<T> {
    values: Vec<T>,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Index { values: vec![], numbers: HashTable::new(), hasher: DefaultHashBuilder::default() }
    }
}

impl<T: Hash + Eq + Clone> Index<T> {
    /// Room for so many.
    pub fn with_capacity(count: usize) -> Index<T> {
        Index { values: Vec::with_capacity(count), numbers: HashTable::with_capacity(count), ..Index::default() }
    }

    /// The number of a value, which gets one if it has none.
    pub fn number(&mut self, value: &T) -> u32 {
        let Index { values, numbers, hasher } = self;
        let hash = hasher.hash_one(value);
        if let Some(known) = numbers.find(hash, |number| values[*number as usize] == *value) {
            return *known;
        }
        let number = u32::try_from(values.len()).expect("fewer than 2^32 of anything in an epoch");
        values.push(value.clone());
        numbers.insert_unique(hash, number, |number| hasher.hash_one(&values[*number as usize]));
        number
    }

    /// The number of a value, if it has one.
    pub fn find(&self, value: &T) -> Option<u32> {
        let hash = self.hasher.hash_one(value);
        self.numbers.find(hash, |number| self.values[*number as usize] == *value).copied()
    }

    /// The values, by number, without their index.
    pub fn into_values(self) -> Vec<T> {
        self.values
    }

    /// All values, by number.
    pub fn values(&self) -> &[T] {
        &self.values
    }
}
