//! Chains by configuration: the one place where adapters are named.

use crate::client::{Wallet, WalletKey};
use crate::config::ChainConfig;
use liaise_chain_api::{ChainError, ChainId, DistributorReader, FeeLimit, Funds, Submitter};
use liaise_chain_arbitrum::{Address, EvmConfig, EvmReader, EvmSubmitter, Finality};
use std::sync::Arc;

/// A chain's own coin, in which fees are paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coin {
    /// Its smallest unit, in which all amounts of it are told.
    pub unit: &'static str,
    /// What one transaction of a user may cost unless the user says otherwise.
    pub fee_limit: FeeLimit,
    /// What one of an oracle may cost, which files for everybody.
    pub filing_limit: FeeLimit,
}

impl Coin {
    /// The coin of a chain.
    pub fn of(chain: &ChainId) -> Coin {
        let (unit, fee, filing) = match chain.namespace() {
            // 0.01 and 0.05 SOL; a new account's rent is about 0.002
            "solana" => ("lamports", 10_000_000, 50_000_000),
            // 0.001 and 0.005 BCH
            "bch" => ("satoshis", 100_000, 500_000),
            // 0.01 and 0.05 ether
            _ => ("wei", 10_000_000_000_000_000, 50_000_000_000_000_000),
        };
        Coin { unit, fee_limit: FeeLimit(fee), filing_limit: FeeLimit(filing) }
    }
}

impl ChainConfig {
    /// The chain's id.
    ///
    /// # Errors
    /// `id` is no CAIP-2 id of a chain that distributors are on.
    pub fn chain(&self) -> Result<ChainId, ChainError> {
        self.id.parse().map_err(|error| input("the chain id", format!("{error}")))
    }
}

fn input(what: &'static str, detail: String) -> ChainError {
    ChainError::Input { what, detail }
}

/// No adapter for the chain in this build.
fn without_adapter(chain: &ChainId) -> ChainError {
    input("the chain id", format!("{chain}: no distributor can be read there yet, only on eip155 chains"))
}

fn other_wallet(chain: &ChainId, wallet: &Wallet) -> ChainError {
    input("the wallet", format!("{} can't pay on {chain}: name a key of that chain", wallet.account()))
}

fn evm(config: &ChainConfig, chain: ChainId) -> Result<EvmConfig, ChainError> {
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
    let chain = config.chain()?;
    match chain.namespace() {
        "eip155" => Ok(Arc::new(EvmReader::connect(evm(config, chain)?).await?)),
        _ => Err(without_adapter(&chain)),
    }
}

/// A submitter to the configured distributor that pays with a wallet.
///
/// # Errors
/// As [`reader`]; the wallet is another chain's.
pub async fn submitter(config: &ChainConfig, wallet: &Wallet) -> Result<Arc<dyn Submitter>, ChainError> {
    let chain = config.chain()?;
    match (chain.namespace(), wallet.key()) {
        ("eip155", WalletKey::Evm(key)) => Ok(Arc::new(EvmSubmitter::connect(evm(config, chain)?, key.clone()).await?)),
        ("eip155", _) => Err(other_wallet(&chain, wallet)),
        _ => Err(without_adapter(&chain)),
    }
}

/// What a wallet's account has on the configured chain, and what filing an epoch needs.
///
/// # Errors
/// As [`submitter`].
pub async fn funds(config: &ChainConfig, wallet: &Wallet) -> Result<Funds, ChainError> {
    let chain = config.chain()?;
    match (chain.namespace(), wallet.key()) {
        ("eip155", WalletKey::Evm(key)) => EvmSubmitter::connect(evm(config, chain)?, key.clone()).await?.funds().await,
        ("eip155", _) => Err(other_wallet(&chain, wallet)),
        _ => Err(without_adapter(&chain)),
    }
}

/// Deploying and local chains, for set-up and tests: what names a chain's adapter stays behind this module.
pub mod evm {
    pub use liaise_chain_arbitrum::deploy::{Dao, Deployed, Plan, deploy};
    pub use liaise_chain_arbitrum::local::{Anvil, AnvilConfig, Mining};
    pub use liaise_chain_arbitrum::{Address, EvmConfig, Finality, PrivateKeySigner};
}
