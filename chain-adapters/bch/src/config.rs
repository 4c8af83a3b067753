//! Where a distributor is, and how its chain behaves.

use bitcoincash::address::cashaddr::KnownPrefix;
use bitcoincash::hashes::Hash;
use bitcoincash::{CashAddress, OutPoint, ScriptHash32, TokenID, Txid};
use liaise_chain_api::endpoint::shown;
use liaise_chain_api::{ChainError, ChainId};
use liaise_summary::{CompressedKey, DaoSet, DistributorId, OracleSet};

use crate::metadata::Publication;
use crate::terms::{Covenants, Terms};

/// Where a distributor is, what it was built with, and how its chain behaves.
#[derive(Clone)]
pub struct BchConfig {
    /// The chain: `bch:bitcoincash`, `bch:bchtest` or `bch:bchreg`.
    pub chain: ChainId,
    /// The node's JSON-RPC endpoint, `http://user:password@host:port`. The node keeps an index of transactions
    /// (`txindex=1`). Secrets are never shown beyond scheme, host and port.
    pub endpoint: String,
    /// The token category in the order that `OP_UTXOTOKENCATEGORY` pushes: the reverse of how nodes print it.
    pub distributor: DistributorId,
    /// Constructor values, from the deployment's file.
    pub terms: Terms,
    /// Who decided at genesis, from the deployment's file.
    pub founders: Founders,
    /// How many blocks stand on a final one.
    pub depth: u64,
    /// The most satoshis that a filed epoch gets for its payouts; without it all that they need. What is missing then whoever
    /// cranks brings.
    pub epoch_sats: Option<u64>,
    /// The registry of the token's name and decimals that the controller's transactions publish; none where nothing is
    /// published.
    pub publication: Option<Publication>,
    /// How long to wait for one answer, milliseconds. A scan of the coins takes a mainnet node a minute.
    pub timeout_ms: u64,
}

/// The keys at genesis. The chain holds their hash; what replaces them later it shows in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founders {
    /// The first oracle set.
    pub oracle_set: OracleSet,
    /// The first DAO set.
    pub dao: DaoSet,
    /// The first guardian's key.
    pub guardian: CompressedKey,
}

impl BchConfig {
    /// Blocks on a final one (docs/protocol.md, terms).
    pub const DEPTH: u64 = 10;

    /// A configuration with the chain's usual behaviour: ten blocks, two minutes for an answer.
    pub fn new(
        chain: ChainId,
        endpoint: impl Into<String>,
        distributor: DistributorId,
        terms: Terms,
        founders: Founders,
    ) -> Self {
        Self {
            chain,
            endpoint: endpoint.into(),
            distributor,
            terms,
            founders,
            depth: Self::DEPTH,
            epoch_sats: None,
            publication: None,
            timeout_ms: 120_000,
        }
    }

    /// The category as outputs carry it.
    pub(crate) fn category(&self) -> TokenID {
        TokenID::from_byte_array(self.distributor.0)
    }

    /// The output whose spending made the category.
    pub(crate) fn origin(&self) -> OutPoint {
        OutPoint { txid: Txid::from_byte_array(self.distributor.0), vout: 0 }
    }

    /// The controller's address, in the form that says that it takes tokens.
    pub fn address(&self) -> String {
        let prefix = known_prefix(&self.chain);
        let hash = ScriptHash32::from_byte_array(Covenants::of(&self.terms).controller.script_hash());
        CashAddress::p2sh32_from_hash(hash, prefix).with_token_awareness(true).to_string()
    }

    /// Checks what can be checked without a node.
    pub(crate) fn check(&self) -> Result<(), ChainError> {
        if self.chain.namespace() != "bch" {
            return Err(ChainError::Input {
                what: "the chain id",
                detail: format!(
                    "{} is no Bitcoin Cash chain: write bch:bitcoincash, bch:bchtest or bch:bchreg",
                    self.chain
                ),
            });
        }
        self.terms.check()
    }
}

/// The prefix of a chain's addresses.
pub(crate) fn known_prefix(chain: &ChainId) -> KnownPrefix {
    match chain.reference() {
        "bitcoincash" => KnownPrefix::Mainnet,
        "bchtest" => KnownPrefix::Testnets,
        _ => KnownPrefix::Regtest,
    }
}

/// The CAIP-2 reference of the chain that a node names in `getblockchaininfo`.
pub(crate) fn reference_of(name: &str) -> Option<&'static str> {
    match name {
        "main" => Some("bitcoincash"),
        "test" | "test4" | "scale" | "chip" => Some("bchtest"),
        "regtest" => Some("bchreg"),
        _ => None,
    }
}

impl std::fmt::Debug for BchConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BchConfig")
            .field("chain", &self.chain)
            .field("endpoint", &shown(&self.endpoint))
            .field("distributor", &self.distributor)
            .field("terms", &self.terms)
            .field("founders", &self.founders)
            .field("depth", &self.depth)
            .field("epoch_sats", &self.epoch_sats)
            .field("publication", &self.publication)
            .field("timeout_ms", &self.timeout_ms)
            .finish()
    }
}
