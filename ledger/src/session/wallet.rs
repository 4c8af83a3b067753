//! Wallets' signatures, verified without a chain's client.

use super::SessionError;
use crate::account::Account;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use secp256k1::{Message, PublicKey};
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
pub(super) fn displayed(account: &Account) -> String {
    let address = account.address();
    let Some(digits) = address.strip_prefix("0x").filter(|_| account.evm_address().is_some()) else {
        return address.to_owned();
    };
    let hash = keccak(&[digits.as_bytes()]);
    let nibble = |i: usize| hash[i / 2] >> (4 * (1 - i % 2)) & 15;
    let digit = |(i, c): (usize, char)| if nibble(i) >= 8 { c.to_ascii_uppercase() } else { c };
    format!("0x{}", digits.chars().enumerate().map(digit).collect::<String>())
}

/// Verifies that an account's wallet signed a text, offline. EVM: EIP-191, 65 bytes r, s, v with v 0, 1, 27 or 28 and low
/// s.
///
/// # Errors
/// [`SessionError::Unsupported`] for chains whose wallets this version does not verify; otherwise what is wrong with the
/// signature.
pub fn verify_wallet(account: &Account, text: &str, signature: &[u8]) -> Result<(), SessionError> {
    let Some(address) = account.evm_address() else {
        return Err(SessionError::Unsupported(account.chain().namespace().to_owned()));
    };
    let signature: &[u8; 65] = signature.try_into().map_err(|_| SessionError::SignatureForm("not 65 bytes r, s, v"))?;
    let id = match signature[64] {
        0 | 27 => RecoveryId::Zero,
        1 | 28 => RecoveryId::One,
        _ => return Err(SessionError::SignatureForm("v is none of 0, 1, 27 and 28")),
    };
    let compact = &signature[..64];
    let recoverable = RecoverableSignature::from_compact(compact, id)
        .map_err(|_| SessionError::SignatureForm("r or s is not below the group's order"))?;
    let mut low = recoverable.to_standard();
    low.normalize_s();
    if low.serialize_compact() != compact {
        return Err(SessionError::SignatureForm("s is high: use the lower of the two"));
    }
    let digest = Message::from_digest(eip191_hash(text));
    let key = secp256k1::global::SECP256K1.recover_ecdsa(digest, &recoverable);
    if key.is_ok_and(|key| evm_address(&key) == address) {
        Ok(())
    } else {
        Err(SessionError::Signature { account: account.clone() })
    }
}
