//! anvil, with token, timelock, governor and distributor on it.

use super::{DEPLOYER, Deployed, FEE, Terms};
use liaise_chain_api::{Account, ChainId};
use liaise_ledger::Hash;
use liaise_node::chain::evm::{Address, Anvil, AnvilConfig, Dao, EvmConfig, Plan, PrivateKeySigner, deploy};
use liaise_node::config::ChainConfig;
use liaise_node::keys::Secret;

/// anvil's own number.
const CHAIN: u64 = 31_337;
const DAY_S: u64 = 86_400;
const GOVERNOR: Dao = Dao::Governor {
    voting_delay_s: DAY_S,
    voting_period_s: 3 * DAY_S as u32,
    timelock_s: 2 * DAY_S,
    proposal_threshold: 0,
};

/// A running anvil.
pub struct Local {
    anvil: Anvil,
}

impl Local {
    /// Starts anvil; its clock stands at `now_s`.
    pub fn start(now_s: u64) -> eyre::Result<Local> {
        Ok(Local { anvil: Anvil::start(AnvilConfig { chain_number: CHAIN, genesis_s: Some(now_s), port: 0 })? })
    }

    pub fn id(&self) -> ChainId {
        self.anvil.chain()
    }

    pub fn secret(&self, key: u32) -> Secret {
        Secret::new(Anvil::key(key).to_bytes().0)
    }

    pub async fn advance(&self, time_s: u64) -> eyre::Result<()> {
        Ok(self.anvil.mine_at(time_s).await?)
    }

    /// Under a Governor of the token's holders; in a trial under the deployer's key.
    pub async fn deploy(&self, deployer: &Secret, terms: Terms) -> eyre::Result<Deployed> {
        let plan = Plan {
            schedule: terms.schedule,
            delays: terms.delays,
            notice_epochs: terms.notice_epochs,
            guarded_until_s: terms.guarded_until_s,
            guardian: terms.guardian,
            oracle_set: terms.oracle_set,
            dao: match terms.trial {
                true => Dao::Account(Account::evm(CHAIN, Anvil::key(DEPLOYER).address().into_array())),
                false => GOVERNOR,
            },
        };
        let config = EvmConfig::new(self.id(), self.anvil.url(), Address::ZERO);
        let deployed = deploy(&config, &PrivateKeySigner::from_slice(deployer.as_ref())?, &plan, FEE).await?;
        let config = ChainConfig {
            id: self.id().to_string(),
            rpc: self.anvil.url().to_owned(),
            distributor: deployed.distributor.to_string(),
            final_depth: Some(0),
            deployment: None,
        };
        let code = Hash(deployed.code_hash.0);
        Ok(Deployed { config, code, authority: deployed.authority.to_string(), what: "contracts on anvil" })
    }
}
