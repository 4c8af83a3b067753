//! SHA-256 of messages that fit two blocks, the leaves and nodes of trees: an epoch's tree hashes millions of them.

#[cfg(not(target_os = "solana"))]
use sha2::compress256;
#[cfg(not(target_os = "solana"))]
use sha2::digest::generic_array::GenericArray;

use crate::hash::Hash32;

/// A block of SHA-256.
pub(crate) type Block = [u8; 64];

/// FIPS 180-4, 5.3.3.
#[cfg(not(target_os = "solana"))]
pub(crate) const INITIAL: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/// A message of N bytes, laid out with SHA-256's padding at once instead of through a hasher's buffer.
pub(crate) struct Short<const N: usize>([Block; 2]);

impl<const N: usize> Short<N> {
    /// The concatenated `parts`.
    ///
    /// # Panics
    /// If they are not N bytes.
    #[inline]
    pub(crate) fn new<const PARTS: usize>(parts: [&[u8]; PARTS]) -> Self {
        const { assert!(N <= 2 * 64 - 9, "it must fit two blocks with the padding") };
        let mut blocks = [[0; 64]; 2];
        let bytes = blocks.as_flattened_mut();
        let mut used = 0;
        for part in parts {
            bytes[used..used + part.len()].copy_from_slice(part);
            used += part.len();
        }
        assert_eq!(used, N, "parts of a message of fixed length");
        // the Solana VM pads by itself
        if cfg!(not(target_os = "solana")) {
            bytes[N] = 0x80;
            let end = 64 * Self::BLOCKS;
            bytes[end - 8..end].copy_from_slice(&(8 * N as u64).to_be_bytes());
        }
        Self(blocks)
    }

    const BLOCKS: usize = if N < 64 - 8 { 1 } else { 2 };

    fn blocks(&self) -> &[Block] {
        &self.0[..Self::BLOCKS]
    }

    /// SHA-256 of the message, by the Solana VM.
    #[cfg(target_os = "solana")]
    pub(crate) fn hash(&self) -> Hash32 {
        crate::hash::sha256(&[&self.0.as_flattened()[..N]])
    }

    /// SHA-256 of the message.
    #[cfg(not(target_os = "solana"))]
    pub(crate) fn hash(&self) -> Hash32 {
        let mut state = INITIAL;
        for block in self.blocks() {
            compress256(&mut state, core::slice::from_ref(GenericArray::from_slice(block)));
        }
        let mut digest = [0; 32];
        for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        Hash32(digest)
    }

    /// SHA-256 of two messages: both at once where the processor can, one after the other elsewhere.
    #[inline]
    pub(crate) fn hash_two(two: &[Self; 2]) -> [Hash32; 2] {
        Self::hash_two_by(at_once, two)
    }

    #[inline]
    fn hash_two_by(at_once: impl FnOnce([&[Block]; 2]) -> Option<[Hash32; 2]>, two: &[Self; 2]) -> [Hash32; 2] {
        at_once([two[0].blocks(), two[1].blocks()]).unwrap_or_else(|| [two[0].hash(), two[1].hash()])
    }
}

#[cfg(all(feature = "sha-ni", target_arch = "x86_64"))]
use crate::sha_ni::at_once;

/// Nothing: this build hashes one message at a time.
#[cfg(not(all(feature = "sha-ni", target_arch = "x86_64")))]
fn at_once(_: [&[Block]; 2]) -> Option<[Hash32; 2]> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::sha256;
    use proptest::prelude::*;

    /// Every way to hash a message, beside the hasher's.
    fn all_ways<const N: usize>(bytes: &[u8]) {
        let (first, second) = (&bytes[..N], &bytes[N..2 * N]);
        let expected = [sha256(&[first]), sha256(&[second])];
        let two = [Short::<N>::new([first]), Short::<N>::new([&second[..N / 3], &[], &second[N / 3..]])];
        assert_eq!([two[0].hash(), two[1].hash()], expected, "{N} bytes, alone");
        assert_eq!(Short::hash_two(&two), expected, "{N} bytes, as this processor can");
        assert_eq!(Short::hash_two_by(|_| None, &two), expected, "{N} bytes, on a processor that can't");
    }

    proptest! {
        #[test]
        fn short_messages_hash_as_long_ones_do(bytes in proptest::collection::vec(any::<u8>(), 2 * 119)) {
            all_ways::<0>(&bytes);
            all_ways::<1>(&bytes);
            all_ways::<41>(&bytes);
            all_ways::<55>(&bytes);
            all_ways::<56>(&bytes);
            all_ways::<64>(&bytes);
            all_ways::<81>(&bytes);
            all_ways::<119>(&bytes);
        }
    }

    #[test]
    #[should_panic(expected = "parts of a message of fixed length")]
    fn parts_must_have_the_length_that_the_padding_says() {
        Short::<41>::new([&[0; 32], &[0; 8]]);
    }

    /// Otherwise a slip in the names of features would leave the fast way unused, and nothing else would tell.
    #[cfg(all(feature = "sha-ni", target_arch = "x86_64", target_os = "linux"))]
    #[test]
    fn two_are_hashed_at_once_exactly_where_the_system_says_that_the_processor_can() {
        let info = std::fs::read_to_string("/proc/cpuinfo").expect("Linux says what the processor has");
        let flags = info.lines().find(|line| line.starts_with("flags")).expect("a line of flags");
        let has = |name| flags.split_whitespace().any(|flag| flag == name);
        let blocks = [&[[0; 64]][..]; 2];
        assert_eq!(at_once(blocks).is_some(), has("sha_ni") && has("ssse3") && has("sse4_1"));
    }
}
