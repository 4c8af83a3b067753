//! SHA-256 over parts, and the 16-byte tags that separate one use of it from another.

#[cfg(not(target_os = "solana"))]
use sha2::digest::generic_array::GenericArray;
#[cfg(not(target_os = "solana"))]
use sha2::{Digest, Sha256, compress256};

use crate::ids::bytes32;

/// What fits two blocks with SHA-256's own padding: leaves and nodes of trees.
#[cfg(not(target_os = "solana"))]
const SHORT: usize = 2 * 64 - 9;
/// FIPS 180-4, 5.3.3.
#[cfg(not(target_os = "solana"))]
const INITIAL: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

bytes32! {
    /// A SHA-256 digest, or the zero that stands where nothing was hashed yet.
    Hash32
}

/// SHA-256 of the concatenated `parts`.
///
/// The signature mirrors the hashing call of the Solana VM (a slice of slices), which takes its place in a program there.
#[cfg(not(target_os = "solana"))]
pub fn sha256(parts: &[&[u8]]) -> Hash32 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    Hash32(hasher.finalize().into())
}

/// SHA-256 of a message of fixed length that fits two blocks. They are laid out at once, without the hasher's buffer: an
/// epoch's tree hashes millions of leaves and nodes.
#[cfg(not(target_os = "solana"))]
#[inline]
pub(crate) fn sha256_short<const N: usize>(message: &[u8; N]) -> Hash32 {
    const { assert!(N <= SHORT, "it must fit two blocks with the padding") };
    let mut bytes = [0u8; 128];
    bytes[..N].copy_from_slice(message);
    bytes[N] = 0x80;
    let used = if N < 64 - 8 { 64 } else { 128 };
    bytes[used - 8..used].copy_from_slice(&(8 * N as u64).to_be_bytes());
    let mut state = INITIAL;
    let blocks = [*GenericArray::from_slice(&bytes[..64]), *GenericArray::from_slice(&bytes[64..])];
    compress256(&mut state, &blocks[..used / 64]);
    let mut digest = [0; 32];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    Hash32(digest)
}

/// SHA-256 of the concatenated `parts`, by the Solana VM.
#[cfg(target_os = "solana")]
pub fn sha256(parts: &[&[u8]]) -> Hash32 {
    Hash32(solana_sha256_hasher::hashv(parts).to_bytes())
}

/// The VM pads by itself.
#[cfg(target_os = "solana")]
pub(crate) fn sha256_short<const N: usize>(message: &[u8; N]) -> Hash32 {
    sha256(&[message])
}

/// An ASCII tag padded on the right with zeros to 16 bytes.
///
/// # Panics
/// At compile time, when used in a `const`, if the tag is longer than 16 bytes.
pub const fn tag16(tag: &str) -> [u8; 16] {
    let bytes = tag.as_bytes();
    assert!(bytes.len() <= 16, "a tag has at most 16 bytes");
    let mut padded = [0; 16];
    let mut i = 0;
    while i < bytes.len() {
        padded[i] = bytes[i];
        i += 1;
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_concatenated() {
        assert_eq!(sha256(&[b"ab", b"", b"c"]), sha256(&[b"abc"]));
        // FIPS 180-2, appendix B.1
        assert_eq!(
            alloc::format!("{}", sha256(&[b"abc"])),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    fn both_ways<const N: usize>() {
        let message: [u8; N] = core::array::from_fn(|at| at as u8 ^ 0xa5);
        assert_eq!(sha256_short(&message), sha256(&[&message]), "{N} bytes");
    }

    #[test]
    fn short_messages_hash_as_long_ones_do() {
        both_ways::<0>();
        both_ways::<41>();
        both_ways::<55>();
        both_ways::<56>();
        both_ways::<64>();
        both_ways::<81>();
        both_ways::<119>();
    }

    #[test]
    fn tags_are_padded_on_the_right() {
        assert_eq!(&tag16("LIAISE/EPOCH/01"), b"LIAISE/EPOCH/01\0");
    }
}
