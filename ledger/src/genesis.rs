//! Genesis: everything that a network starts from. Its hash, the network id, is part of everything that is signed.

use crate::EpochNumber;
use crate::account::{Account, ChainId};
use crate::beacon::Beacon;
use crate::hash::Hash;
use cid::Cid;
use ipld_core::ipld::Ipld;
use serde::{Deserialize, Serialize};

mod check;
pub(crate) mod hex_text;
mod parameters;
pub use parameters::Parameters;

/// The version of genesis files that this program reads and writes.
pub const GENESIS_VERSION: u32 = 1;

/// What a genesis file says. [`Genesis::from_toml`] reads one strictly; [`Genesis::check`] checks one built in code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// [`GENESIS_VERSION`].
    pub version: u32,
    /// The network's name: lower-case letters, digits, `-` and `.`. It is the domain that wallets show.
    pub name: String,
    /// Start of epoch 0, Unix seconds; a multiple of the epoch's length.
    pub genesis_s: u64,
    /// CID of the ethics policy.
    #[serde(with = "hex_text::cid_text")]
    pub policy: Cid,
    /// Chains whose accounts take part, ascending.
    pub chains: Vec<ChainId>,
    /// Model adapters certified from the start, ascending by id.
    pub adapters: Vec<Adapter>,
    /// What nobody ever changes.
    pub fixed: Fixed,
    /// The public randomness that draws.
    pub beacon: Beacon,
    /// The witness stores: Ed25519 keys.
    pub stores: KeySet<32>,
    /// The oracles: compressed secp256k1 keys.
    pub oracles: KeySet<33>,
    /// The DAO's signers: compressed secp256k1 keys.
    pub dao: ThresholdSet,
    /// Who may add documents to retrieval and remove them.
    pub curators: CuratorSet,
    /// Who is drawn in epochs -4 to -1.
    pub nodes: Vec<GenesisNode>,
    /// The numbers that a network chooses.
    pub parameters: Parameters,
}

/// A model adapter that is certified from the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// Its id.
    pub id: Hash,
    /// The primitive that runs it, for example `retrieval`.
    pub kind: String,
    /// Its certified work units.
    pub units: Units,
}

/// A certified integer table of work units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Units {
    /// What every task counts.
    pub base: u64,
    /// What each item (for example a document's chunk) adds.
    pub per_item: u64,
    /// The most that a task counts.
    pub max: u64,
}

impl Units {
    /// The work units of a task with so many items: `min(base + per_item·items, max)`.
    pub fn count(&self, items: u64) -> u64 {
        self.base.saturating_add(self.per_item.saturating_mul(items)).min(self.max)
    }
}

/// What nobody ever changes: contracts are built with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// S: base units that all epochs together may issue.
    pub supply: u64,
    /// T: epochs that issue something.
    pub epochs: u32,
    /// Length of an epoch.
    pub epoch_s: u32,
    /// Length of a term in epochs.
    pub term_epochs: u32,
    /// Decimals of XLV.
    pub decimals: u32,
}

impl Default for Fixed {
    fn default() -> Self {
        Fixed { supply: 100_000_000_000_000_000, epochs: 7_305, epoch_s: 86_400, term_epochs: 180, decimals: 8 }
    }
}

/// A versioned set of keys, strictly ascending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySet<const N: usize> {
    /// One more with every change.
    pub version: u32,
    /// The keys.
    #[serde(with = "hex_text::list")]
    pub keys: Vec<[u8; N]>,
}

/// A versioned set of secp256k1 keys of which a threshold acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThresholdSet {
    /// One more with every change.
    pub version: u32,
    /// How many signatures act.
    pub threshold: u32,
    /// The keys, strictly ascending.
    #[serde(with = "hex_text::list")]
    pub keys: Vec<[u8; 33]>,
}

/// The versioned set of curators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CuratorSet {
    /// One more with every change.
    pub version: u32,
    /// Their accounts, strictly ascending. May be empty: then nobody adds documents.
    pub keys: Vec<Account>,
}

/// A node of the first snapshots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisNode {
    /// Who works and is paid.
    pub account: Account,
    /// Weight in the draw; 10 000 is one slot.
    pub weight: u32,
    /// Tasks that it can work on at once.
    pub slots: u16,
    /// Ids of the adapters that it serves, ascending; each is certified.
    pub adapters: Vec<Hash>,
}

/// Why a genesis is refused. The message names the key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum GenesisError {
    /// Not TOML, or a key is unknown, missing or of the wrong type.
    #[error("genesis: {0}")]
    Toml(String),
    /// TOML that the network id has no encoding for.
    #[error(
        "{key}: a {found} is not allowed: genesis holds strings, integers, booleans, arrays and tables only; write amounts \
         in base units and times in seconds"
    )]
    Type {
        /// The key's path.
        key: String,
        /// `float` or `date`.
        found: &'static str,
    },
    /// A value breaks a rule.
    #[error("{key}: {why}")]
    Field {
        /// The key's path.
        key: &'static str,
        /// What is wrong with it, and what is allowed.
        why: String,
    },
}

impl GenesisError {
    fn field(key: &'static str, why: impl Into<String>) -> Self {
        GenesisError::Field { key, why: why.into() }
    }
}

impl Genesis {
    /// Reads a genesis file, strictly: a float, a date, an unknown or a missing key, a value out of its range or not in
    /// its one canonical spelling is an error.
    ///
    /// # Errors
    /// The first thing that is wrong, by its key.
    pub fn from_toml(text: &str) -> Result<Genesis, GenesisError> {
        let table: toml::Table = toml::from_str(text).map_err(|e| GenesisError::Toml(e.to_string()))?;
        let value = toml::Value::Table(table);
        to_ipld(&value, "")?;
        let genesis: Genesis = toml::from_str(text).map_err(|e| GenesisError::Toml(e.to_string()))?;
        genesis.check()?;
        // Accounts and CIDs have several spellings; the file must use the one that the network id is computed from.
        let canonical = genesis.to_value();
        match first_difference(&value, &canonical, "") {
            Some(key) => Err(GenesisError::Toml(format!(
                "{key}: not in its canonical spelling (accounts and hex in lower case)"
            ))),
            None => Ok(genesis),
        }
    }

    /// The file's text. [`Genesis::from_toml`] reads it back.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a genesis is strings, integers, arrays and tables")
    }

    /// `H` of the DAG-CBOR of the file's tables, hex staying text. Comments, order and layout of the file don't matter.
    pub fn network_id(&self) -> Hash {
        let ipld = to_ipld(&self.to_value(), "").expect("a genesis has neither floats nor dates");
        Hash::of(&[&serde_ipld_dagcbor::to_vec(&ipld).expect("IPLD always encodes")])
    }

    fn to_value(&self) -> toml::Value {
        toml::Value::try_from(self).expect("a genesis is strings, integers, arrays and tables")
    }

    /// The epoch of a wall clock's time: -1 before genesis.
    pub fn epoch_of(&self, wall_ms: u64) -> EpochNumber {
        match wall_ms.checked_sub(self.genesis_s * 1000) {
            None => -1,
            Some(since) => (since / (u64::from(self.fixed.epoch_s) * 1000)) as EpochNumber,
        }
    }

    /// When an epoch ends, in milliseconds since 1970: the first time that is no longer in it. Genesis for -1 and below.
    pub fn epoch_end_ms(&self, epoch: EpochNumber) -> u64 {
        let epochs = u64::try_from(epoch.saturating_add(1)).unwrap_or(0);
        let offset_s = epochs.saturating_mul(u64::from(self.fixed.epoch_s));
        self.genesis_s.saturating_add(offset_s).saturating_mul(1000)
    }

    /// When witness stores close an epoch, in milliseconds since 1970.
    pub fn close_ms(&self, epoch: EpochNumber) -> u64 {
        self.epoch_end_ms(epoch).saturating_add(self.parameters.close_s * 1000)
    }

    /// How many witness stores may fail: `floor((N-1)/3)`.
    pub fn f(&self) -> usize {
        self.stores.keys.len().saturating_sub(1) / 3
    }

    /// Q: how many witness stores make a receipt, a seal or an observation count: `ceil(2N/3)`.
    pub fn quorum(&self) -> usize {
        (2 * self.stores.keys.len()).div_ceil(3)
    }

    /// How many oracles sign a statement: `ceil(2n/3)`.
    pub fn oracle_quorum(&self) -> usize {
        (2 * self.oracles.keys.len()).div_ceil(3)
    }

    /// Whether a key is a witness store's.
    pub fn is_witness(&self, key: &[u8; 32]) -> bool {
        self.stores.keys.binary_search(key).is_ok()
    }

    /// Whether an account may change retrieval's documents.
    pub fn is_curator(&self, account: &Account) -> bool {
        self.curators.keys.binary_search(account).is_ok()
    }

    /// The certified adapter with this id.
    pub fn adapter(&self, id: &Hash) -> Option<&Adapter> {
        self.adapters.binary_search_by(|adapter| adapter.id.cmp(id)).ok().map(|i| &self.adapters[i])
    }

    /// When a beacon round is published, in milliseconds since 1970.
    pub fn round_time_ms(&self, round: u64) -> u64 {
        self.beacon.round_time_ms(round)
    }

    /// The newest round published at a time; 0 before the first.
    pub fn round_at(&self, wall_ms: u64) -> u64 {
        self.beacon.round_at(wall_ms)
    }
}

fn at(path: &str, key: impl std::fmt::Display) -> String {
    if path.is_empty() { key.to_string() } else { format!("{path}.{key}") }
}

fn to_ipld(value: &toml::Value, path: &str) -> Result<Ipld, GenesisError> {
    let refused = |found| Err(GenesisError::Type { key: path.to_owned(), found });
    Ok(match value {
        toml::Value::String(text) => Ipld::String(text.clone()),
        toml::Value::Integer(n) => Ipld::Integer((*n).into()),
        toml::Value::Boolean(b) => Ipld::Bool(*b),
        toml::Value::Float(_) => return refused("float"),
        toml::Value::Datetime(_) => return refused("date"),
        toml::Value::Array(items) => {
            Ipld::List(items.iter().enumerate().map(|(i, v)| to_ipld(v, &at(path, i))).collect::<Result<_, _>>()?)
        }
        toml::Value::Table(table) => Ipld::Map(
            table
                .iter()
                .map(|(k, v)| Ok((k.clone(), to_ipld(v, &at(path, k))?)))
                .collect::<Result<_, GenesisError>>()?,
        ),
    })
}

/// The path of the first value in which two trees differ.
fn first_difference(a: &toml::Value, b: &toml::Value, path: &str) -> Option<String> {
    match (a, b) {
        (toml::Value::Table(a), toml::Value::Table(b)) if a.len() == b.len() => {
            a.iter().find_map(|(k, v)| b.get(k).map_or(Some(at(path, k)), |w| first_difference(v, w, &at(path, k))))
        }
        (toml::Value::Array(a), toml::Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(i, (v, w))| first_difference(v, w, &at(path, i)))
        }
        _ => (a != b).then(|| path.to_owned()),
    }
}
