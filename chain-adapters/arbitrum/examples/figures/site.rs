//! A distributor on anvil with the live network's schedule, and what its transactions cost.

use alloy::network::Ethereum;
use alloy::primitives::{Address, Bytes};
use alloy::providers::{Provider, ProviderBuilder, RootProvider};
use alloy::sol;
use alloy::sol_types::SolCall;
use liaise_chain_api::conformance::Oracles;
use liaise_chain_api::{Account, Action, At, Delays, Distributor, DistributorReader, FeeLimit, Prepared, Submitter};
use liaise_chain_arbitrum::deploy::{Dao, Plan, deploy};
use liaise_chain_arbitrum::local::{Anvil, AnvilConfig};
use liaise_chain_arbitrum::{EvmConfig, EvmSubmitter};
use liaise_summary::{
    DistributorId, Emission, Epoch, EpochStatement, Hash32, NetworkId, OpenStatement, Schedule, sha256,
};
use serde_json::{Value, json};

sol! {
    function settle() external;
}

/// anvil's own number.
const CHAIN: u64 = 31_337;
/// Far above what any of these transactions costs.
const FEE: FeeLimit = FeeLimit(1_000_000_000_000_000_000);
/// A Unix time that anvil's clock has not passed, a multiple of a day.
const GENESIS_S: u64 = 1_900_022_400;

/// Which of anvil's funded accounts acts.
#[derive(Clone, Copy, Debug)]
pub enum Role {
    /// Creates the contract.
    Deployer = 0,
    /// Whoever needs no right.
    Anybody = 1,
    /// May veto once.
    Guardian = 2,
    /// The DAO authority.
    Authority = 3,
    /// Is paid, and transfers.
    Holder = 4,
}

impl Role {
    /// Its address.
    pub fn address(self) -> Address {
        Anvil::key(self as u32).address()
    }

    fn account(self) -> Account {
        Account::evm(CHAIN, self.address().into_array())
    }
}

/// A running chain with an opened distributor.
pub struct Site {
    anvil: Anvil,
    provider: RootProvider<Ethereum>,
    config: EvmConfig,
    schedule: Schedule,
    delays: Delays,
    oracles: Oracles,
}

impl Site {
    /// The live network's schedule, `oracles` oracles, the range from epoch 0 on opened, nothing guarded any more.
    pub async fn opened(oracles: u8) -> Self {
        let schedule = Schedule {
            network: NetworkId(sha256(&[b"liaise figures"]).0),
            genesis_s: GENESIS_S,
            emission: Emission { supply: 100_000_000_000_000_000, epochs: 7305 },
            epoch_s: 86_400,
            term_epochs: 180,
        };
        let delays = Delays { epoch_s: 21_600, long_s: 604_800 };
        // the opening waits for the long delay before epoch 0 ends
        let genesis_s = Some(GENESIS_S - u64::from(delays.long_s) - 86_400);
        let anvil = Anvil::start(AnvilConfig { chain_number: CHAIN, genesis_s, port: 0 }).expect("anvil starts");
        let mut config = EvmConfig::new(anvil.chain(), anvil.url(), Address::ZERO);
        let oracles = Oracles::new(1, oracles);
        let plan = Plan {
            schedule,
            delays,
            notice_epochs: 7,
            guarded_until_s: GENESIS_S,
            guardian: Role::Guardian.account(),
            oracle_set: oracles.set(),
            dao: Dao::Account(Role::Authority.account()),
        };
        let deployed = deploy(&config, &Anvil::key(Role::Deployer as u32), &plan, FEE).await.expect("it deploys");
        config.distributor = deployed.distributor;
        config.deployed_block = deployed.block;
        let provider = ProviderBuilder::new()
            .disable_recommended_fillers()
            .connect_http(anvil.url().parse().expect("anvil's address is a url"));
        let site = Self { anvil, provider, config, schedule, delays, oracles };
        site.approve_and_open(Epoch(0), DistributorId::ZERO).await;
        site.pass(delays.long_s).await;
        // written down, so that no later call pays for it
        site.call(Role::Anybody, settleCall {}.abi_encode().into()).await;
        site
    }

    /// The delays before what is pending counts.
    pub fn delays(&self) -> Delays {
        self.delays
    }

    /// The state at the newest block.
    pub async fn state(&self) -> Distributor {
        self.submitter(Role::Anybody).await.distributor(At::Latest).await.expect("a readable distributor")
    }

    /// Signs, sends and includes an action, and returns the gas that it used.
    pub async fn act(&self, role: Role, action: &Action) -> u64 {
        let submitter = self.submitter(role).await;
        let prepared = submitter.prepare(action, FEE, &[]).await.expect("an acceptable action");
        submitter.broadcast(&prepared).await.expect("anvil takes it");
        let Prepared { id, .. } = prepared;
        self.gas_used(&id.0).await
    }

    /// Sends a call that the adapter does not know from an account, and returns the gas that it used.
    pub async fn call(&self, role: Role, input: Bytes) -> u64 {
        let request = json!([{"from": role.address(), "to": self.config.distributor, "input": input}]);
        let id = self.request("eth_sendTransaction", request).await;
        self.gas_used(id.as_str().expect("a hash")).await
    }

    /// Lets time pass after the newest block.
    pub async fn pass(&self, seconds: u32) {
        let now_s = self.state().await.at.time_s;
        self.anvil.mine_at(now_s + u64::from(seconds)).await.expect("anvil obeys");
    }

    /// Files the next epoch at its end with this root, and returns the gas that it used.
    pub async fn file(&self, root_hash: Hash32, root_sum: u64, owed: u64) -> u64 {
        let state = self.state().await;
        let end_s = self.schedule.epoch_end_s(state.next).expect("a small epoch");
        if state.at.time_s < end_s {
            self.anvil.mine_at(end_s).await.expect("anvil obeys");
        }
        let statement = EpochStatement {
            network: self.schedule.network,
            distributor: state.id,
            epoch: state.next,
            oracle_set: state.oracle_set.version,
            head: state.head,
            root_hash,
            root_sum,
            owed,
            artefact: sha256(&[b"artefact", root_hash.as_bytes()]),
        };
        let signatures = self.oracles.quorum(statement.digest());
        self.act(Role::Anybody, &Action::SubmitEpoch { statement, signatures, payouts: 0 }).await
    }

    /// Opens a range; returns the gas of the approval and of the opening, which is pending afterwards.
    pub async fn approve_and_open(&self, first: Epoch, old: DistributorId) -> (u64, u64) {
        let state = self.state().await;
        let approval = Action::ApproveOpen { first, old, head: state.head };
        let approved = self.act(Role::Authority, &approval).await;
        let statement = OpenStatement {
            network: self.schedule.network,
            distributor: state.id,
            first,
            oracle_set: state.oracle_set.version,
            head: state.head,
            old,
            epoch_delay_s: self.delays.epoch_s,
            long_delay_s: self.delays.long_s,
            schedule: self.schedule.id(),
        };
        let signatures = self.oracles.quorum(statement.digest());
        (approved, self.act(Role::Anybody, &Action::Open { statement, signatures }).await)
    }

    async fn submitter(&self, role: Role) -> EvmSubmitter {
        EvmSubmitter::connect(self.config.clone(), Anvil::key(role as u32)).await.expect("anvil answers")
    }

    /// The gas in a transaction's receipt; anvil mines at once, but answers before it has.
    async fn gas_used(&self, id: &str) -> u64 {
        let receipt = loop {
            let receipt = self.request("eth_getTransactionReceipt", json!([id])).await;
            if !receipt.is_null() {
                break receipt;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        };
        assert_eq!(receipt["status"], "0x1", "{id} failed: {receipt}");
        let gas =
            receipt["gasUsed"].as_str().and_then(|gas| u64::from_str_radix(gas.trim_start_matches("0x"), 16).ok());
        gas.unwrap_or_else(|| panic!("a receipt without gas: {receipt}"))
    }

    async fn request(&self, method: &'static str, parameters: Value) -> Value {
        let answer = self.provider.raw_request::<Value, Value>(method.into(), parameters).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }
}
