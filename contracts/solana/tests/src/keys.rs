//! Oracles' keys, and what they sign.

use liaise_summary::{Hash32, sha256};
use secp256k1::{Message, PublicKey, SECP256K1, SecretKey};

/// The keys of a set, ascending by compressed form.
#[derive(Clone)]
pub struct OracleKeys {
    secrets: Vec<(PublicKey, SecretKey)>,
}

impl OracleKeys {
    /// `count` keys from the `from`-th of the vectors on: their secrets are SHA-256 of `liaise vector key <i>`.
    pub fn new(from: usize, count: usize) -> Self {
        let secret = |i: usize| sha256(&[format!("liaise vector key {i}").as_bytes()]).0;
        let key = |i| SecretKey::from_byte_array(secret(i)).expect("below the group's order");
        let mut secrets: Vec<_> =
            (from..from + count).map(|i| (PublicKey::from_secret_key(SECP256K1, &key(i)), key(i))).collect();
        secrets.sort_by_key(|(public, _)| public.serialize());
        Self { secrets }
    }

    pub fn compressed(&self) -> Vec<[u8; 33]> {
        self.secrets.iter().map(|(public, _)| public.serialize()).collect()
    }

    /// The fewest signatures that count, by the first members.
    pub fn quorum(&self, digest: &Hash32) -> Vec<[u8; 65]> {
        let needed = liaise_summary::quorum(self.secrets.len());
        self.sign(digest, 0..needed)
    }

    /// Signatures of the members at these places, in this order.
    pub fn sign(&self, digest: &Hash32, members: impl IntoIterator<Item = usize>) -> Vec<[u8; 65]> {
        members.into_iter().map(|member| sign(&self.secrets[member].1, digest)).collect()
    }
}

fn sign(secret: &SecretKey, digest: &Hash32) -> [u8; 65] {
    let signed = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(digest.0), secret);
    let (id, rs) = signed.serialize_compact();
    let mut signature = [0; 65];
    signature[..64].copy_from_slice(&rs);
    signature[64] = i32::from(id) as u8;
    signature
}

/// The other signature of the same key over the same digest: n - s, and the other v.
pub fn other_half(signature: &[u8; 65]) -> [u8; 65] {
    let s: [u8; 32] = signature[32..64].try_into().expect("32 bytes");
    let negated = SecretKey::from_byte_array(s).expect("a scalar").negate();
    let mut other = *signature;
    other[32..64].copy_from_slice(&negated.secret_bytes());
    other[64] ^= 1;
    other
}
