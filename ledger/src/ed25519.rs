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
use curve25519_dalek::traits::IsIdentity;
use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha512};

/// A key that signatures can be checked with: a point, and not one of small order, for which anybody could sign.
pub fn decode_key(bytes: &[u8; 32]) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak())
}

/// Whether a signature is the key's.
pub fn verify(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
    let (r, s) = signature.split_at(32);
    let (r, s): ([u8; 32], [u8; 32]) = (r.try_into().expect("half of 64"), s.try_into().expect("half of 64"));
    let Some(s) = Option::<Scalar>::from(Scalar::from_canonical_bytes(s)) else { return false };
    let Some(point) = CompressedEdwardsY(r).decompress() else { return false };
    let hash = Sha512::new().chain_update(r).chain_update(key.as_bytes()).chain_update(message);
    let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    let difference = EdwardsPoint::vartime_double_scalar_mul_basepoint(&k, &-key.to_edwards(), &s) - point;
    !key.is_weak() && difference.mul_by_cofactor().is_identity()
}
