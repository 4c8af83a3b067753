//! Deterministic keys and signatures (RFC 6979), so that a fresh run writes the same bytes.

use liaise_summary::{CompressedKey, Hash32, sha256};
use secp256k1::{Message, PublicKey, Secp256k1, SecretKey};

/// Key `i` of the vectors: its secret is SHA-256 of `liaise vector key <i>`. Known to everybody: worth nothing.
fn secret(i: usize) -> SecretKey {
    let seed = format!("liaise vector key {i}");
    SecretKey::from_byte_array(sha256(&[seed.as_bytes()]).0).expect("a hash below the group order")
}

fn public(i: usize) -> CompressedKey {
    PublicKey::from_secret_key(&Secp256k1::new(), &secret(i)).serialize()
}

/// The first `n` public keys, ascending, each with its number.
fn ascending(n: usize) -> Vec<(CompressedKey, usize)> {
    let mut keys: Vec<_> = (0..n).map(|i| (public(i), i)).collect();
    keys.sort_unstable();
    keys
}

/// The first `n` public keys, ascending.
pub fn public_keys(n: usize) -> Vec<CompressedKey> {
    ascending(n).into_iter().map(|(key, _)| key).collect()
}

/// Signatures of the lowest `signers` of `n` keys, ascending by key: r, s, v (0 or 1).
pub fn sign(digest: Hash32, n: usize, signers: usize) -> Vec<(CompressedKey, [u8; 65])> {
    let secp = Secp256k1::new();
    let message = Message::from_digest(digest.0);
    let sign = |(key, i): (CompressedKey, usize)| {
        let (id, rs) = secp.sign_ecdsa_recoverable(message, &secret(i)).serialize_compact();
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&rs);
        bytes[64] = u8::try_from(i32::from(id)).expect("0 to 3");
        (key, bytes)
    };
    ascending(n).into_iter().take(signers).map(sign).collect()
}
