//! A map of a handful of entries: one sorted list. A task has several of them, and an epoch a million tasks.

/// See the module.
#[derive(Clone, Debug)]
pub struct Few<K, V>(Vec<(K, V)>);

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Few(Vec::new())
    }
}

impl<K: Ord, V> Few<K, V> {
    fn find(&self, key: &K) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(key))
    }

    /// What belongs to a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.find(key).ok().map(|at| &self.0[at].1)
    }

    /// Whether something belongs to a key.
    pub fn has(&self, key: &K) -> bool {
        self.find(key).is_ok()
    }

    /// Puts something to a key that has nothing; what stands there stays.
    pub fn put(&mut self, key: K, value: V) {
        if let Err(at) = self.find(&key) {
            self.0.insert(at, (key, value));
        }
    }

    /// Puts something to a key, whatever stands there.
    pub fn replace(&mut self, key: K, value: V) {
        match self.find(&key) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    /// All of it, by key.
    pub fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.0.iter()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_stand_by_key_and_the_first_one_stays() {
        let mut few = Few::default();
        assert!(few.is_empty());
        for (key, value) in [(5, 'a'), (1, 'b'), (9, 'g'), (5, 'd'), (1, 'e'), (0, 'f')] {
            few.put(key, value);
        }
        assert_eq!(few.iter().copied().collect::<Vec<_>>(), [(0, 'f'), (1, 'b'), (5, 'a'), (9, 'g')]);
        few.replace(9, 'c');
        few.replace(6, 'h');
        assert_eq!([5, 6, 7, 9].map(|key| few.get(&key).copied()), [Some('a'), Some('h'), None, Some('c')]);
        assert!(few.has(&9) && !few.has(&8) && !few.is_empty());
    }
}
