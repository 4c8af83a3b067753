//! anvil as the conformance suite wants it.

use alloy::consensus::{SignableTransaction, Transaction, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::{Decodable2718, Encodable2718};
use alloy::network::TxSignerSync;
use alloy::primitives::{Address, TxKind, U256, keccak256};
use async_trait::async_trait;
use liaise_chain_api::conformance::faults::{FaultyChain, Weather};
use liaise_chain_api::conformance::{Harness, LocalChain, Plan, Role};
use liaise_chain_api::{Account, ChainError, FeeLimit, Prepared, Submitter};
use liaise_chain_arbitrum::deploy::{self, Dao, deploy};
use liaise_chain_arbitrum::local::{Anvil, AnvilConfig, Mining};
use liaise_chain_arbitrum::{EvmConfig, EvmSubmitter, PrivateKeySigner};
use liaise_summary::Payee;

pub const CHAIN: u64 = 31_337;
/// A hundredth of a coin.
pub const FEE: FeeLimit = FeeLimit(10_000_000_000_000_000);
/// For creating contracts.
pub const DEPLOY_FEE: FeeLimit = FeeLimit(1_000_000_000_000_000_000);

pub fn key(role: Role) -> PrivateKeySigner {
    Anvil::key(match role {
        Role::Operator => 1,
        Role::Rival => 2,
        Role::Guardian => 3,
        Role::Authority => 4,
        Role::Stranger => 5,
    })
}

pub fn account(role: Role) -> Account {
    Account::evm(CHAIN, key(role).address().into_array())
}

/// What the suite plans, as the deployment wants it.
pub fn deployment(plan: &Plan, dao: Dao) -> deploy::Plan {
    deploy::Plan {
        schedule: plan.schedule,
        delays: plan.delays,
        notice_epochs: plan.notice_epochs,
        guarded_until_s: plan.guarded_until_s,
        guardian: account(Role::Guardian),
        oracle_set: plan.oracle_set.clone(),
        dao,
    }
}

pub fn start(plan: &Plan) -> Anvil {
    // deploying takes a few blocks of a second each
    let genesis_s = Some(plan.schedule.genesis_s - 60);
    Anvil::start(AnvilConfig { chain_number: CHAIN, genesis_s, port: 0 }).expect("anvil starts")
}

/// The suite's harness.
pub struct AnvilHarness;

pub struct AnvilChain {
    anvil: Anvil,
    config: EvmConfig,
    saved: Option<serde_json::Value>,
}

#[async_trait]
impl Harness for AnvilHarness {
    type Chain = AnvilChain;

    async fn start(plan: &Plan) -> AnvilChain {
        let anvil = start(plan);
        let mut config = EvmConfig::new(anvil.chain(), anvil.url(), Address::ZERO);
        let dao = Dao::Account(account(Role::Authority));
        let deployed = deploy(&config, &Anvil::key(0), &deployment(plan, dao), DEPLOY_FEE).await.expect("it deploys");
        config.distributor = deployed.distributor;
        config.deployed_block = deployed.block;
        anvil.set_mining(Mining::WhenTold).await.expect("anvil obeys");
        anvil.mine_at(plan.schedule.genesis_s).await.expect("anvil obeys");
        AnvilChain { anvil, config, saved: None }
    }
}

impl AnvilChain {
    /// Sends something that does nothing, with this nonce.
    pub async fn send_something(&self, role: Role, nonce: u64) {
        self.send_at_twice(role, nonce, USUAL_WEI).await;
    }

    /// A block with this base fee.
    async fn base_fee(&self, wei: u128) {
        self.anvil.set_base_fee(wei).await.expect("anvil obeys");
        self.anvil.mine(1).await.expect("anvil obeys");
    }

    async fn send_at_twice(&self, role: Role, nonce: u64, fee: u128) {
        let signer = key(role);
        let mut other = TxEip1559 {
            chain_id: CHAIN,
            nonce,
            gas_limit: 21_000,
            max_fee_per_gas: fee * 2,
            max_priority_fee_per_gas: fee * 2,
            to: TxKind::Call(signer.address()),
            value: U256::ZERO,
            ..Default::default()
        };
        let signature = signer.sign_transaction_sync(&mut other).expect("signed");
        let signed: TxEnvelope = other.into_signed(signature).into();
        self.anvil.send(&signed.encoded_2718()).await.expect("anvil takes it");
    }
}

#[async_trait]
impl LocalChain for AnvilChain {
    async fn submitter(&self, role: Role) -> Box<dyn Submitter> {
        Box::new(EvmSubmitter::connect(self.config.clone(), key(role)).await.expect("anvil answers"))
    }

    async fn connect_as_another_chain(&self) -> Result<Box<dyn Submitter>, ChainError> {
        let config = EvmConfig { chain: "eip155:42161".parse().expect("a chain"), ..self.config.clone() };
        Ok(Box::new(EvmSubmitter::connect(config, key(Role::Operator)).await?))
    }

    async fn connect_to_nobody(&self, secret: &str) -> Result<Box<dyn Submitter>, ChainError> {
        // a port that was free a moment ago
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.expect("a free port").port();
        let endpoint = format!("http://user:{secret}@127.0.0.1:{port}/{secret}?key={secret}");
        let config = EvmConfig { endpoint, ..self.config.clone() };
        Ok(Box::new(EvmSubmitter::connect(config, key(Role::Operator)).await?))
    }

    async fn mine(&self, blocks: u64) {
        self.anvil.mine(blocks).await.expect("anvil obeys");
    }

    async fn advance_to(&self, time_s: u64) {
        self.anvil.mine_at(time_s).await.expect("anvil obeys");
    }

    async fn finalise(&self) {
        // the finalized tag is two blocks behind
        self.anvil.mine(3).await.expect("anvil obeys");
    }

    async fn reorg(&self, blocks: u64) {
        self.anvil.reorg(blocks).await.expect("anvil obeys");
    }

    async fn forget(&self, prepared: &Prepared) {
        self.anvil.forget(&prepared.id.0).await.expect("anvil obeys");
    }

    async fn replace(&self, role: Role, prepared: &Prepared) {
        let original = TxEnvelope::decode_2718_exact(&prepared.bytes).expect("a transaction");
        self.send_at_twice(role, original.nonce(), original.max_fee_per_gas()).await;
        self.anvil.mine(1).await.expect("anvil obeys");
    }

    fn fee_limit(&self) -> FeeLimit {
        FEE
    }

    fn payee(&self, i: u8) -> Payee {
        let hash = keccak256([b"liaise anvil payee ".as_slice(), &[i]].concat());
        Payee::from_20(hash[12..].try_into().expect("twenty bytes"))
    }

    async fn balance(&self, payee: &Payee) -> u64 {
        let address = Address::from(payee.to_20().expect("a payee of this chain"));
        // balanceOf(address)
        let input = [&keccak256("balanceOf(address)")[..4], &[0; 12], address.as_slice()].concat();
        let answer = self.anvil.call(self.config.distributor, input.into()).await.expect("anvil answers");
        U256::from_be_slice(&answer).to()
    }
}

/// More than any cap that an honest base fee leads to.
const DEAR_WEI: u128 = 1_000_000_000_000_000;
const USUAL_WEI: u128 = 1_000_000_000;
const RICH_WEI: u128 = 10_000_000_000_000_000_000;

#[async_trait]
impl FaultyChain for AnvilChain {
    fn node(&self) -> &str {
        self.anvil.url().strip_prefix("http://").expect("it listens on http")
    }

    fn sends_with(&self) -> &'static str {
        "eth_sendRawTransaction"
    }

    async fn connect_over(&self, role: Role, url: &str, patience_ms: u64) -> Result<Box<dyn Submitter>, ChainError> {
        let config = EvmConfig { endpoint: url.to_owned(), timeout_ms: patience_ms, ..self.config.clone() };
        Ok(Box::new(EvmSubmitter::connect(config, key(role)).await?))
    }

    async fn save(&mut self) {
        self.saved = Some(self.anvil.save().await.expect("anvil obeys"));
    }

    async fn restore(&mut self) {
        let saved = self.saved.take().expect("something was saved");
        self.anvil.restore(&saved).await.expect("anvil obeys");
        // a snapshot serves once
        self.save().await;
    }

    async fn begin(&self, weather: Weather, prepared: Option<&Prepared>) {
        match weather {
            Weather::Reorg => self.reorg(1).await,
            // the block of the transaction and the three that made it final
            Weather::FinalReorg => self.reorg(4).await,
            Weather::Forgets => self.forget(prepared.expect("something waits")).await,
            Weather::Replaced => self.replace(Role::Operator, prepared.expect("something waits")).await,
            Weather::Drained => {
                self.anvil.set_balance(key(Role::Operator).address(), 0).await.expect("anvil obeys");
            }
            Weather::Dear => self.base_fee(DEAR_WEI).await,
            Weather::AnotherChain => self.anvil.set_chain_number(CHAIN + 1).await.expect("anvil obeys"),
        }
    }

    async fn end(&self, weather: Weather) {
        match weather {
            Weather::Reorg | Weather::FinalReorg | Weather::Forgets | Weather::Replaced => {}
            Weather::Drained => {
                self.anvil.set_balance(key(Role::Operator).address(), RICH_WEI).await.expect("anvil obeys");
            }
            Weather::Dear => self.base_fee(USUAL_WEI).await,
            Weather::AnotherChain => self.anvil.set_chain_number(CHAIN).await.expect("anvil obeys"),
        }
    }
}
