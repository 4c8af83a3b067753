//! `solana:signMessage` of the Wallet Standard: Ed25519 over the message's bytes as they stand.
//!
//! "Sign In With Solana" signs the same bytes: its text has the form of a session text.

use super::SessionError;
use crate::ed25519;

pub fn is_signed_by(address: &[u8; 32], text: &str, signature: &[u8]) -> Result<bool, SessionError> {
    let signature: &[u8; 64] =
        signature.try_into().map_err(|_| SessionError::SignatureForm("not 64 bytes of an Ed25519 signature"))?;
    // an address off the curve belongs to a program, which signs nothing
    let key = ed25519::decode_key(address).ok_or(SessionError::SignatureForm(
        "no key has this address: a program's account can't sign, use a wallet's",
    ))?;
    Ok(ed25519::verify(&key, text.as_bytes(), signature))
}
