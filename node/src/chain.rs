//! Chains by configuration: the one place where adapters are named.

use crate::client::Wallet;
use crate::config::ChainConfig;
use liaise_chain_api::{ChainError, ChainId, DistributorReader, Funds, Submitter};
use liaise_chain_arbitrum::{Address, EvmConfig, EvmReader, EvmSubmitter, Finality};
use std::sync::Arc;

fn evm(config: &ChainConfig) -> Result<EvmConfig, ChainError> {
    let input = |what, detail: String| ChainError::Input { what, detail };
    let chain: ChainId = config.id.parse().map_err(|error| input("the chain id", format!("{error}")))?;
    let address: Address =
        config.distributor.parse().map_err(|error| input("the distributor's address", format!("{error}")))?;
    let mut evm = EvmConfig::new(chain, config.rpc.clone(), address);
    if let Some(depth) = config.final_depth {
        evm.finality = Finality::Depth(depth);
    }
    Ok(evm)
}

/// A reader of the configured distributor.
///
/// # Errors
/// The chain is unknown, unreachable, or another than configured.
pub async fn reader(config: &ChainConfig) -> Result<Arc<dyn DistributorReader>, ChainError> {
    Ok(Arc::new(EvmReader::connect(evm(config)?).await?))
}

/// A submitter to the configured distributor that pays with a wallet.
///
/// # Errors
/// As [`reader`].
pub async fn submitter(config: &ChainConfig, wallet: &Wallet) -> Result<Arc<dyn Submitter>, ChainError> {
    Ok(Arc::new(EvmSubmitter::connect(evm(config)?, wallet.signer().clone()).await?))
}

/// What a wallet's account has on the configured chain, and what filing an epoch needs.
///
/// # Errors
/// As [`reader`].
pub async fn funds(config: &ChainConfig, wallet: &Wallet) -> Result<Funds, ChainError> {
    EvmSubmitter::connect(evm(config)?, wallet.signer().clone()).await?.funds().await
}

/// Deploying and local chains, for set-up and tests: what names a chain's adapter stays behind this module.
pub mod evm {
    pub use liaise_chain_arbitrum::deploy::{Dao, Deployed, Plan, deploy};
    pub use liaise_chain_arbitrum::local::{Anvil, AnvilConfig, Mining};
    pub use liaise_chain_arbitrum::{Address, EvmConfig, Finality, PrivateKeySigner};
}
