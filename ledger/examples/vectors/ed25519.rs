//! Ed25519 signatures on which verifiers of different rules differ, and some on which none do.

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::{Signer, VerifyingKey};
use liaise_ledger::ed25519::{decode_key, verify};
use liaise_ledger::hash::tag;
use serde::Serialize;
use sha2::{Digest, Sha256, Sha512};

use crate::sample;

#[derive(Serialize)]
pub struct Case {
    name: &'static str,
    key: String,
    /// What is signed, as of a message: a tag and a digest, 48 bytes.
    message: String,
    signature: String,
    /// What the rule says.
    valid: bool,
    /// What a cofactorless, strict verifier says (`verify_strict` of ed25519-dalek): what must not be used.
    strict: bool,
}

fn message(n: u8) -> Vec<u8> {
    [&tag("LIAISE/MSG/01")[..], &Sha256::digest([n])].concat()
}

fn case(name: &'static str, key: [u8; 32], message: &[u8], r: [u8; 32], s: [u8; 32]) -> Case {
    let signature: [u8; 64] = [r, s].concat().try_into().expect("two halves");
    let strictly = |key: VerifyingKey| key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(&signature));
    Case {
        name,
        key: hex::encode(key),
        message: hex::encode(message),
        signature: hex::encode(signature),
        valid: decode_key(&key).is_some_and(|key| verify(&key, message, &signature)),
        strict: VerifyingKey::from_bytes(&key).is_ok_and(|key| strictly(key).is_ok()),
    }
}

/// A secret and a nonce that everybody knows, and the torsion added to the key and to R.
struct Crafted {
    key: EdwardsPoint,
    secret: Scalar,
    r: EdwardsPoint,
    nonce: Scalar,
}

impl Crafted {
    fn new(key_torsion: usize, r_torsion: usize) -> Crafted {
        let (secret, nonce) = (Scalar::from(1_234u64), Scalar::from(99u64));
        Crafted {
            key: ED25519_BASEPOINT_POINT * secret + EIGHT_TORSION[key_torsion],
            secret,
            r: ED25519_BASEPOINT_POINT * nonce + EIGHT_TORSION[r_torsion],
            nonce,
        }
    }

    /// Signs with R in the given spelling.
    fn spelt(&self, name: &'static str, message: &[u8], r: [u8; 32]) -> Case {
        let key = self.key.compress().to_bytes();
        let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(message);
        let s = self.nonce + Scalar::from_bytes_mod_order_wide(&hash.finalize().into()) * self.secret;
        case(name, key, message, r, s.to_bytes())
    }

    fn sign(&self, name: &'static str, message: &[u8]) -> Case {
        self.spelt(name, message, self.r.compress().to_bytes())
    }
}

/// s + l, little-endian: the same scalar in another spelling.
fn plus_order(s: &[u8; 32]) -> [u8; 32] {
    let mut order = (-Scalar::ONE).to_bytes();
    order[0] += 1;
    let (mut sum, mut carry) = (*s, 0u16);
    for (byte, add) in sum.iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(add);
        *byte = carry as u8;
        carry >>= 8;
    }
    sum
}

/// Bytes that are no point.
fn no_point() -> [u8; 32] {
    let mut bytes = [0; 32];
    while CompressedEdwardsY(bytes).decompress().is_some() {
        bytes[0] += 1;
    }
    bytes
}

/// Every case: first those that the rule accepts.
pub fn all() -> Vec<Case> {
    let honest = sample::ed25519("session", 1);
    let (key, text) = (honest.verifying_key().to_bytes(), message(0));
    let good = honest.sign(&text);
    let (r, s) = (*good.r_bytes(), *good.s_bytes());
    // The identity, y = 1: as it is, and as p + 1.
    let identity = EIGHT_TORSION[0].compress().to_bytes();
    let mut above_p = [0xff; 32];
    (above_p[0], above_p[31]) = (0xee, 0x7f);
    let mut small_r = Crafted::new(0, 0);
    small_r.nonce = Scalar::ZERO;
    let off = ED25519_BASEPOINT_POINT * Scalar::from(99u64) + ED25519_BASEPOINT_POINT;
    let weak = EIGHT_TORSION[1].compress().to_bytes();
    // With a key of small order A, R = rB and s = r solve the cofactored equation for every text.
    let anyone = ED25519_BASEPOINT_POINT * Scalar::from(7u64);
    let seven = Scalar::from(7u64).to_bytes();
    vec![
        case("what signers make", key, &text, r, s),
        Crafted::new(0, 4).sign("a component of order 2 in R", &text),
        Crafted::new(0, 1).sign("a component of order 8 in R", &text),
        Crafted::new(1, 0).sign("a component of order 8 in the key", &message(1)),
        Crafted::new(3, 6).sign("components in key and R", &message(2)),
        small_r.spelt("R of small order", &text, identity),
        small_r.spelt("R with y above p, as ZIP 215 reads it", &text, above_p),
        case("another text", key, &message(9), r, s),
        case("s not reduced", key, &text, r, plus_order(&s)),
        case("a key of small order", weak, &text, anyone.compress().to_bytes(), seven),
        case("the identity as key", identity, &text, anyone.compress().to_bytes(), seven),
        case("R is no point", key, &text, no_point(), s),
        case("the key is no point", no_point(), &text, r, s),
        Crafted::new(0, 0).spelt("R off by a point of large order", &text, off.compress().to_bytes()),
    ]
}
