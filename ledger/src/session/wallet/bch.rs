//! `bch_signMessage` of WalletConnect on Bitcoin Cash: Bitcoin's signed messages.

use super::SessionError;
use super::recover::recover;
use crate::hash::Hash;
use ripemd::Ripemd160;
use secp256k1::PublicKey;
use secp256k1::ecdsa::RecoveryId;
use sha2::Digest;

/// Header of a recoverable signature by a key that is hashed uncompressed; by one that is hashed compressed.
const UNCOMPRESSED: u8 = 27;
const COMPRESSED: u8 = 31;

/// What a Bitcoin Cash wallet signs for a text: twice SHA-256 of the magic and the text, each after its length.
pub fn signed_message_hash(text: &str) -> [u8; 32] {
    Hash::of(&[&Hash::of(&[b"\x18Bitcoin Signed Message:\n", &compact_size(text.len()), text.as_bytes()]).0]).0
}

/// What a Bitcoin Cash address has of a key: RIPEMD-160 of SHA-256 of its 33 bytes.
pub fn bch_key_hash(key: &PublicKey) -> [u8; 20] {
    hash160(&key.serialize())
}

fn hash160(bytes: &[u8]) -> [u8; 20] {
    Ripemd160::digest(Hash::of(&[bytes]).0).into()
}

/// A length as Bitcoin writes lengths.
fn compact_size(length: usize) -> Vec<u8> {
    match length {
        0..=0xfc => vec![length as u8],
        0xfd..=0xffff => [&[0xfd], &(length as u16).to_le_bytes()[..]].concat(),
        // no message is that long: a block has 64 KiB at most
        _ => [&[0xfe], &(length as u32).to_le_bytes()[..]].concat(),
    }
}

pub fn is_signed_by(key_hash: &[u8; 20], text: &str, signature: &[u8]) -> Result<bool, SessionError> {
    let form = "not 65 bytes: a header of 27 to 34, r, s (decode the wallet's base64 first)";
    let signature: &[u8; 65] = signature.try_into().map_err(|_| SessionError::SignatureForm(form))?;
    let header = signature[0];
    if !(UNCOMPRESSED..COMPRESSED + 4).contains(&header) {
        return Err(SessionError::SignatureForm(form));
    }
    let id = RecoveryId::try_from(i32::from((header - UNCOMPRESSED) % 4)).expect("0 to 3");
    let key = recover(signed_message_hash(text), id, &signature[1..])?;
    Ok(key.is_some_and(|key| {
        let hash = if header < COMPRESSED { hash160(&key.serialize_uncompressed()) } else { bch_key_hash(&key) };
        hash == *key_hash
    }))
}
