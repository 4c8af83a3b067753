//! Where a distributor is and how its chain behaves.

use anchor_lang::prelude::Pubkey;
use liaise_chain_api::ChainId;
use liaise_chain_api::endpoint::shown;

/// Where a distributor is.
#[derive(Clone)]
pub struct SolanaConfig {
    /// The chain: `solana:<first 32 characters of the genesis block's hash>`.
    pub chain: ChainId,
    /// The node's HTTP endpoint. May hold secrets: never shown beyond scheme, host and port.
    pub endpoint: String,
    /// The program `emission`.
    pub program: Pubkey,
    /// The distributor, an address of the program's.
    pub distributor: Pubkey,
    /// A lookup table with the distributor's own addresses. Without one, a claim from a tree of a million leaves fits no
    /// transaction.
    pub lookup_table: Option<Pubkey>,
    /// How long to wait for one answer, milliseconds.
    pub timeout_ms: u64,
}

impl SolanaConfig {
    /// A configuration without a lookup table that waits ten seconds for an answer.
    pub fn new(chain: ChainId, endpoint: impl Into<String>, program: Pubkey, distributor: Pubkey) -> Self {
        Self { chain, endpoint: endpoint.into(), program, distributor, lookup_table: None, timeout_ms: 10_000 }
    }
}

impl std::fmt::Debug for SolanaConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SolanaConfig")
            .field("chain", &self.chain)
            .field("endpoint", &shown(&self.endpoint))
            .field("program", &self.program)
            .field("distributor", &self.distributor)
            .field("lookup_table", &self.lookup_table)
            .field("timeout_ms", &self.timeout_ms)
            .finish()
    }
}
