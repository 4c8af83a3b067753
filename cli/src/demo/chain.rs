//! The demo's chain: anvil, the contracts, and the DAO's first acts.

use super::genesis::{CHAIN, Founding};
use eyre::WrapErr;
use liaise_chain_api::{Account, Delays, FeeLimit};
use liaise_ledger::Hash;
use liaise_ledger::body::{Act, Decree, DecreeValue, DistributorDecree, RowDecree};
use liaise_ledger::genesis::Genesis;
use liaise_node::chain::evm::{Address, Anvil, AnvilConfig, Dao, Deployed, EvmConfig, Plan, deploy};
use liaise_node::config::ChainConfig;
use liaise_node::keys::Secret;
use liaise_summary::{Emission, NetworkId, OracleSet, Schedule};

/// Which of anvil's funded keys does what.
pub const DEPLOYER: u32 = 0;
/// The guardian's.
pub const GUARDIAN: u32 = 9;

const EPOCH_DELAY_S: u32 = 21_600;
const LONG_DELAY_S: u32 = 604_800;
const NOTICE_EPOCHS: u32 = 7;
const DAY_S: u64 = 86_400;
/// What one transaction may cost here: anvil's coins are free.
pub const FEE: FeeLimit = FeeLimit(1_000_000_000_000_000_000);

/// The chain and what stands on it.
pub struct DemoChain {
    /// Killed when dropped.
    pub anvil: Anvil,
    /// The contracts.
    pub deployed: Deployed,
    /// How nodes reach it.
    pub config: ChainConfig,
}

/// The account of one of anvil's keys.
pub fn account_of(key: u32) -> Account {
    Account::evm(CHAIN, Anvil::key(key).address().into_array())
}

/// The secret of one of anvil's funded keys: public knowledge.
pub fn secret_of(key: u32) -> Secret {
    Secret::new(Anvil::key(key).to_bytes().0)
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
    /// Starts anvil and deploys token, timelock and governor at production delays.
    pub async fn start(genesis: &Genesis, now_s: u64) -> eyre::Result<DemoChain> {
        let anvil = Anvil::start(AnvilConfig { chain_number: CHAIN, genesis_s: Some(now_s), port: 0 })?;
        let set = &genesis.oracles;
        let plan = Plan {
            schedule: schedule(genesis),
            delays: Delays { epoch_s: EPOCH_DELAY_S, long_s: LONG_DELAY_S },
            notice_epochs: NOTICE_EPOCHS,
            guarded_until_s: guarded_until_s(genesis),
            guardian: account_of(GUARDIAN),
            oracle_set: OracleSet::new(set.version, set.keys.clone())?,
            dao: Dao::Governor {
                voting_delay_s: DAY_S,
                voting_period_s: 3 * DAY_S as u32,
                timelock_s: 2 * DAY_S,
                proposal_threshold: 0,
            },
        };
        let config = EvmConfig::new(anvil.chain(), anvil.url(), Address::ZERO);
        let deployed = deploy(&config, &Anvil::key(DEPLOYER), &plan, FEE).await.wrap_err("deploying the contracts")?;
        let config = ChainConfig {
            id: anvil.chain().to_string(),
            rpc: anvil.url().to_owned(),
            distributor: deployed.distributor.to_string(),
            final_depth: Some(0),
        };
        Ok(DemoChain { anvil, deployed, config })
    }

    /// The DAO's first two decrees: this deployment may be opened, and it holds the term from epoch 0 on.
    pub fn first_decrees(&self, founding: &Founding, distributor: Hash) -> eyre::Result<Vec<Decree>> {
        let genesis = &founding.genesis;
        let code = Hash(self.deployed.code_hash.0);
        let deployment = DecreeValue::Distributor(DistributorDecree {
            chain: self.anvil.chain(),
            distributor,
            address: self.config.distributor.clone(),
            code,
            authority: self.deployed.authority.to_string(),
            guardian: account_of(GUARDIAN).address().to_owned(),
            epoch_delay_s: EPOCH_DELAY_S,
            long_delay_s: LONG_DELAY_S,
            notice_epochs: NOTICE_EPOCHS,
            guarded_until_s: guarded_until_s(genesis),
        });
        let row = DecreeValue::Row(RowDecree { first: 0, new: distributor, old: Hash::ZERO });
        let mut decrees: Vec<Decree> = vec![];
        for value in [deployment, row] {
            let previous = decrees.last().map(|decree| decree.act.digest());
            let number = decrees.len() as u32 + 1;
            let act = Act { number, previous, network: genesis.network_id(), effective: 1, proposal: None, value };
            let signature = liaise_node::keys::sign_act(&founding.dao, &act)?;
            decrees.push(Decree { act, signatures: vec![signature] });
        }
        Ok(decrees)
    }
}
