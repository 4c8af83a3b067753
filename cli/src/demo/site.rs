//! A chain of the demo's network: its distributor, who reads it, and a home for commands there.

use super::chain::{ChainName, DemoChain};
use liaise_chain_api::{DistributorReader, Submitter};
use liaise_node::chain;
use std::path::PathBuf;
use std::sync::Arc;

/// See the module.
pub struct Site {
    /// Which chain.
    pub name: ChainName,
    /// It, and what stands on it.
    pub chain: DemoChain,
    /// Reads the distributor.
    pub reader: Arc<dyn DistributorReader>,
    /// Pays with the guardian's key.
    pub guardian: Arc<dyn Submitter>,
    /// The directory whose network.toml has this chain as the term's.
    pub home: PathBuf,
}

impl Site {
    /// A chain whose distributor is deployed.
    pub async fn new(name: ChainName, chain: DemoChain, home: PathBuf) -> eyre::Result<Site> {
        let reader = chain::reader(chain.config()).await?;
        let guardian = chain::submitter(chain.config(), &chain.local.wallet(super::chain::GUARDIAN)?).await?;
        Ok(Site { name, chain, reader, guardian, home })
    }
}
