//! Accounts and authors, canonical before any hash or comparison.

use crate::hash::Hash;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

mod cashaddr;

/// A CAIP-2 chain id, for example `eip155:42161`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChainId(String);

/// A CAIP-10 account in its one canonical spelling.
///
/// `eip155:<decimal>:0x<40 lower-case hex>` · `solana:<reference>:<base58 of 32 bytes>` · `bch:<prefix>:q…`
///
/// A clone shares the text: an epoch names each account many times.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Account(Arc<str>);

/// Why a text is no account, author or chain id.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountError {
    /// The namespace is none of the three.
    #[error("namespace of {0:?} is not eip155, solana or bch")]
    Namespace(String),
    /// The chain's reference is malformed.
    #[error(
        "chain reference of {0:?} is malformed: write it as CAIP-2 says, a decimal without leading zeros for eip155"
    )]
    Reference(String),
    /// The address is malformed, or of a kind whose signatures can't be verified offline.
    #[error("address of {0:?} is malformed: {1}")]
    Address(String, &'static str),
    /// The key of a `store:`, `oracle:` or `dao:` author is malformed.
    #[error("key of author {0:?} is not {1} bytes of lower-case hex")]
    Key(String, usize),
}

impl ChainId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The namespace: `eip155`, `solana` or `bch`.
    pub fn namespace(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }
    /// What follows the namespace.
    pub fn reference(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, r)| r)
    }
}

impl FromStr for ChainId {
    type Err = AccountError;
    fn from_str(text: &str) -> Result<Self, AccountError> {
        chain(text).map(|_| ChainId(text.to_owned()))
    }
}

/// The namespace and the reference of a CAIP-2 chain id.
fn chain(text: &str) -> Result<(&str, &str), AccountError> {
    let (namespace, reference) = text.split_once(':').ok_or_else(|| AccountError::Namespace(text.into()))?;
    let good = match namespace {
        "eip155" => decimal(reference),
        "solana" => (1..=32).contains(&reference.len()) && reference.bytes().all(|b| b.is_ascii_alphanumeric()),
        "bch" => matches!(reference, "bitcoincash" | "bchtest" | "bchreg"),
        _ => return Err(AccountError::Namespace(text.into())),
    };
    if good { Ok((namespace, reference)) } else { Err(AccountError::Reference(text.into())) }
}

/// The most base58 digits of 32 bytes.
const SOLANA_DIGITS: usize = 44;

/// A decimal without leading zeros that fits 64 bits.
fn decimal(text: &str) -> bool {
    text.parse::<u64>().is_ok() && (text == "0" || !text.starts_with(['0', '+']))
}

impl Account {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The CAIP-2 part.
    pub fn chain(&self) -> ChainId {
        ChainId(self.chain_text().to_owned())
    }
    /// Whether it lives on a chain.
    pub fn is_on(&self, chain: &ChainId) -> bool {
        self.chain_text() == chain.0
    }
    fn chain_text(&self) -> &str {
        self.0.rsplit_once(':').expect("an account has two colons").0
    }
    /// The address, in the chain's own spelling.
    pub fn address(&self) -> &str {
        self.0.rsplit(':').next().unwrap_or_default()
    }
    /// `H` of the canonical text: how accounts are named in draws and commitments.
    pub fn hash(&self) -> Hash {
        Hash::of(&[self.0.as_bytes()])
    }
    /// The account of an EVM address on a chain.
    pub fn evm(chain: u64, address: [u8; 20]) -> Account {
        Account(format!("eip155:{chain}:0x{}", hex::encode(address)).into())
    }
    /// The account of a Solana address on a chain.
    ///
    /// # Panics
    /// If the chain is of another namespace.
    pub fn solana(chain: &ChainId, address: [u8; 32]) -> Account {
        assert_eq!(chain.namespace(), "solana", "a Solana address is on a Solana chain");
        Account(format!("{chain}:{}", bs58::encode(address).into_string()).into())
    }
    /// The account of a key on a Bitcoin Cash chain, by the key's hash (RIPEMD-160 of SHA-256).
    ///
    /// # Panics
    /// If the chain is of another namespace.
    pub fn bch(chain: &ChainId, key_hash: [u8; 20]) -> Account {
        assert_eq!(chain.namespace(), "bch", "a Bitcoin Cash key is on a Bitcoin Cash chain");
        Account(format!("{chain}:{}", cashaddr::encode(chain.reference(), &key_hash)).into())
    }
    /// The 20 bytes of an EVM address, or `None` on other chains.
    pub fn evm_address(&self) -> Option<[u8; 20]> {
        if !self.0.starts_with("eip155:") {
            return None;
        }
        hex::decode(self.address().strip_prefix("0x")?).ok()?.try_into().ok()
    }
    /// The 32 bytes of a Solana address, which are an Ed25519 key where a wallet holds it, or `None` on other chains.
    pub fn solana_address(&self) -> Option<[u8; 32]> {
        if !self.0.starts_with("solana:") {
            return None;
        }
        bs58::decode(self.address()).into_vec().ok()?.try_into().ok()
    }
    /// The hash (RIPEMD-160 of SHA-256) of the key of a Bitcoin Cash address, or `None` on other chains.
    pub fn bch_key_hash(&self) -> Option<[u8; 20]> {
        let prefix = self.0.strip_prefix("bch:")?.split(':').next()?;
        cashaddr::decode(prefix, self.address()).ok()
    }
    /// The payee of 32 bytes in the reward tree (EVM: left-padded with zeros; Solana: the wallet).
    /// `None` for Bitcoin Cash, whose leaves are batches.
    pub fn payee(&self) -> Option<[u8; 32]> {
        match self.0.split(':').next()? {
            "eip155" => {
                let mut out = [0; 32];
                out[12..].copy_from_slice(&self.evm_address()?);
                Some(out)
            }
            "solana" => self.solana_address(),
            _ => None,
        }
    }
}

impl FromStr for Account {
    type Err = AccountError;
    /// Accepts any spelling of an account and returns the canonical one; what can't sign offline is refused.
    fn from_str(text: &str) -> Result<Self, AccountError> {
        let (chain_text, address) = text.rsplit_once(':').ok_or_else(|| AccountError::Namespace(text.into()))?;
        let (namespace, reference) = chain(chain_text)?;
        let bad = |why| AccountError::Address(text.into(), why);
        match namespace {
            "eip155" => {
                let digits = address.strip_prefix("0x").ok_or_else(|| bad("it must start with 0x"))?;
                if digits.len() != 40 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return Err(bad("it must be 40 hex digits"));
                }
                // Every message has an account: only its address can have capitals, and mostly it has none.
                let mut canonical: Arc<str> = text.into();
                Arc::get_mut(&mut canonical).expect("nobody else has it yet").make_ascii_lowercase();
                Ok(Account(canonical))
            }
            "solana" => {
                // Reading base58 takes time in the square of its length.
                if address.len() > SOLANA_DIGITS {
                    return Err(bad("it must be base58 of 32 bytes"));
                }
                let bytes = bs58::decode(address).into_vec().map_err(|_| bad("it must be base58"))?;
                let bytes = bytes.try_into().map_err(|_| bad("it must be base58 of 32 bytes"))?;
                Ok(Account::solana(&ChainId(chain_text.to_owned()), bytes))
            }
            _ => {
                let hash = cashaddr::decode(reference, address).map_err(bad)?;
                Ok(Account::bch(&ChainId(chain_text.to_owned()), hash))
            }
        }
    }
}

/// Who a message speaks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Author {
    /// A wallet's account; messages are signed by a session key that it delegated to.
    Account(Account),
    /// `store:` and an Ed25519 key.
    Store([u8; 32]),
    /// `oracle:` and a compressed secp256k1 key.
    Oracle([u8; 33]),
    /// `dao:` and a compressed secp256k1 key.
    Dao([u8; 33]),
}

impl FromStr for Author {
    type Err = AccountError;
    fn from_str(text: &str) -> Result<Self, AccountError> {
        fn key<const N: usize>(text: &str, digits: &str) -> Result<[u8; N], AccountError> {
            let lower = !digits.bytes().any(|b| b.is_ascii_uppercase());
            let bytes = hex::decode(digits).ok().filter(|_| lower).and_then(|b| b.try_into().ok());
            bytes.ok_or_else(|| AccountError::Key(text.into(), N))
        }
        match text.split_once(':') {
            Some(("store", k)) => key(text, k).map(Author::Store),
            Some(("oracle", k)) => key(text, k).map(Author::Oracle),
            Some(("dao", k)) => key(text, k).map(Author::Dao),
            _ => {
                let account: Account = text.parse()?;
                // A message must be canonical as it stands; canonicalising is for input from people.
                if account.as_str() != text {
                    return Err(AccountError::Address(text.into(), "it is not in its canonical spelling"));
                }
                Ok(Author::Account(account))
            }
        }
    }
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Author::Account(account) => f.write_str(account.as_str()),
            Author::Store(key) => write!(f, "store:{}", hex::encode(key)),
            Author::Oracle(key) => write!(f, "oracle:{}", hex::encode(key)),
            Author::Dao(key) => write!(f, "dao:{}", hex::encode(key)),
        }
    }
}

macro_rules! text_conversions {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = AccountError;
            fn try_from(text: String) -> Result<Self, AccountError> { text.parse() }
        }
        impl From<$name> for String {
            fn from(value: $name) -> String { value.to_string() }
        }
    )*};
}
text_conversions!(ChainId, Account, Author);

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_become_one() {
        let a: Account = "eip155:42161:0xABCDEF0123456789abcdef0123456789ABCDEF01".parse().unwrap();
        assert_eq!(a.as_str(), "eip155:42161:0xabcdef0123456789abcdef0123456789abcdef01");
        assert_eq!(a.chain().as_str(), "eip155:42161");
        let q = "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a";
        let b: Account = format!("bch:bitcoincash:{q}").parse().unwrap();
        assert_eq!(b.address(), q);
        assert_eq!(Account::bch(&b.chain(), b.bch_key_hash().unwrap()), b);
    }

    #[test]
    fn long_base58_is_refused_unread() {
        let wallet = format!("solana:{}:{}", "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", bs58::encode([255; 32]).into_string());
        let account: Account = wallet.parse().unwrap();
        assert_eq!((account.payee(), account.solana_address()), (Some([255; 32]), Some([255; 32])));
        assert_eq!(Account::solana(&account.chain(), [255; 32]), account);
        // Reading this one digit by digit would take seconds.
        let long = format!("solana:mainnet:{}", "z".repeat(64 * 1024));
        assert!(matches!(long.parse::<Account>(), Err(AccountError::Address(..))));
    }

    #[test]
    fn authors_must_be_canonical() {
        assert!("eip155:1:0xABCDEF0123456789abcdef0123456789ABCDEF01".parse::<Author>().is_err());
        assert!("eip155:01:0xabcdef0123456789abcdef0123456789abcdef01".parse::<Author>().is_err());
        assert!("store:00".parse::<Author>().is_err());
        assert!("bch:bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6b".parse::<Account>().is_err());
    }
}
