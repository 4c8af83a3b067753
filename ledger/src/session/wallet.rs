//! Wallets' signatures, verified without a chain's client: what a wallet signed is a rule of consensus.

use super::SessionError;
use crate::account::Account;

mod bch;
mod evm;
mod recover;
mod solana;
pub use bch::{bch_key_hash, signed_message_hash};
pub(super) use evm::displayed;
pub use evm::{eip191_hash, evm_address};

/// Verifies that an account's wallet signed a text, offline.
///
/// - EVM: `personal_sign` (EIP-191), 65 bytes r, s, v with v 0, 1, 27 or 28 and low s.
/// - Solana: `signMessage` of the Wallet Standard, 64 bytes Ed25519 over the text's UTF-8 as it stands.
/// - Bitcoin Cash: `bch_signMessage` of WalletConnect, 65 bytes: 27 to 34, r, s (low) over the text as Bitcoin's signed messages
///   hash it. Wallets show these bytes in base64.
///
/// # Errors
/// What is wrong with the signature.
pub fn verify_wallet(account: &Account, text: &str, signature: &[u8]) -> Result<(), SessionError> {
    let theirs = if let Some(address) = account.evm_address() {
        evm::is_signed_by(&address, text, signature)?
    } else if let Some(key) = account.solana_address() {
        solana::is_signed_by(&key, text, signature)?
    } else {
        let hash = account.bch_key_hash().expect("an account is of one of three namespaces");
        bch::is_signed_by(&hash, text, signature)?
    };
    if theirs { Ok(()) } else { Err(SessionError::Signature { account: account.clone() }) }
}
