//! The public randomness that draws: rounds of a drand chain with the scheme `bls-unchained-g1-rfc9380`.
//!
//! A round's signature is BLS over `H(round u64)`, signature in G1 and key in G2, hashed to the curve as RFC 9380 says.
//! Anybody carries rounds, anybody verifies one without its predecessors. Live networks take quicknet's; a local network
//! runs a [`BeaconKey`] of its own through the same code.

use crate::genesis::hex_text;
use crate::hash::Hash;
use blst::BLST_ERROR;
use blst::min_sig::{PublicKey, SecretKey, Signature};
use serde::{Deserialize, Serialize};

/// The one scheme.
pub const SCHEME: &str = "bls-unchained-g1-rfc9380";
/// Domain separation of signatures in G1.
const DST: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

/// A round's signature: a compressed point of G1.
pub type RoundSignature = [u8; 48];

/// The beacon that a network draws with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beacon {
    /// [`SCHEME`].
    pub scheme: String,
    /// Hash of the drand chain's description; part of every seed.
    pub chain_hash: Hash,
    /// Compressed point of G2.
    #[serde(with = "hex_text")]
    pub public_key: [u8; 96],
    /// When round 1 is published, Unix seconds.
    pub genesis_s: u64,
    /// From one round to the next.
    pub period_s: u32,
}

/// Why a round or a beacon is refused.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BeaconError {
    /// A scheme that this program does not know.
    #[error("scheme: {0:?} is not {SCHEME}")]
    Scheme(String),
    /// The key is no point of G2's prime-order group.
    #[error("public_key: not a compressed point of G2: copy it from the drand chain's description")]
    Key,
    /// Rounds need time between them.
    #[error("period_s: zero, or genesis_s is 2^40 or more")]
    Period,
    /// There is no round 0.
    #[error("round: {0} is not a round: the first is 1")]
    Round(u64),
    /// The signature is not the beacon's for this round.
    #[error("signature: it is not the beacon's for round {0}: ask another peer for that round")]
    Signature(u64),
}

/// What is signed for a round: `H` of its number in 8 bytes.
fn round_message(round: u64) -> Hash {
    Hash::of(&[&round.to_be_bytes()])
}

impl Beacon {
    /// Checks scheme, key and period.
    ///
    /// # Errors
    /// The first of them that is wrong.
    pub fn check(&self) -> Result<(), BeaconError> {
        if self.scheme != SCHEME {
            return Err(BeaconError::Scheme(self.scheme.clone()));
        }
        if self.period_s == 0 || self.genesis_s >= 1 << 40 {
            return Err(BeaconError::Period);
        }
        PublicKey::key_validate(&self.public_key).map(|_| ()).map_err(|_| BeaconError::Key)
    }

    /// Verifies a round's signature; about 1.5 ms.
    ///
    /// # Errors
    /// [`BeaconError::Signature`] for any other signature, [`BeaconError::Round`] for round 0.
    pub fn verify_round(&self, round: u64, signature: &RoundSignature) -> Result<(), BeaconError> {
        if round == 0 {
            return Err(BeaconError::Round(round));
        }
        let key = PublicKey::key_validate(&self.public_key).map_err(|_| BeaconError::Key)?;
        let signature = Signature::uncompress(signature).map_err(|_| BeaconError::Signature(round))?;
        match signature.verify(true, &round_message(round).0, DST, &[], &key, false) {
            BLST_ERROR::BLST_SUCCESS => Ok(()),
            _ => Err(BeaconError::Signature(round)),
        }
    }

    /// When a round is published, in milliseconds since 1970. Round 0, which does not exist, counts as round 1.
    pub fn round_time_ms(&self, round: u64) -> u64 {
        let offset_s = round.saturating_sub(1).saturating_mul(u64::from(self.period_s));
        self.genesis_s.saturating_add(offset_s).saturating_mul(1000)
    }

    /// The newest round published at a time in milliseconds since 1970; 0 before the first.
    pub fn round_at(&self, wall_ms: u64) -> u64 {
        match wall_ms.checked_sub(self.genesis_s * 1000) {
            None => 0,
            Some(since) => since / (u64::from(self.period_s) * 1000) + 1,
        }
    }
}

/// The secret key of a local network's own beacon. It is wiped when it is dropped and never printed.
pub struct BeaconKey(SecretKey);

impl BeaconKey {
    /// The key of 32 secret bytes, by the key generation of the BLS draft.
    pub fn from_seed(seed: &[u8; 32]) -> BeaconKey {
        BeaconKey(SecretKey::key_gen(seed, &[]).expect("32 bytes are enough for a key"))
    }

    /// The compressed public key.
    pub fn public(&self) -> [u8; 96] {
        self.0.sk_to_pk().compress()
    }

    /// The signature of a round. It must not leave before the round's time.
    pub fn sign(&self, round: u64) -> RoundSignature {
        self.0.sign(&round_message(round).0, DST, &[]).compress()
    }

    /// The description for genesis. The chain hash of a local beacon is `H(public key, genesis_s u64, period_s u32)`.
    pub fn beacon(&self, genesis_s: u64, period_s: u32) -> Beacon {
        let public_key = self.public();
        let chain_hash = Hash::of(&[&public_key, &genesis_s.to_be_bytes(), &period_s.to_be_bytes()]);
        Beacon { scheme: SCHEME.into(), chain_hash, public_key, genesis_s, period_s }
    }
}

impl std::fmt::Debug for BeaconKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BeaconKey({})", hex::encode(self.public()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// drand's quicknet.
    fn quicknet() -> Beacon {
        let key = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510\
                   d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a";
        Beacon {
            scheme: SCHEME.into(),
            chain_hash: "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971".parse().unwrap(),
            public_key: hex_text::decode(key).unwrap(),
            genesis_s: 1_692_803_367,
            period_s: 3,
        }
    }

    #[test]
    fn real_rounds_of_quicknet_verify() {
        let beacon = quicknet();
        assert_eq!(beacon.check(), Ok(()));
        let rounds = [
            (1000, "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39"),
            (
                657_413,
                "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b",
            ),
        ];
        for (round, signature) in rounds {
            let signature = hex_text::decode(signature).unwrap();
            assert_eq!(beacon.verify_round(round, &signature), Ok(()));
            assert_eq!(beacon.verify_round(round + 1, &signature), Err(BeaconError::Signature(round + 1)));
        }
    }

    #[test]
    fn a_local_beacon_signs_what_it_verifies() {
        let key = BeaconKey::from_seed(&[7; 32]);
        let beacon = key.beacon(1_000, 2);
        let mut signature = key.sign(5);
        assert_eq!(beacon.verify_round(5, &signature), Ok(()));
        assert_eq!(beacon.verify_round(6, &signature), Err(BeaconError::Signature(6)));
        assert_eq!(beacon.verify_round(0, &signature), Err(BeaconError::Round(0)));
        signature[20] ^= 1;
        assert_eq!(beacon.verify_round(5, &signature), Err(BeaconError::Signature(5)));
        assert!(!format!("{key:?}").contains(&hex::encode(key.0.to_bytes())));
    }

    #[test]
    fn the_point_at_infinity_is_neither_key_nor_signature() {
        let mut beacon = BeaconKey::from_seed(&[7; 32]).beacon(1_000, 2);
        let mut infinity = [0; 48];
        infinity[0] = 0xc0;
        assert_eq!(beacon.verify_round(5, &infinity), Err(BeaconError::Signature(5)));
        beacon.public_key = [0; 96];
        beacon.public_key[0] = 0xc0;
        assert_eq!(beacon.check(), Err(BeaconError::Key));
    }

    #[test]
    fn rounds_and_times_are_inverse() {
        let beacon = quicknet();
        assert_eq!(beacon.round_at(beacon.genesis_s * 1000 - 1), 0);
        for round in [1, 2, 1000] {
            let time = beacon.round_time_ms(round);
            assert_eq!((beacon.round_at(time - 1), beacon.round_at(time)), (round - 1, round));
        }
    }
}
