//! The demo's chain: a local one, the distributor on it, and the DAO's first acts.

mod arbitrum;
mod bch;
mod solana;

use super::genesis::Founding;
use super::site::Site;
use clap::ValueEnum;
use eyre::WrapErr;
use liaise_chain_api::{Account, ChainId, Delays, FeeLimit};
use liaise_ledger::Hash;
use liaise_ledger::body::{Act, Decree, DecreeValue, DistributorDecree, RowDecree};
use liaise_ledger::genesis::Genesis;
use liaise_node::client::Wallet;
use liaise_node::config::ChainConfig;
use liaise_node::keys::Secret;
use liaise_summary::{Emission, NetworkId, OracleSet, Schedule};
use std::path::Path;

/// Which of the chain's funded keys does what: 1 to 8 pay for the oracles.
pub const DEPLOYER: u32 = 0;
/// The guardian's.
pub const GUARDIAN: u32 = 9;

const DELAYS: Delays = Delays { epoch_s: 21_600, long_s: 604_800 };
const NOTICE_EPOCHS: u32 = 7;
/// What one transaction may cost here: a local chain's coins are free.
pub const FEE: FeeLimit = FeeLimit(1_000_000_000_000_000_000);

/// The chain that holds the demo's term.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ChainName {
    /// Contracts on anvil.
    #[default]
    Arbitrum,
    /// The program on a local Solana node.
    Solana,
    /// Covenants on a local Bitcoin Cash chain.
    Bch,
}

/// A local chain. What was started for it ends when it is dropped.
pub enum LocalChain {
    /// anvil.
    Arbitrum(arbitrum::Local),
    /// solana-localnet.
    Solana(solana::Local),
    /// contracts/bch's local chain.
    Bch(bch::Local),
}

/// What a distributor is built with.
pub struct Terms {
    /// The network's schedule.
    pub schedule: Schedule,
    /// How long statements wait.
    pub delays: Delays,
    /// Fewest epochs between the next to be filed and the first of a hand-over.
    pub notice_epochs: u32,
    /// Until then the guardian shares in rotation and hand-over, Unix seconds.
    pub guarded_until_s: u64,
    /// The guardian's account.
    pub guardian: Account,
    /// The oracles.
    pub oracle_set: OracleSet,
    /// Whether the deployer's key has the DAO's rights.
    pub trial: bool,
}

/// What a rehearsal's distributor has otherwise.
pub struct Rehearsed {
    /// Its schedule.
    pub schedule: Schedule,
    /// Epochs of notice before a hand-over.
    pub notice_epochs: u32,
    /// Until then the guardian shares in it, Unix seconds.
    pub guarded_until_s: u64,
}

/// A distributor as its deployment left it.
pub struct Deployed {
    /// How nodes reach it.
    pub config: ChainConfig,
    /// SHA-256 of its code.
    pub code: Hash,
    /// The DAO's contract or key.
    pub authority: String,
    /// What was deployed, for people.
    pub what: &'static str,
}

/// The chain and what stands on it.
pub struct DemoChain {
    /// The chain.
    pub local: LocalChain,
    /// The distributor.
    pub deployed: Deployed,
    /// Keystores in the second terminal's home of the DAO's members that sign; none where the DAO sends.
    pub members: Vec<(String, Secret)>,
}

impl LocalChain {
    /// Starts a chain whose clock stands at `now_s`.
    pub async fn start(name: ChainName, now_s: u64) -> eyre::Result<LocalChain> {
        match name {
            ChainName::Arbitrum => Ok(LocalChain::Arbitrum(arbitrum::Local::start(now_s)?)),
            ChainName::Solana => Ok(LocalChain::Solana(solana::Local::start(now_s).await?)),
            ChainName::Bch => Ok(LocalChain::Bch(bch::Local::start(now_s).await?)),
        }
    }

    /// Its id.
    pub fn id(&self) -> ChainId {
        match self {
            LocalChain::Arbitrum(local) => local.id(),
            LocalChain::Solana(local) => local.id(),
            LocalChain::Bch(local) => local.id(),
        }
    }

    /// The secret of one of its funded keys: public knowledge.
    pub fn secret(&self, key: u32) -> Secret {
        match self {
            LocalChain::Arbitrum(local) => local.secret(key),
            LocalChain::Solana(local) => local.secret(key),
            LocalChain::Bch(local) => local.secret(key),
        }
    }

    /// The wallet of one of its funded keys.
    pub fn wallet(&self, key: u32) -> eyre::Result<Wallet> {
        Ok(Wallet::new(&self.secret(key), &self.id())?)
    }

    /// Its keys that are the DAO's members, where they sign instead of sending: each is `dao-N` in the second terminal's home.
    pub fn members(&self, trial: bool) -> &'static [u32] {
        match self {
            LocalChain::Arbitrum(_) | LocalChain::Solana(_) => &[],
            LocalChain::Bch(local) => local.members(trial),
        }
    }

    /// Lets it have a block at a time.
    pub async fn advance(&self, time_s: u64) -> eyre::Result<()> {
        match self {
            LocalChain::Arbitrum(local) => local.advance(time_s).await,
            LocalChain::Solana(local) => local.advance(time_s).await,
            LocalChain::Bch(local) => local.advance(time_s).await,
        }
        .wrap_err("the local chain's clock")
    }

    async fn deploy(&self, dir: &Path, terms: Terms) -> eyre::Result<Deployed> {
        match self {
            LocalChain::Arbitrum(local) => local.deploy(&self.secret(DEPLOYER), terms).await,
            LocalChain::Solana(local) => local.deploy(dir, terms).await,
            LocalChain::Bch(local) => local.deploy(dir, terms).await,
        }
        .wrap_err("deploying the distributor")
    }
}

/// The network's schedule, as contracts are built with it.
pub fn schedule(genesis: &Genesis) -> Schedule {
    Schedule {
        network: NetworkId(genesis.network_id().0),
        genesis_s: genesis.genesis_s,
        emission: Emission { supply: genesis.fixed.supply, epochs: genesis.fixed.epochs },
        epoch_s: genesis.fixed.epoch_s,
        term_epochs: genesis.fixed.term_epochs,
    }
}

fn guarded_until_s(genesis: &Genesis) -> u64 {
    genesis.genesis_s + u64::from(genesis.fixed.term_epochs) * u64::from(genesis.fixed.epoch_s)
}

impl DemoChain {
    /// Deploys token, DAO and distributor at production delays. A deployment's file goes to `dir`, an absolute path.
    pub async fn found(local: LocalChain, genesis: &Genesis, dir: &Path, trial: bool) -> eyre::Result<DemoChain> {
        Self::deployed(local, genesis, dir, trial, |terms| terms).await
    }

    async fn deployed(
        local: LocalChain,
        genesis: &Genesis,
        dir: &Path,
        trial: bool,
        change: impl FnOnce(Terms) -> Terms,
    ) -> eyre::Result<DemoChain> {
        let set = &genesis.oracles;
        let terms = Terms {
            schedule: schedule(genesis),
            delays: DELAYS,
            notice_epochs: NOTICE_EPOCHS,
            guarded_until_s: guarded_until_s(genesis),
            guardian: local.wallet(GUARDIAN)?.account(),
            oracle_set: OracleSet::new(set.version, set.keys.clone())?,
            trial,
        };
        let deployed = local.deploy(dir, change(terms)).await?;
        let members = local.members(trial).iter().enumerate();
        let members = members.map(|(i, key)| (format!("dao-{}", i + 1), local.secret(*key))).collect();
        Ok(DemoChain { local, deployed, members })
    }

    /// Deploys a distributor of the same founders on other terms, whose file goes to `dir`.
    pub async fn rehearse(
        local: LocalChain,
        genesis: &Genesis,
        dir: &Path,
        rehearsed: Rehearsed,
    ) -> eyre::Result<DemoChain> {
        let Rehearsed { schedule, notice_epochs, guarded_until_s } = rehearsed;
        Self::deployed(local, genesis, dir, false, |terms| Terms { schedule, notice_epochs, guarded_until_s, ..terms })
            .await
    }

    /// How nodes reach the distributor.
    pub fn config(&self) -> &ChainConfig {
        &self.deployed.config
    }
}

/// The DAO's first decrees: these deployments may be opened, and the first of them holds the term from epoch 0 on.
pub fn first_decrees<'a>(sites: impl Iterator<Item = &'a Site>, founding: &Founding) -> eyre::Result<Vec<Decree>> {
    let genesis = &founding.genesis;
    let mut values = vec![];
    for site in sites {
        let deployed = &site.chain.deployed;
        values.push(DecreeValue::Distributor(DistributorDecree {
            chain: site.chain.local.id(),
            distributor: Hash(site.reader.id().0),
            address: deployed.config.distributor.clone(),
            code: deployed.code,
            authority: deployed.authority.clone(),
            guardian: site.chain.local.wallet(GUARDIAN)?.account().address().to_owned(),
            epoch_delay_s: DELAYS.epoch_s,
            long_delay_s: DELAYS.long_s,
            notice_epochs: NOTICE_EPOCHS,
            guarded_until_s: guarded_until_s(genesis),
        }));
    }
    if let Some(DecreeValue::Distributor(first)) = values.first() {
        values.push(DecreeValue::Row(RowDecree { first: 0, new: first.distributor, old: Hash::ZERO }));
    }
    let mut decrees: Vec<Decree> = vec![];
    for value in values {
        let previous = decrees.last().map(|decree| decree.act.digest());
        let number = decrees.len() as u32 + 1;
        let act = Act { number, previous, network: genesis.network_id(), effective: 1, proposal: None, value };
        let signature = liaise_node::keys::sign_act(&founding.dao, &act)?;
        decrees.push(Decree { act, signatures: vec![signature] });
    }
    Ok(decrees)
}
