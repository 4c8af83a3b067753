//! Finding the few places of keys' sequences that two messages share, among millions.

use std::collections::BTreeSet;

use liaise_ledger::Hash;

use super::book::Book;
use super::part::Place;

/// Bits a place: one in sixteen places looks like another one and is compared in full.
const BITS: usize = 16;

/// What may stand at one place of a key's sequence, see [`twice`].
pub struct Twice {
    /// Observed messages of the book that may share their place. All that do are among them.
    pub suspects: Vec<Place>,
    /// Places of messages that are done with, as far as suspects may stand there.
    pub old: BTreeSet<Hash>,
}

/// A set of hashes that errs on one side: what was put in is found.
pub struct Sieve {
    words: Vec<u64>,
    shift: u32,
}

impl Sieve {
    /// An empty one for so many hashes.
    pub fn for_count(count: usize) -> Sieve {
        let bits = (count * BITS).next_power_of_two().max(64);
        Sieve { words: vec![0; bits / 64], shift: 64 - bits.trailing_zeros() }
    }

    fn bit(&self, hash: &Hash) -> (usize, u64) {
        let front = u64::from_be_bytes(hash.0[..8].try_into().expect("8 bytes of 32"));
        let bit = front >> self.shift;
        ((bit / 64) as usize, 1 << (bit % 64))
    }

    /// Whether a hash may have been put in.
    pub fn has(&self, hash: &Hash) -> bool {
        let (word, bit) = self.bit(hash);
        self.words[word] & bit != 0
    }

    /// Puts a hash in; whether it seemed to be there.
    pub fn put(&mut self, hash: &Hash) -> bool {
        let (word, bit) = self.bit(hash);
        let known = self.words[word] & bit != 0;
        self.words[word] |= bit;
        known
    }
}

/// Finds the observed messages that may share their place with another one, of the book or done with.
pub fn twice(book: &Book<'_>, old: impl Iterator<Item = Hash>) -> Twice {
    let observed = || book.observed().map(|at| (at, book.place_of(at)));
    let mut all = Sieve::for_count(book.len());
    let mut again = Sieve::for_count(book.len());
    for (_, place) in observed() {
        if all.put(place) {
            again.put(place);
        }
    }
    let old: BTreeSet<Hash> = old.filter(|hash| all.has(hash)).collect();
    old.iter().for_each(|hash| {
        again.put(hash);
    });
    let suspects = observed().filter(|(_, place)| again.has(place)).map(|(at, _)| at).collect();
    Twice { suspects, old }
}
