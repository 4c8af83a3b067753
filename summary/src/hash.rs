//! SHA-256 over parts, and the 16-byte tags that separate one use of it from another.

#[cfg(not(target_os = "solana"))]
use sha2::{Digest, Sha256};

use crate::ids::bytes32;

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

/// SHA-256 of the concatenated `parts`, by the Solana VM.
#[cfg(target_os = "solana")]
pub fn sha256(parts: &[&[u8]]) -> Hash32 {
    Hash32(solana_sha256_hasher::hashv(parts).to_bytes())
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

    #[test]
    fn tags_are_padded_on_the_right() {
        assert_eq!(&tag16("LIAISE/EPOCH/01"), b"LIAISE/EPOCH/01\0");
    }
}
