//! The local Solana node, with the program and a distributor of its own.

use super::{DEPLOYER, Deployed, FEE, GUARDIAN, Terms};
use liaise_chain_api::{Account, ChainId};
use liaise_ledger::Hash;
use liaise_node::chain::solana::{
    Deployment, Keypair, Localnet, LocalnetConfig, Mining, PROGRAM, Plan, Signer as _, SolanaConfig, TOKEN,
    create_council, deploy,
};
use liaise_node::chain::write_deployment;
use liaise_node::config::ChainConfig;
use liaise_node::keys::Secret;
use std::path::Path;

/// What each of the demo's keys has, lamports: a thousand SOL.
const FUNDS: u64 = 1_000_000_000_000;
/// The DAO's members at first, and how many of them act together: nobody can vote before XLV is emitted.
const MEMBERS: [u32; 3] = [10, 11, 12];
const THRESHOLD: u8 = 2;

/// A running local node.
pub struct Local {
    localnet: Localnet,
}

fn key(number: u32) -> Keypair {
    Localnet::key(&format!("demo {number}"))
}

impl Local {
    /// Starts the node; its clock stands at `now_s`.
    pub async fn start(now_s: u64) -> eyre::Result<Local> {
        let config =
            LocalnetConfig { genesis_s: Some(now_s), port: 0, upgrade_authority: None, mining: Mining::Steadily };
        let localnet = Localnet::start(&config).await?;
        for number in DEPLOYER..=GUARDIAN {
            localnet.fund(&key(number), FUNDS).await?;
        }
        Ok(Local { localnet })
    }

    pub fn id(&self) -> ChainId {
        self.localnet.chain().clone()
    }

    pub fn secret(&self, number: u32) -> Secret {
        Secret::new(*key(number).secret_bytes())
    }

    pub async fn advance(&self, time_s: u64) -> eyre::Result<()> {
        self.localnet.steer("localnet_advanceTo", serde_json::json!({ "unixTime": time_s })).await?;
        Ok(())
    }

    /// Under an m-of-n account, or with `trial` under one member's key alone.
    pub async fn deploy(&self, dir: &Path, terms: Terms) -> eyre::Result<Deployed> {
        let chain = self.id();
        let config = SolanaConfig::new(chain.clone(), self.localnet.url(), PROGRAM, PROGRAM);
        let deployer = key(DEPLOYER);
        let members = MEMBERS.map(|number| key(number).pubkey());
        let authority = match terms.trial {
            true => Account::solana(&chain, deployer.pubkey().to_bytes()),
            false => create_council(&config, &deployer, THRESHOLD, &members, FEE).await?,
        };
        let plan = Plan {
            schedule: terms.schedule,
            delays: terms.delays,
            notice_epochs: terms.notice_epochs,
            guarded_until_s: terms.guarded_until_s,
            guardian: terms.guardian,
            oracle_set: terms.oracle_set,
            authority,
            token_dao: true,
            token_program: TOKEN,
            uri: String::new(),
        };
        let deployed = deploy(&config, &deployer, &plan, FEE).await?;
        let file = dir.join("deployment.toml");
        let lookup_table = Some(deployed.lookup_table.to_string());
        write_deployment(&file, &Deployment { program: PROGRAM.to_string(), lookup_table })?;
        let config = ChainConfig {
            id: chain.to_string(),
            rpc: self.localnet.url().to_owned(),
            distributor: deployed.distributor.to_string(),
            final_depth: None,
            deployment: Some(file),
        };
        let code = Hash(deployed.code_hash.0);
        Ok(Deployed { config, code, authority: plan.authority.to_string(), what: "the program on a local Solana node" })
    }
}
