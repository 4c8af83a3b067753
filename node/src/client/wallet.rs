//! An EVM wallet's key: what links accounts to sessions, and pays fees. Signs texts as EIP-191 says.

use super::ClientError;
use crate::keys::Secret;
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use liaise_ledger::Account;

/// A wallet held in memory; its secret is wiped when it is dropped and never printed.
pub struct Wallet {
    signer: PrivateKeySigner,
    chain: u64,
}

impl std::fmt::Debug for Wallet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wallet({})", self.account())
    }
}

impl Wallet {
    /// The wallet of a secret key, for accounts of `eip155:<chain>`.
    ///
    /// # Errors
    /// The bytes are no secret key.
    pub fn new(secret: &Secret, chain: u64) -> Result<Wallet, ClientError> {
        let signer =
            PrivateKeySigner::from_slice(secret.as_ref()).map_err(|error| ClientError::Wallet(error.to_string()))?;
        Ok(Wallet { signer, chain })
    }

    /// Its account.
    pub fn account(&self) -> Account {
        Account::evm(self.chain, self.signer.address().into_array())
    }

    /// alloy's signer, for transactions.
    pub fn signer(&self) -> &PrivateKeySigner {
        &self.signer
    }

    /// Signs a text as wallets do (EIP-191): 65 bytes r, s, v.
    ///
    /// # Errors
    /// The key can't sign.
    pub fn sign_text(&self, text: &str) -> Result<Vec<u8>, ClientError> {
        let signature = self.signer.sign_message_sync(text.as_bytes());
        signature.map(|s| s.as_bytes().to_vec()).map_err(|error| ClientError::Wallet(error.to_string()))
    }
}
