//! Distributors on EVM chains.

use super::{input, other_wallet};
use crate::client::{Wallet, WalletKey};
use crate::config::ChainConfig;
use liaise_chain_api::{ChainError, ChainId, DistributorReader};
use liaise_chain_arbitrum::{EvmReader, EvmSubmitter};
use std::sync::Arc;

pub use liaise_chain_arbitrum::deploy::{Dao, Deployed, Plan, deploy};
pub use liaise_chain_arbitrum::local::{Anvil, AnvilConfig, Mining};
pub use liaise_chain_arbitrum::{Address, EvmConfig, Finality, PrivateKeySigner};

fn evm(config: &ChainConfig, chain: ChainId) -> Result<EvmConfig, ChainError> {
    let address: Address =
        config.distributor.parse().map_err(|error| input("the distributor's address", format!("{error}")))?;
    let mut evm = EvmConfig::new(chain, config.rpc.clone(), address);
    if let Some(depth) = config.final_depth {
        evm.finality = Finality::Depth(depth);
    }
    Ok(evm)
}

pub(super) async fn reader(config: &ChainConfig, chain: ChainId) -> Result<Arc<dyn DistributorReader>, ChainError> {
    Ok(Arc::new(EvmReader::connect(evm(config, chain)?).await?))
}

pub(super) async fn submitter(
    config: &ChainConfig,
    chain: ChainId,
    wallet: &Wallet,
) -> Result<EvmSubmitter, ChainError> {
    match wallet.key() {
        WalletKey::Evm(key) => EvmSubmitter::connect(evm(config, chain)?, key.clone()).await,
        _ => Err(other_wallet(&chain, wallet)),
    }
}
