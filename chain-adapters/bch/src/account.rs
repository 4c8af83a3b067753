//! Keys that sign, and the accounts that they are.

use bitcoincash::ScriptBuf;
use bitcoincash::hashes::{Hash, hash160};
use liaise_chain_api::{Account, ChainError, ChainId};
use liaise_summary::CompressedKey;
use secp256k1::{Message, PublicKey, SECP256K1, SecretKey};

/// The keys of one submitter. On Bitcoin Cash a right is a signature inside the transaction, not its sender: whoever is to
/// use the guardian's or the DAO's rights holds their keys here, beside the one that owns the coins.
#[derive(Clone)]
pub struct BchKeys {
    coins: SecretKey,
    rights: Vec<SecretKey>,
    named: Vec<CompressedKey>,
}

impl BchKeys {
    /// The key that owns the coins, which counts as a right too.
    ///
    /// # Errors
    /// [`ChainError::Input`] for 32 bytes that are no secret key.
    pub fn new(coins: [u8; 32]) -> Result<Self, ChainError> {
        let coins = secret(coins)?;
        Ok(Self { coins, rights: vec![coins], named: vec![public(&coins)] })
    }

    /// With a key that gives rights: the guardian's, or of a member of the DAO's set.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_right(mut self, right: [u8; 32]) -> Result<Self, ChainError> {
        let right = secret(right)?;
        self.rights.push(right);
        self.named.push(public(&right));
        Ok(self)
    }

    /// With the public key of somebody who is to become guardian: an account holds a key's hash alone, and the covenant
    /// wants the key.
    pub fn naming(mut self, key: CompressedKey) -> Self {
        self.named.push(key);
        self
    }

    /// The key that owns the coins.
    pub fn public(&self) -> CompressedKey {
        public(&self.coins)
    }

    pub(crate) fn coins(&self) -> &SecretKey {
        &self.coins
    }

    /// The script that locks the coins.
    pub(crate) fn script(&self) -> ScriptBuf {
        pay_to(key_hash(&self.public()))
    }

    /// The named key whose account this is.
    pub(crate) fn key_of(&self, account: &Account) -> Option<CompressedKey> {
        let hash = account.bch_key_hash()?;
        self.named.iter().copied().find(|key| key_hash(key) == hash)
    }

    /// The DER signature of a key over SHA-256 of a message, where its secret is among these.
    pub(crate) fn sign(&self, key: &CompressedKey, message: &[u8]) -> Option<Vec<u8>> {
        let secret = self.rights.iter().find(|right| public(right) == *key)?;
        let digest = Message::from_digest(liaise_summary::sha256(&[message]).0);
        Some(SECP256K1.sign_ecdsa(digest, secret).serialize_der().to_vec())
    }
}

impl std::fmt::Debug for BchKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BchKeys").field("coins", &hex::encode(self.public())).finish_non_exhaustive()
    }
}

fn secret(bytes: [u8; 32]) -> Result<SecretKey, ChainError> {
    SecretKey::from_byte_array(bytes)
        .map_err(|_| ChainError::Input { what: "a secret key", detail: "these 32 bytes are none".to_owned() })
}

fn public(secret: &SecretKey) -> CompressedKey {
    PublicKey::from_secret_key(SECP256K1, secret).serialize()
}

/// RIPEMD-160 of SHA-256 of a key.
pub(crate) fn key_hash(key: &CompressedKey) -> [u8; 20] {
    hash160::Hash::hash(key).to_byte_array()
}

/// The account of a key.
pub fn account_of_key(chain: &ChainId, key: &CompressedKey) -> Account {
    Account::bch(chain, key_hash(key))
}

/// P2PKH.
pub(crate) fn pay_to(hash: [u8; 20]) -> ScriptBuf {
    ScriptBuf::from(liaise_summary::Payout { pubkey_hash: hash, amount: 0 }.script().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_leads_to_its_key_where_it_is_named() {
        let keys = BchKeys::new([1; 32]).expect("a key");
        let other = BchKeys::new([2; 32]).expect("a key").public();
        let chain: ChainId = "bch:bchreg".parse().expect("a chain");
        let account = account_of_key(&chain, &other);
        assert_eq!(keys.key_of(&account), None);
        assert_eq!(keys.clone().naming(other).key_of(&account), Some(other));
        assert!(keys.sign(&other, b"x").is_none());
        let shown = format!("{keys:?}");
        assert!(!shown.contains(&hex::encode([1; 32])), "{shown}");
        assert!(BchKeys::new([0; 32]).is_err());
    }
}
