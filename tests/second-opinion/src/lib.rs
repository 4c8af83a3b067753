//! A wallet of `ethers-signers`, over another curve library and another Keccak than the rest of the project has: what it
//! signs, every verifier must accept, and what others sign alike must be the same bytes.
//!
//! The tests hold it against oracles' signatures, session texts, the contract on a local chain, typed data, transactions
//! and addresses, and open keystore files that others have published.
#![forbid(unsafe_code)]

use ethers_core::types::transaction::eip712::TypedData;
use ethers_core::types::transaction::eip2718::TypedTransaction;
use ethers_core::types::{H256, RecoveryMessage, Signature};
use ethers_signers::coins_bip39::English;
use ethers_signers::{LocalWallet, MnemonicBuilder, Signer};

/// Another implementation's wallet.
#[derive(Debug)]
pub struct Other(LocalWallet);

impl Other {
    /// The wallet of a secret.
    ///
    /// # Panics
    /// It is no secret key.
    pub fn new(secret: [u8; 32]) -> Other {
        Other(LocalWallet::from_bytes(&secret).expect("a secret key"))
    }

    /// The wallet at an index of a mnemonic.
    ///
    /// # Panics
    /// It is no mnemonic.
    pub fn of_mnemonic(phrase: &str, index: u32) -> Other {
        let builder = MnemonicBuilder::<English>::default().phrase(phrase).index(index);
        Other(builder.and_then(|builder| builder.build()).expect("a mnemonic and a small index"))
    }

    /// Its address.
    pub fn address(&self) -> [u8; 20] {
        self.0.address().0
    }

    /// Its address as wallets show it (EIP-55).
    pub fn shown_address(&self) -> String {
        ethers_core::utils::to_checksum(&self.0.address(), None)
    }

    /// Its compressed public key.
    ///
    /// # Panics
    /// Never: a compressed point has 33 bytes.
    pub fn public(&self) -> [u8; 33] {
        let point = self.0.signer().verifying_key().to_encoded_point(true);
        point.as_bytes().try_into().expect("a compressed point")
    }

    /// Signs a digest as it is: r, s, v with v 27 or 28.
    ///
    /// # Panics
    /// It does not sign.
    pub fn sign_digest(&self, digest: [u8; 32]) -> [u8; 65] {
        (&self.0.sign_hash(H256(digest)).expect("it signs")).into()
    }

    /// Signs a text as wallets do (EIP-191): r, s, v with v 27 or 28.
    ///
    /// # Panics
    /// It does not sign.
    pub async fn sign_text(&self, text: &str) -> [u8; 65] {
        (&self.0.sign_message(text).await.expect("it signs")).into()
    }

    /// Signs typed data (EIP-712), given as wallets get it: r, s, v with v 27 or 28.
    ///
    /// # Panics
    /// It does not sign.
    pub async fn sign_typed(&self, data: &TypedData) -> [u8; 65] {
        (&self.0.sign_typed_data(data).await.expect("it signs")).into()
    }

    /// A signed transaction's bytes.
    ///
    /// # Panics
    /// It does not sign.
    pub fn sign_transaction(&self, transaction: &TypedTransaction) -> Vec<u8> {
        let signature = self.0.sign_transaction_sync(transaction).expect("it signs");
        transaction.rlp_signed(&signature).to_vec()
    }

    /// Whether another's signature (r, s, v with v 27 or 28) over a digest is this wallet's.
    pub fn has_signed(&self, digest: [u8; 32], rsv: &[u8; 65]) -> bool {
        let signature = Signature::try_from(&rsv[..]).expect("65 bytes");
        signature.verify(RecoveryMessage::Hash(H256(digest)), self.0.address()).is_ok()
    }
}
