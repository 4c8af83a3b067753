//! Ed25519 in batches: one equation for many signatures, and the culprits by halving when it does not hold.
//!
//! The rule is the cofactored one, `[8]([s]B - [k]A - R) = 0` with canonical s and no key of small order, for batches and
//! single signatures alike. A batch's equation can't see components of small order reliably, so under the cofactorless rule
//! a signature that was made so on purpose would be accepted at some stores and refused at others, and no oracle could fold
//! what a quorum had receipted. Signatures that honest signers make are valid under both rules.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use ed25519_dalek::{Signature, VerifyingKey};
use liaise_ledger::message::signing_bytes;
use liaise_ledger::{Author, Verified};
use sha2::{Digest, Sha512};
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
    signature: Signature,
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
        let signature = Signature::from_bytes(message.signed.signature.as_slice().try_into().ok()?);
        Some(Claim { position, key, bytes: signing_bytes(&message.id), signature })
    }

    fn key(&self, bytes: [u8; 32]) -> Option<VerifyingKey> {
        let mut keys = self.keys.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if keys.len() >= KEYS && !keys.contains_key(&bytes) {
            keys.clear();
        }
        *keys.entry(bytes).or_insert_with(|| VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak()))
    }
}

fn halve(claims: &[Claim], good: &mut [bool]) {
    if claims.len() < SMALL {
        for claim in claims {
            good[claim.position] = verify_one(&claim.key, &claim.bytes, &claim.signature);
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
    let bytes: Vec<&[u8]> = claims.iter().map(|claim| claim.bytes.as_slice()).collect();
    let signatures: Vec<Signature> = claims.iter().map(|claim| claim.signature).collect();
    let keys: Vec<VerifyingKey> = claims.iter().map(|claim| claim.key).collect();
    ed25519_dalek::verify_batch(&bytes, &signatures, &keys).is_ok()
}

fn verify_one(key: &VerifyingKey, bytes: &[u8], signature: &Signature) -> bool {
    let Some(s) = Option::<Scalar>::from(Scalar::from_canonical_bytes(*signature.s_bytes())) else { return false };
    let Some(r) = CompressedEdwardsY(*signature.r_bytes()).decompress() else { return false };
    let hash = Sha512::new().chain_update(signature.r_bytes()).chain_update(key.as_bytes()).chain_update(bytes);
    let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    let sum = EdwardsPoint::vartime_double_scalar_mul_basepoint(&k, &-key.to_edwards(), &s) - r;
    sum.mul_by_cofactor().is_identity()
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
    use ed25519_dalek::{Signer, SigningKey};

    fn claims(count: u8) -> Vec<Claim> {
        let one = |i: u8| {
            let key = SigningKey::from_bytes(&[i + 1; 32]);
            let bytes = [i; 48];
            Claim { position: i.into(), key: key.verifying_key(), bytes, signature: key.sign(&bytes) }
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

    /// A signature with a component of order 2 in R: batches accept it or not by chance, so the single rule must accept it.
    #[test]
    fn crafted_signatures_have_one_answer_in_every_batch() {
        let secret = Scalar::from(1234u64);
        let key = VerifyingKey::from(ED25519_BASEPOINT_POINT * secret);
        let nonce = Scalar::from(99u64);
        for company in [0u8, 3, 9, 30] {
            for i in 0..20u8 {
                let bytes = [i; 48];
                let r = (ED25519_BASEPOINT_POINT * nonce + EIGHT_TORSION[4]).compress();
                let hash = Sha512::new().chain_update(r.as_bytes()).chain_update(key.as_bytes()).chain_update(bytes);
                let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
                let signature = Signature::from_components(r.to_bytes(), (nonce + k * secret).to_bytes());
                assert!(key.verify_strict(&bytes, &signature).is_err(), "crafted: the cofactorless rule refuses it");
                let mut all = claims(company);
                all.push(Claim { position: company.into(), key, bytes, signature });
                let mut good = vec![false; all.len()];
                halve(&all, &mut good);
                assert!(good.iter().all(|good| *good), "message {i} with {company} others: {good:?}");
            }
        }
    }

    #[test]
    fn malleable_and_weak_are_refused() {
        let claim = &claims(1)[0];
        // s + l is the same scalar in another spelling.
        let order = hex_order();
        let mut s = *claim.signature.s_bytes();
        let mut carry = 0u16;
        for (byte, add) in s.iter_mut().zip(order) {
            carry += u16::from(*byte) + u16::from(add);
            *byte = carry as u8;
            carry >>= 8;
        }
        let other = Signature::from_components(*claim.signature.r_bytes(), s);
        assert!(!verify_one(&claim.key, &claim.bytes, &other));
        assert!(Verifier::default().key(EIGHT_TORSION[1].compress().to_bytes()).is_none());
    }

    /// The group's order, little-endian.
    fn hex_order() -> [u8; 32] {
        let minus_one = (Scalar::ZERO - Scalar::ONE).to_bytes();
        let mut order = minus_one;
        order[0] += 1;
        order
    }
}
