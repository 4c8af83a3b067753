//! Chains by configuration: the one place where adapters are named.

pub mod bch;
mod deployment;
pub mod evm;
pub mod solana;

use crate::client::{Wallet, WalletKey};
use crate::config::ChainConfig;
use liaise_chain_api::{ChainError, ChainId, DistributorReader, FeeLimit, Funds, StatementSignature, Submitter};
use liaise_summary::{CompressedKey, Hash32};
use std::sync::Arc;

pub use deployment::write as write_deployment;

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
            // 0.02 and 0.1 BCH: a full batch of payouts locks 0.008 besides its fee, and whoever files may pay for eleven
            "bch" => ("satoshis", 2_000_000, 10_000_000),
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

fn input(what: &'static str, detail: impl Into<String>) -> ChainError {
    ChainError::Input { what, detail: detail.into() }
}

/// A wallet of another chain can't pay.
fn other_wallet(chain: &ChainId, wallet: &Wallet) -> ChainError {
    input("the wallet", format!("{} can't pay on {chain}: name a key of that chain", wallet.account()))
}

/// A reader of the configured distributor.
///
/// # Errors
/// The chain is unknown, unreachable, or another than configured.
pub async fn reader(config: &ChainConfig) -> Result<Arc<dyn DistributorReader>, ChainError> {
    let chain = config.chain()?;
    match chain.namespace() {
        "solana" => solana::reader(config, chain).await,
        "bch" => bch::reader(config, chain).await,
        _ => evm::reader(config, chain).await,
    }
}

/// A submitter to the configured distributor that pays with a wallet.
///
/// # Errors
/// As [`reader`]; the wallet is another chain's.
pub async fn submitter(config: &ChainConfig, wallet: &Wallet) -> Result<Arc<dyn Submitter>, ChainError> {
    let chain = config.chain()?;
    match chain.namespace() {
        "solana" => Ok(Arc::new(solana::submitter(config, chain, wallet).await?)),
        "bch" => Ok(Arc::new(bch::submitter(config, chain, wallet).await?)),
        _ => Ok(Arc::new(evm::submitter(config, chain, wallet).await?)),
    }
}

/// A wallet's signature over a digest, where rights are signatures: a member's of the DAO's set, or the guardian's.
///
/// # Errors
/// The wallet is of a chain where rights are senders.
pub fn sign_right(wallet: &Wallet, digest: Hash32) -> Result<StatementSignature, ChainError> {
    match wallet.key() {
        WalletKey::Bch(secret) => bch::sign(secret, digest),
        _ => Err(input("the wallet", format!("{} signs no right: name a key of Bitcoin Cash", wallet.account()))),
    }
}

/// The key by which a wallet's owner is named in a set of the DAO, or as guardian; none where rights are senders.
pub fn right_key(wallet: &Wallet) -> Option<CompressedKey> {
    match wallet.key() {
        WalletKey::Bch(secret) => bch::public(secret).ok(),
        _ => None,
    }
}

/// What a wallet's account has on the configured chain, and what filing an epoch needs.
///
/// # Errors
/// As [`submitter`].
pub async fn funds(config: &ChainConfig, wallet: &Wallet) -> Result<Funds, ChainError> {
    submitter(config, wallet).await?.funds().await
}
