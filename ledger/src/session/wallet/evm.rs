//! `personal_sign` of EVM wallets (EIP-191).

use super::SessionError;
use super::recover::recover;
use crate::account::Account;
use secp256k1::PublicKey;
use secp256k1::ecdsa::RecoveryId;
use sha3::{Digest, Keccak256};

fn keccak(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Keccak256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// What an EVM wallet signs for a text (EIP-191, `personal_sign`).
pub fn eip191_hash(text: &str) -> [u8; 32] {
    keccak(&[b"\x19Ethereum Signed Message:\n", text.len().to_string().as_bytes(), text.as_bytes()])
}

/// The EVM address of a secp256k1 key.
pub fn evm_address(key: &PublicKey) -> [u8; 20] {
    let hash = keccak(&[&key.serialize_uncompressed()[1..]]);
    hash[12..].try_into().expect("20 bytes of 32")
}

/// An account's address as wallets show it: with EIP-55's checksum on EVM chains.
pub fn displayed(account: &Account) -> String {
    let address = account.address();
    let Some(digits) = address.strip_prefix("0x").filter(|_| account.evm_address().is_some()) else {
        return address.to_owned();
    };
    let hash = keccak(&[digits.as_bytes()]);
    let nibble = |i: usize| hash[i / 2] >> (4 * (1 - i % 2)) & 15;
    let digit = |(i, c): (usize, char)| if nibble(i) >= 8 { c.to_ascii_uppercase() } else { c };
    format!("0x{}", digits.chars().enumerate().map(digit).collect::<String>())
}

pub fn is_signed_by(address: &[u8; 20], text: &str, signature: &[u8]) -> Result<bool, SessionError> {
    let signature: &[u8; 65] = signature.try_into().map_err(|_| SessionError::SignatureForm("not 65 bytes r, s, v"))?;
    let id = match signature[64] {
        0 | 27 => RecoveryId::Zero,
        1 | 28 => RecoveryId::One,
        _ => return Err(SessionError::SignatureForm("v is none of 0, 1, 27 and 28")),
    };
    let key = recover(eip191_hash(text), id, &signature[..64])?;
    Ok(key.is_some_and(|key| evm_address(&key) == *address))
}
