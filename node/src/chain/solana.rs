//! Distributors on Solana.

use super::{deployment, input, other_wallet};
use crate::client::{Wallet, WalletKey};
use crate::config::ChainConfig;
use liaise_chain_api::{ChainError, ChainId, DistributorReader};
use liaise_chain_solana::{SolanaReader, SolanaSubmitter};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub use liaise_chain_solana::deploy::{Deployed, Plan, TOKEN, TOKEN_2022, create_council, deploy};
pub use liaise_chain_solana::local::{Localnet, LocalnetConfig, Mining};
pub use liaise_chain_solana::{Keypair, PROGRAM, Pubkey, Signer, SolanaConfig};

/// The deployment's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// The program `emission`, base58.
    pub program: String,
    /// The distributor's lookup table, base58. Without one a claim from a large tree fits no transaction.
    #[serde(default)]
    pub lookup_table: Option<String>,
}

impl Deployment {
    /// The program and the lookup table.
    fn keys(&self) -> Result<(Pubkey, Option<Pubkey>), ChainError> {
        let program = key("program in the deployment's file", &self.program)?;
        let table = self.lookup_table.as_deref();
        Ok((program, table.map(|text| key("lookup_table in the deployment's file", text)).transpose()?))
    }

    /// What a file says, written again from what was understood.
    #[cfg(feature = "fuzz")]
    pub(crate) fn again(text: &str) -> Option<String> {
        let (program, table) = toml::from_str::<Deployment>(text).ok()?.keys().ok()?;
        let again = Self { program: program.to_string(), lookup_table: table.map(|table| table.to_string()) };
        Some(toml::to_string(&again).expect("it is TOML"))
    }
}

fn key(what: &'static str, text: &str) -> Result<Pubkey, ChainError> {
    text.parse().map_err(|_| input(what, format!("{text:?} is not base58 of 32 bytes")))
}

fn solana(config: &ChainConfig, chain: ChainId) -> Result<SolanaConfig, ChainError> {
    let deployment: Deployment = deployment::read(config)?;
    let (program, lookup_table) = deployment.keys()?;
    let distributor = key("the distributor's address", &config.distributor)?;
    if config.final_depth.is_some() {
        return Err(input("final_depth", "Solana says itself what is final: leave it out"));
    }
    Ok(SolanaConfig { lookup_table, ..SolanaConfig::new(chain, config.rpc.clone(), program, distributor) })
}

pub(super) async fn reader(config: &ChainConfig, chain: ChainId) -> Result<Arc<dyn DistributorReader>, ChainError> {
    Ok(Arc::new(SolanaReader::connect(solana(config, chain)?).await?))
}

pub(super) async fn submitter(
    config: &ChainConfig,
    chain: ChainId,
    wallet: &Wallet,
) -> Result<SolanaSubmitter, ChainError> {
    match wallet.key() {
        WalletKey::Solana(key) => {
            SolanaSubmitter::connect(solana(config, chain)?, Keypair::new_from_array(key.to_bytes())).await
        }
        _ => Err(other_wallet(&chain, wallet)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("deployment.toml");
        let (program, table) = (PROGRAM.to_string(), Some("11111111111111111111111111111112".to_owned()));
        let whole = Deployment { program: program.clone(), lookup_table: table };
        let config = ChainConfig {
            id: "solana:local".into(),
            rpc: "http://127.0.0.1:1".into(),
            distributor: program,
            final_depth: None,
            deployment: Some(file.clone()),
        };
        let read = |config: &ChainConfig| solana(config, config.chain().unwrap()).map_err(|error| error.to_string());
        deployment::write(&file, &whole).unwrap();
        let good = read(&config).unwrap();
        assert_eq!((good.program, good.lookup_table.is_some()), (PROGRAM, true));
        assert!(
            read(&ChainConfig { distributor: "0x12".into(), ..config.clone() }).unwrap_err().contains("distributor")
        );
        assert!(read(&ChainConfig { final_depth: Some(3), ..config.clone() }).unwrap_err().contains("final_depth"));
        deployment::write(&file, &Deployment { lookup_table: Some("l".into()), ..whole.clone() }).unwrap();
        assert!(read(&config).unwrap_err().contains("lookup_table"));
        deployment::write(&file, &Deployment { program: String::new(), ..whole }).unwrap();
        assert!(read(&config).unwrap_err().contains("program"));
        assert!(read(&ChainConfig { deployment: None, ..config }).unwrap_err().contains("`deployment`"));
    }
}
