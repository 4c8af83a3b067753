//! Ed25519 in batches: one equation for many signatures, and the culprits by halving when it does not hold.
//!
//! The answer is that of [`liaise_ledger::ed25519`] for every signature.

use ed25519_dalek::VerifyingKey;
use liaise_ledger::message::signing_bytes;
use liaise_ledger::{Author, Verified, ed25519};
use rand::Rng;
use std::collections::HashMap;
use std::sync::Mutex;

/// Below this a batch gains nothing.
const SMALL: usize = 4;
/// Decoded keys that are kept.
const KEYS: usize = 1 << 16;

/// Verifies signatures and remembers the keys that it decoded.
#[derive(Default)]
pub struct Verifier {
    keys: Mutex<HashMap<[u8; 32], Option<VerifyingKey>>>,
}

struct Claim {
    position: usize,
    key: VerifyingKey,
    bytes: [u8; 48],
    signature: [u8; 64],
}

impl Verifier {
    /// Which messages bear their key's signature, in their order.
    pub fn verify(&self, messages: &[&Verified]) -> Vec<bool> {
        let mut good = vec![false; messages.len()];
        let mut claims = Vec::with_capacity(messages.len());
        for (position, message) in messages.iter().enumerate() {
            match &message.message.author {
                Author::Account(_) | Author::Store(_) => claims.extend(self.claim(position, message)),
                Author::Oracle(key) | Author::Dao(key) => {
                    let digest = liaise_ledger::Hash::of(&[&signing_bytes(&message.id)]);
                    let signature: Option<&[u8; 64]> = message.signed.signature.as_slice().try_into().ok();
                    good[position] = signature.is_some_and(|signature| {
                        liaise_ledger::message::verify_secp256k1(key, &digest, signature).is_ok()
                    });
                }
            }
        }
        halve(&claims, &mut good);
        good
    }

    fn claim(&self, position: usize, message: &Verified) -> Option<Claim> {
        let key = self.key(message.message.key.as_slice().try_into().ok()?)?;
        let signature = message.signed.signature.as_slice().try_into().ok()?;
        Some(Claim { position, key, bytes: signing_bytes(&message.id), signature })
    }

    fn key(&self, bytes: [u8; 32]) -> Option<VerifyingKey> {
        let mut keys = self.keys.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if keys.len() >= KEYS && !keys.contains_key(&bytes) {
            keys.clear();
        }
        *keys.entry(bytes).or_insert_with(|| ed25519::decode_key(&bytes))
    }
}

fn halve(claims: &[Claim], good: &mut [bool]) {
    if claims.len() < SMALL {
        for claim in claims {
            good[claim.position] = ed25519::verify(&claim.key, &claim.bytes, &claim.signature);
        }
    } else if verify_all(claims) {
        claims.iter().for_each(|claim| good[claim.position] = true);
    } else {
        let (left, right) = claims.split_at(claims.len() / 2);
        halve(left, good);
        halve(right, good);
    }
}

fn verify_all(claims: &[Claim]) -> bool {
    let claims: Vec<_> = claims
        .iter()
        .map(|claim| ed25519::Claim { key: &claim.key, message: &claim.bytes, signature: &claim.signature })
        .collect();
    let mut random = rand::thread_rng();
    ed25519::verify_all(&claims, || random.r#gen())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    fn claims(count: u8) -> Vec<Claim> {
        let one = |i: u8| {
            let key = SigningKey::from_bytes(&[i + 1; 32]);
            let bytes = [i; 48];
            Claim { position: i.into(), key: key.verifying_key(), bytes, signature: key.sign(&bytes).to_bytes() }
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn bad_signatures_are_found_among_good_ones() {
        for bad in [vec![], vec![0], vec![3, 4], vec![63], (0..64).collect()] {
            let mut claims = claims(64);
            bad.iter().for_each(|i| claims[*i].bytes[0] ^= 0xff);
            let mut good = vec![false; 64];
            halve(&claims, &mut good);
            let expected: Vec<bool> = (0..64).map(|i| !bad.contains(&i)).collect();
            assert_eq!(good, expected);
        }
    }

    #[derive(serde::Deserialize)]
    struct Case {
        name: String,
        key: String,
        message: String,
        signature: String,
        valid: bool,
    }

    /// Every vector has the same answer alone, in small batches and in large ones: a batch's own equation sees components of
    /// small order by chance only, so each is tried in many companies.
    #[test]
    fn vectors_have_one_answer_in_every_batch() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/ed25519.json");
        let cases: Vec<Case> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(cases.iter().any(|case| case.valid) && cases.iter().any(|case| !case.valid));
        for case in cases {
            let bytes = |hex: &str| -> Vec<u8> {
                (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
            };
            let key = Verifier::default().key(bytes(&case.key).try_into().unwrap());
            let signature: [u8; 64] = bytes(&case.signature).try_into().unwrap();
            let message: [u8; 48] = bytes(&case.message).try_into().unwrap();
            let Some(key) = key else {
                assert!(!case.valid, "{}", case.name);
                continue;
            };
            for company in (0..24).chain([60]) {
                let mut all = claims(company);
                all.insert(all.len() / 2, Claim { position: company.into(), key, bytes: message, signature });
                let mut good = vec![false; all.len()];
                halve(&all, &mut good);
                let alone = good.pop();
                assert_eq!(alone, Some(case.valid), "{} with {company} others", case.name);
                assert!(good.iter().all(|good| *good), "{} spoils {company} others", case.name);
            }
        }
    }
}
