//! Which blockhashes a transaction may name.

use std::collections::VecDeque;

use solana_clock::MAX_PROCESSING_AGE;
use solana_hash::Hash;

/// The oldest blockhash that a transaction may name, counted in blocks from the newest registered one.
pub const MAX_AGE: u64 = MAX_PROCESSING_AGE as u64;

/// The hashes of the newest blocks, as a bank keeps them.
#[derive(Clone)]
pub struct RecentHashes(VecDeque<Hash>);

impl RecentHashes {
    /// The first block's.
    pub fn new(first: Hash) -> Self {
        Self(VecDeque::from([first]))
    }

    /// Registers the hash of the next block.
    pub fn push(&mut self, hash: Hash) {
        self.0.push_back(hash);
        if self.0.len() as u64 > MAX_AGE + 1 {
            self.0.pop_front();
        }
    }

    /// How many blocks were registered after this one; none if it is unknown or older than [`MAX_AGE`].
    pub fn age(&self, hash: &Hash) -> Option<u64> {
        self.0.iter().rev().position(|known| known == hash).map(|age| age as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u64) -> Hash {
        solana_sha256_hasher::hash(&n.to_le_bytes())
    }

    #[test]
    fn a_hash_lives_for_a_hundred_and_fifty_blocks_after_its_own() {
        let mut hashes = RecentHashes::new(hash(0));
        for n in 1..=150 {
            hashes.push(hash(n));
        }
        assert_eq!(hashes.age(&hash(150)), Some(0));
        assert_eq!(hashes.age(&hash(0)), Some(150));
        hashes.push(hash(151));
        assert_eq!(hashes.age(&hash(0)), None);
        assert_eq!(hashes.age(&hash(1)), Some(150));
        assert_eq!(hashes.age(&hash(999)), None);
    }
}
