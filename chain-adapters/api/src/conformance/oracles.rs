//! A set of oracles whose keys everybody knows.

use liaise_summary::{CompressedKey, Hash32, OracleSet, sha256};
use secp256k1::{Message, PublicKey, Secp256k1, SecretKey};

use crate::StatementSignature;

/// The oracles of one version, with their secrets.
#[derive(Clone, Debug)]
pub struct Oracles {
    version: u32,
    /// Ascending by public key.
    keys: Vec<(CompressedKey, SecretKey)>,
}

impl Oracles {
    /// `n` oracles whose secrets follow from the version and their number.
    pub fn new(version: u32, n: u8) -> Self {
        let secp = Secp256k1::new();
        let key = |i: u8| {
            let seed = format!("liaise conformance oracle {version}/{i}");
            let secret = SecretKey::from_byte_array(sha256(&[seed.as_bytes()]).0).expect("below the group order");
            (PublicKey::from_secret_key(&secp, &secret).serialize(), secret)
        };
        let mut keys: Vec<_> = (0..n).map(key).collect();
        keys.sort_unstable_by_key(|(public, _)| *public);
        Self { version, keys }
    }

    /// The set that a distributor is built with or rotates to.
    pub fn set(&self) -> OracleSet {
        let keys = self.keys.iter().map(|(public, _)| *public).collect();
        OracleSet::new(self.version, keys).expect("five to fifteen ascending keys")
    }

    /// The lowest `n` oracles' signatures over a digest, ascending by key.
    pub fn sign(&self, digest: Hash32, n: usize) -> Vec<StatementSignature> {
        let secp = Secp256k1::new();
        let sign = |(public, secret): &(CompressedKey, SecretKey)| {
            let message = Message::from_digest(digest.0);
            let (id, rs) = secp.sign_ecdsa_recoverable(message, secret).serialize_compact();
            let mut rsv = [0; 65];
            rsv[..64].copy_from_slice(&rs);
            rsv[64] = u8::try_from(i32::from(id)).expect("0 to 3");
            StatementSignature { key: *public, rsv }
        };
        self.keys.iter().take(n).map(sign).collect()
    }

    /// Exactly a quorum's signatures.
    pub fn quorum(&self, digest: Hash32) -> Vec<StatementSignature> {
        self.sign(digest, self.set().quorum())
    }
}
