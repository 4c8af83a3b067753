//! A wallet's key: what links accounts to sessions, and pays fees. Which kind it is follows from the chain of its account.

use super::ClientError;
use crate::keys::Secret;
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use ed25519_dalek::SigningKey;
use liaise_ledger::session::{bch_key_hash, signed_message_hash};
use liaise_ledger::{Account, ChainId};
use secp256k1::{Message, PublicKey, SecretKey};

/// Header of a recoverable signature whose key is hashed compressed.
const COMPRESSED: u8 = 31;

/// A wallet held in memory; its secret is wiped when it is dropped and never printed.
pub struct Wallet {
    key: WalletKey,
    account: Account,
}

/// A wallet's key, of the kind that its chain has.
pub enum WalletKey {
    /// secp256k1, for accounts of `eip155` chains.
    Evm(PrivateKeySigner),
    /// Ed25519, for accounts of `solana` chains.
    Solana(SigningKey),
    /// secp256k1, for accounts of `bch` chains.
    Bch(Secret),
}

impl std::fmt::Debug for Wallet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wallet({})", self.account())
    }
}

impl Wallet {
    /// The wallet of a secret key, for an account of a chain.
    ///
    /// # Errors
    /// The bytes are no secret key of the chain's kind.
    pub fn new(secret: &Secret, chain: &ChainId) -> Result<Wallet, ClientError> {
        let no_key = |error: String| ClientError::Wallet(format!("no key for {chain}: {error}"));
        let (key, account) = match chain.namespace() {
            "solana" => {
                let key = SigningKey::from_bytes(secret);
                let account = Account::solana(chain, key.verifying_key().to_bytes());
                (WalletKey::Solana(key), account)
            }
            "bch" => {
                let key = SecretKey::from_byte_array(**secret).map_err(|error| no_key(error.to_string()))?;
                let account = Account::bch(chain, bch_key_hash(&PublicKey::from_secret_key_global(&key)));
                (WalletKey::Bch(secret.clone()), account)
            }
            _ => {
                let number = chain.reference().parse().map_err(|error| no_key(format!("{error}")))?;
                let key = PrivateKeySigner::from_slice(secret.as_ref()).map_err(|error| no_key(error.to_string()))?;
                let account = Account::evm(number, key.address().into_array());
                (WalletKey::Evm(key), account)
            }
        };
        Ok(Wallet { key, account })
    }

    /// Its account.
    pub fn account(&self) -> Account {
        self.account.clone()
    }

    /// The key, for the transactions of its chain.
    pub fn key(&self) -> &WalletKey {
        &self.key
    }

    /// Signs a text as the chain's wallets do: `personal_sign` (65 bytes r, s, v), Solana's `signMessage` (64 bytes), or
    /// `bch_signMessage` (65 bytes header, r, s).
    ///
    /// # Errors
    /// The key can't sign.
    pub fn sign_text(&self, text: &str) -> Result<Vec<u8>, ClientError> {
        match &self.key {
            WalletKey::Evm(key) => {
                let signature = key.sign_message_sync(text.as_bytes());
                signature.map(|s| s.as_bytes().to_vec()).map_err(|error| ClientError::Wallet(error.to_string()))
            }
            WalletKey::Solana(key) => Ok(ed25519_dalek::Signer::sign(key, text.as_bytes()).to_bytes().to_vec()),
            WalletKey::Bch(secret) => {
                let key = SecretKey::from_byte_array(**secret).expect("it was a key when the wallet was made");
                let digest = Message::from_digest(signed_message_hash(text));
                let signed = secp256k1::global::SECP256K1.sign_ecdsa_recoverable(digest, &key);
                let (id, rs) = signed.serialize_compact();
                let header = COMPRESSED + u8::try_from(i32::from(id)).expect("0 to 3");
                Ok([&[header], &rs[..]].concat())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_ledger::session::verify_wallet;

    #[test]
    fn each_chains_wallets_sign_what_its_accounts_are_checked_by() {
        let secret = Secret::new([7; 32]);
        for chain in ["eip155:42161", "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", "bch:bitcoincash", "bch:bchtest"] {
            let chain: ChainId = chain.parse().unwrap();
            let wallet = Wallet::new(&secret, &chain).unwrap();
            assert!(wallet.account().is_on(&chain), "{wallet:?}");
            let signature = wallet.sign_text("a text\nof two lines").unwrap();
            verify_wallet(&wallet.account(), "a text\nof two lines", &signature).unwrap();
            verify_wallet(&wallet.account(), "a text\nof other lines", &signature).unwrap_err();
            assert!(!format!("{wallet:?}").contains("0707"));
        }
    }

    #[test]
    fn zero_is_a_key_of_solana_only() {
        let zero = Secret::new([0; 32]);
        for chain in ["eip155:1", "bch:bitcoincash"] {
            let error = Wallet::new(&zero, &chain.parse().unwrap()).unwrap_err().to_string();
            assert!(error.contains(chain), "{error}");
        }
        assert!(Wallet::new(&zero, &"solana:x".parse().unwrap()).is_ok());
    }
}
