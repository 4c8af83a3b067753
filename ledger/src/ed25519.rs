//! The one rule for Ed25519 signatures, wherever one is checked: messages, receipts, the witnesses' votes, singly or in
//! batches.
//!
//! It is the cofactored one, `[8]([s]B - [k]A - R) = 0` with `k = SHA-512(R, A, message)` over the bytes as they stand, s below
//! the group's order, points read as ZIP 215 reads them, and no key of small order. RFC 8032 leaves open whether the 8 is
//! there. Without it a batch can't be checked by one equation, for that sees components of small order by chance only: a
//! signature made on purpose would be accepted at one node and refused at another. What honest signers make is valid either
//! way.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha512};
use std::collections::HashMap;

/// A key that signatures can be checked with: a point, and not one of small order, for which anybody could sign.
pub fn decode_key(bytes: &[u8; 32]) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak())
}

/// What a signature says, ready for an equation: R, k and s.
struct Parts {
    point: EdwardsPoint,
    k: Scalar,
    s: Scalar,
}

fn parts(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> Option<Parts> {
    let (r, s) = signature.split_at(32);
    let (r, s): ([u8; 32], [u8; 32]) = (r.try_into().expect("half of 64"), s.try_into().expect("half of 64"));
    let s = Option::<Scalar>::from(Scalar::from_canonical_bytes(s))?;
    let point = CompressedEdwardsY(r).decompress()?;
    let hash = Sha512::new().chain_update(r).chain_update(key.as_bytes()).chain_update(message);
    Some(Parts { point, k: Scalar::from_bytes_mod_order_wide(&hash.finalize().into()), s })
}

/// Whether a signature is the key's.
pub fn verify(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
    let Some(Parts { point, k, s }) = parts(key, message, signature) else { return false };
    let difference = EdwardsPoint::vartime_double_scalar_mul_basepoint(&k, &-key.to_edwards(), &s) - point;
    !key.is_weak() && difference.mul_by_cofactor().is_identity()
}

/// A signature over a message, by a key that [`decode_key`] gave.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Whose it is said to be.
    pub key: &'a VerifyingKey,
    /// What was signed.
    pub message: &'a [u8],
    /// R and s.
    pub signature: &'a [u8; 64],
}

/// Whether all signatures are their keys', by one equation: the sum of all equations of [`verify`], each times a random number
/// that nobody could foresee. Where one signature is not its key's, it holds with a chance of 2^-125. Signatures of one key
/// share a point, so they cost less than those of many keys.
pub fn verify_all(claims: &[Claim<'_>], mut random: impl FnMut() -> u128) -> bool {
    let mut scalars = Vec::with_capacity(2 * claims.len() + 1);
    let mut points = Vec::with_capacity(2 * claims.len() + 1);
    let mut by_key: HashMap<&[u8; 32], (&VerifyingKey, Scalar)> = HashMap::with_capacity(claims.len());
    let mut base = Scalar::ZERO;
    for claim in claims {
        let Some(Parts { point, k, s }) = parts(claim.key, claim.message, claim.signature) else { return false };
        let factor = Scalar::from(random());
        base -= factor * s;
        scalars.push(factor);
        points.push(point);
        by_key.entry(claim.key.as_bytes()).or_insert((claim.key, Scalar::ZERO)).1 += factor * k;
    }
    for (key, factor) in by_key.into_values() {
        if key.is_weak() {
            return false;
        }
        scalars.push(factor);
        points.push(key.to_edwards());
    }
    scalars.push(base);
    points.push(curve25519_dalek::constants::ED25519_BASEPOINT_POINT);
    EdwardsPoint::vartime_multiscalar_mul(&scalars, &points).mul_by_cofactor().is_identity()
}
