//! The local Bitcoin Cash chain, with a distributor of its own.

use super::{DEPLOYER, Deployed, FEE, GUARDIAN, Terms};
use liaise_chain_api::{Account, Authority, ChainId};
use liaise_ledger::Hash;
use liaise_node::chain::bch::{
    BchConfig, BchKeys, Deployment, Devnet, Founders, PayoutTerms, Plan, Terms as Built, account_of_key, deploy,
};
use liaise_node::chain::write_deployment;
use liaise_node::config::ChainConfig;
use liaise_node::keys::Secret;
use liaise_summary::{DaoSet, sha256};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// The DAO's members at first, and how many of them act together.
const MEMBERS: [u32; 3] = [10, 11, 12];
const THRESHOLD: u32 = 2;
/// Coins of each of the demo's keys, and their satoshis: what is spent is a coin again ten blocks later.
const COINS: usize = 24;
const COIN_SATS: u64 = 10_000_000;
/// Between two looks at what waits for a block.
const LOOK: Duration = Duration::from_millis(150);

/// A running local chain, which makes a block whenever something waits for one.
pub struct Local {
    devnet: Arc<Devnet>,
    miner: JoinHandle<()>,
}

impl Drop for Local {
    fn drop(&mut self) {
        self.miner.abort();
    }
}

fn secret(number: u32) -> [u8; 32] {
    sha256(&[format!("liaise demo bch {number}").as_bytes()]).0
}

fn keys(number: u32) -> eyre::Result<BchKeys> {
    Ok(BchKeys::new(secret(number))?)
}

impl Local {
    /// Starts the chain; its clock stands at `now_s`.
    pub async fn start(now_s: u64) -> eyre::Result<Local> {
        let devnet = Arc::new(Devnet::start(now_s).await?);
        let numbers = (DEPLOYER..=GUARDIAN).chain(MEMBERS);
        let accounts: Vec<Account> = numbers
            .map(|number| Ok(account_of_key(&devnet.chain(), &keys(number)?.public())))
            .collect::<eyre::Result<_>>()?;
        devnet.fund(&accounts, COINS, COIN_SATS).await?;
        devnet.mine(BchConfig::DEPTH + 1).await?;
        let miner = tokio::spawn({
            let devnet = devnet.clone();
            async move {
                loop {
                    // a chain that does not answer is found out by whoever needs it
                    if devnet.waiting().await.is_ok_and(|waiting| waiting > 0) {
                        let _ = devnet.mine(1).await;
                    }
                    tokio::time::sleep(LOOK).await;
                }
            }
        });
        Ok(Local { devnet, miner })
    }

    pub fn id(&self) -> ChainId {
        self.devnet.chain()
    }

    pub fn secret(&self, number: u32) -> Secret {
        Secret::new(secret(number))
    }

    /// The keys of the DAO's members.
    pub fn members(&self, trial: bool) -> &'static [u32] {
        if trial { &MEMBERS[..1] } else { &MEMBERS }
    }

    pub async fn advance(&self, time_s: u64) -> eyre::Result<()> {
        Ok(self.devnet.advance_to(time_s).await?)
    }

    /// Replaces the newest blocks by empty ones; their transactions are forgotten.
    pub async fn reorg(&self, blocks: u64) -> eyre::Result<()> {
        Ok(self.devnet.reorg(blocks).await?)
    }

    /// Under a set of members who sign, or with `trial` under one member's key alone.
    pub async fn deploy(&self, dir: &Path, terms: Terms) -> eyre::Result<Deployed> {
        let members = self.members(terms.trial);
        let mut dao = members.iter().map(|number| Ok(keys(*number)?.public())).collect::<eyre::Result<Vec<_>>>()?;
        dao.sort_unstable();
        let threshold = if terms.trial { 1 } else { THRESHOLD };
        let founders = Founders {
            oracle_set: terms.oracle_set,
            dao: DaoSet::new(1, threshold, dao)?,
            guardian: keys(GUARDIAN)?.public(),
        };
        let built = Built {
            schedule: terms.schedule,
            delays: terms.delays,
            notice_epochs: terms.notice_epochs,
            guarded_until_s: terms.guarded_until_s,
            floor_sats: Built::FLOOR_SATS,
            payout: PayoutTerms::USUAL,
        };
        let endpoint = self.devnet.url().to_owned();
        let plan = Plan {
            chain: self.id(),
            endpoint: endpoint.clone(),
            terms: built,
            founders: founders.clone(),
            uris: vec![],
        };
        let deployed = deploy(&plan, &keys(DEPLOYER)?, FEE).await?;
        // nodes look at final blocks when they start
        self.devnet.mine(BchConfig::DEPTH + 1).await?;
        let file = dir.join("deployment.toml");
        write_deployment(
            &file,
            &Deployment::new(deployed.distributor, &built, &founders, None, Some(&deployed.publication)),
        )?;
        std::fs::write(dir.join("bitcoin-cash-metadata-registry.json"), &deployed.registry)?;
        let config = ChainConfig {
            id: self.id().to_string(),
            rpc: endpoint,
            distributor: deployed.address,
            final_depth: None,
            deployment: Some(file),
        };
        let authority = Authority::Set(founders.dao.hash()).to_string();
        let code = Hash(deployed.code_hash.0);
        Ok(Deployed { config, code, authority, what: "covenants on a local Bitcoin Cash chain" })
    }
}
