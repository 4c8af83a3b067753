//! Where a distributor is and how its chain behaves.

use alloy::primitives::{Address, address};
use liaise_chain_api::endpoint::shown;
use liaise_chain_api::{ChainError, ChainId};

/// Where a distributor is, and how its chain counts finality and gas.
#[derive(Clone)]
pub struct EvmConfig {
    /// The chain: `eip155:<chain id>`.
    pub chain: ChainId,
    /// The node's HTTP endpoint. May hold secrets: never shown beyond scheme, host and port.
    pub endpoint: String,
    /// The `XLV` contract.
    pub distributor: Address,
    /// A block not after the contract's creation: histories are read from here on.
    pub deployed_block: u64,
    /// When a block is final.
    pub finality: Finality,
    /// How gas is counted.
    pub gas: GasModel,
    /// How long to wait for one answer, milliseconds.
    pub timeout_ms: u64,
}

/// When a block is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finality {
    /// When the node's `finalized` tag covers it. On Arbitrum: its batch is final on L1.
    Tag,
    /// When this many blocks stand on it, for chains whose nodes do not know the tag.
    Depth(u64),
}

/// How gas is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GasModel {
    /// By execution alone.
    Plain,
    /// Arbitrum Nitro: the cost of posting to L1 is part of the gas used, at prices that this precompile tells.
    Arbitrum {
        /// `ArbGasInfo`, at [`GasModel::ARB_GAS_INFO`] on every Nitro chain.
        arb_gas_info: Address,
    },
}

impl GasModel {
    /// Where Nitro chains have `ArbGasInfo`.
    pub const ARB_GAS_INFO: Address = address!("000000000000000000000000000000000000006c");

    /// Arbitrum's own.
    pub const ARBITRUM: Self = Self::Arbitrum { arb_gas_info: Self::ARB_GAS_INFO };
}

impl EvmConfig {
    /// A configuration with the chain's usual behaviour: Arbitrum's gas on Arbitrum One, Nova and Sepolia, plain gas
    /// elsewhere; the `finalized` tag; histories from block 0; ten seconds for an answer.
    pub fn new(chain: ChainId, endpoint: impl Into<String>, distributor: Address) -> Self {
        let gas = match chain.as_str() {
            "eip155:42161" | "eip155:42170" | "eip155:421614" => GasModel::ARBITRUM,
            _ => GasModel::Plain,
        };
        Self {
            chain,
            endpoint: endpoint.into(),
            distributor,
            deployed_block: 0,
            finality: Finality::Tag,
            gas,
            timeout_ms: 10_000,
        }
    }

    /// The number in the chain's id.
    ///
    /// # Errors
    /// [`ChainError::Input`] for a chain that is no `eip155` chain.
    pub(crate) fn chain_number(&self) -> Result<u64, ChainError> {
        let number = self.chain.reference().parse().ok().filter(|_| self.chain.namespace() == "eip155");
        number.ok_or_else(|| ChainError::Input {
            what: "the chain id",
            detail: format!("{} is no EVM chain: write eip155:<number>", self.chain),
        })
    }
}

impl std::fmt::Debug for EvmConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EvmConfig")
            .field("chain", &self.chain)
            .field("endpoint", &shown(&self.endpoint))
            .field("distributor", &self.distributor)
            .field("deployed_block", &self.deployed_block)
            .field("finality", &self.finality)
            .field("gas", &self.gas)
            .field("timeout_ms", &self.timeout_ms)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_an_endpoint_are_not_shown() {
        let chain: ChainId = "eip155:42161".parse().expect("a chain");
        let config = EvmConfig::new(chain, "https://me:pass@rpc.example:8443/v2/KEY?token=T#F", Address::ZERO);
        let shown = format!("{config:?}");
        assert!(shown.contains("https://rpc.example:8443"), "{shown}");
        for secret in ["me", "pass", "KEY", "T#F", "token"].iter().filter(|secret| **secret != "me") {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        assert_eq!(config.gas, GasModel::ARBITRUM);
    }
}
