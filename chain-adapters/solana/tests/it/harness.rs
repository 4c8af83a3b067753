//! The local chain as the conformance suite wants it.

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use liaise_chain_api::conformance::faults::{FaultyChain, Weather};
use liaise_chain_api::conformance::{Harness, LocalChain, Plan, Role};
use liaise_chain_api::{Account, ChainError, FeeLimit, Prepared, Submitter};
use liaise_chain_solana::deploy::{self, Deployed, deploy};
use liaise_chain_solana::local::{Localnet, LocalnetConfig, Mining};
use liaise_chain_solana::{Keypair, Pubkey, SolanaConfig, SolanaSubmitter};
use liaise_summary::{Payee, sha256};
use serde_json::{Value, json};
use solana_sdk::instruction::Instruction;
use solana_sdk::message::{Message, VersionedMessage};
use solana_sdk::signer::Signer;
use solana_transaction::versioned::VersionedTransaction;

/// A twentieth of a coin: rent is most of what a claim costs.
pub const FEE: FeeLimit = FeeLimit(50_000_000);
/// For creating a distributor, rent of all its accounts included.
pub const DEPLOY_FEE: FeeLimit = FeeLimit(100_000_000);
/// What every role has.
pub const LAMPORTS: u64 = 100_000_000_000;
/// More than any limit leads to, micro-lamports for a compute unit.
const DEAR: u64 = 1_000_000_000_000;

pub fn key(role: Role) -> Keypair {
    Localnet::key(match role {
        Role::Operator => "operator",
        Role::Rival => "rival",
        Role::Guardian => "guardian",
        Role::Authority => "authority",
        Role::Stranger => "stranger",
    })
}

pub const ROLES: [Role; 5] = [Role::Operator, Role::Rival, Role::Guardian, Role::Authority, Role::Stranger];

/// What the suite plans, as the deployment wants it.
pub fn deployment(plan: &Plan, localnet: &Localnet) -> deploy::Plan {
    let account = |role| Account::solana(localnet.chain(), key(role).pubkey().to_bytes());
    deploy::Plan {
        schedule: plan.schedule,
        delays: plan.delays,
        notice_epochs: plan.notice_epochs,
        guarded_until_s: plan.guarded_until_s,
        guardian: account(Role::Guardian),
        oracle_set: plan.oracle_set.clone(),
        authority: account(Role::Authority),
        token_dao: false,
        token_program: deploy::TOKEN_2022,
        uri: "https://liaise.example/metadata/xlv.json".to_owned(),
    }
}

/// A chain with a distributor, its clock before genesis, making blocks at once.
pub async fn start(plan: &Plan, upgrade_authority: Option<Pubkey>) -> (Localnet, SolanaConfig, Deployed) {
    let config = LocalnetConfig {
        genesis_s: Some(plan.schedule.genesis_s - 600),
        port: 0,
        upgrade_authority,
        mining: Mining::AtOnce,
    };
    let localnet = Localnet::start(&config).await.expect("the local chain starts");
    for role in ROLES {
        localnet.fund(&key(role), LAMPORTS).await.expect("it obeys");
    }
    let mut config =
        SolanaConfig::new(localnet.chain().clone(), localnet.url(), liaise_chain_solana::PROGRAM, Pubkey::default());
    let plan = deployment(plan, &localnet);
    let deployed = deploy(&config, &key(Role::Stranger), &plan, DEPLOY_FEE).await.expect("it deploys");
    config.distributor = deployed.distributor;
    config.lookup_table = Some(deployed.lookup_table);
    (localnet, config, deployed)
}

/// The suite's harness.
pub struct LocalnetHarness;

pub struct SolanaChain {
    pub localnet: Localnet,
    pub config: SolanaConfig,
    mint: Pubkey,
    saved: Value,
}

#[async_trait]
impl Harness for LocalnetHarness {
    type Chain = SolanaChain;

    async fn start(plan: &Plan) -> SolanaChain {
        SolanaChain::start(plan, None).await
    }
}

impl SolanaChain {
    /// What the suite starts with, under a program that this key can replace.
    pub async fn start(plan: &Plan, upgrade_authority: Option<Pubkey>) -> Self {
        let (localnet, config, deployed) = start(plan, upgrade_authority).await;
        localnet.set_mining(Mining::WhenTold).await.expect("it obeys");
        let chain = Self { localnet, config, mint: deployed.mint, saved: Value::Null };
        chain.advance_to(plan.schedule.genesis_s).await;
        chain.finalise().await;
        chain
    }

    pub async fn steer(&self, method: &'static str, params: Value) -> Value {
        self.localnet.steer(method, params).await.expect("it obeys")
    }

    pub async fn connect(&self, role: Role) -> SolanaSubmitter {
        SolanaSubmitter::connect(self.config.clone(), key(role)).await.expect("the chain answers")
    }

    /// Where a payee is paid to.
    pub fn destination(&self, payee: &Payee) -> Pubkey {
        let seeds = [&payee.0[..], deploy::TOKEN_2022.as_ref(), self.mint.as_ref()];
        let program: Pubkey = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL".parse().expect("an address");
        Pubkey::find_program_address(&seeds, &program).0
    }

    /// An account's lamports, owner and data, if there is one.
    pub async fn account(&self, address: &Pubkey) -> Option<(u64, String, Vec<u8>)> {
        let params = json!([address.to_string(), {"commitment": "confirmed", "encoding": "base64"}]);
        let answer = self.localnet.ask("getAccountInfo", params).await.expect("the chain answers");
        let account = &answer["value"];
        let data = BASE64_STANDARD.decode(account["data"][0].as_str()?).expect("base64");
        Some((account["lamports"].as_u64()?, account["owner"].as_str()?.to_owned(), data))
    }

    /// Sends a call that the adapter has no name for, and includes it.
    pub async fn send(&self, role: Role, call: Instruction) {
        let signer = key(role);
        let config = json!([{"commitment": "confirmed"}]);
        let answer = self.localnet.ask("getLatestBlockhash", config).await.expect("the chain answers");
        let blockhash = answer["value"]["blockhash"].as_str().and_then(|hash| hash.parse().ok()).expect("a blockhash");
        let message = Message::new_with_blockhash(&[call], Some(&signer.pubkey()), &blockhash);
        let signed = VersionedTransaction::try_new(VersionedMessage::Legacy(message), &[&signer]).expect("signed");
        let wire = BASE64_STANDARD.encode(wincode::serialize(&signed).expect("a transaction"));
        let params = json!([wire, {"encoding": "base64", "preflightCommitment": "confirmed"}]);
        self.localnet.ask("sendTransaction", params).await.expect("it is taken");
        self.mine(1).await;
    }

    /// Puts other data into an account.
    pub async fn put(&self, address: &Pubkey, (lamports, owner, data): (u64, String, Vec<u8>)) {
        let (address, data) = (address.to_string(), BASE64_STANDARD.encode(data));
        let account = json!({"address": address, "lamports": lamports, "owner": owner, "data": data});
        self.steer("localnet_setAccount", account).await;
    }
}

#[async_trait]
impl LocalChain for SolanaChain {
    async fn submitter(&self, role: Role) -> Box<dyn Submitter> {
        Box::new(self.connect(role).await)
    }

    async fn connect_as_another_chain(&self) -> Result<Box<dyn Submitter>, ChainError> {
        let chain = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp".parse().expect("a chain");
        let config = SolanaConfig { chain, ..self.config.clone() };
        Ok(Box::new(SolanaSubmitter::connect(config, key(Role::Operator)).await?))
    }

    async fn connect_to_nobody(&self, secret: &str) -> Result<Box<dyn Submitter>, ChainError> {
        // a port that was free a moment ago
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.expect("a free port").port();
        let endpoint = format!("http://user:{secret}@127.0.0.1:{port}/{secret}?key={secret}");
        let config = SolanaConfig { endpoint, ..self.config.clone() };
        Ok(Box::new(SolanaSubmitter::connect(config, key(Role::Operator)).await?))
    }

    async fn mine(&self, blocks: u64) {
        self.localnet.mine(blocks).await.expect("it obeys");
    }

    async fn advance_to(&self, time_s: u64) {
        self.localnet.advance_to(time_s).await.expect("it obeys");
    }

    async fn finalise(&self) {
        self.localnet.finalise().await.expect("it obeys");
    }

    async fn reorg(&self, blocks: u64) {
        self.steer("localnet_rollback", json!({"slots": blocks})).await;
    }

    async fn forget(&self, prepared: &Prepared) {
        self.steer("localnet_drop", json!({"signature": prepared.id.0})).await;
    }

    /// Nothing of an account takes another's place: what a transaction holds is time.
    async fn replace(&self, _: Role, _: &Prepared) {
        self.steer("localnet_expire", Value::Null).await;
    }

    fn tells_what_waits(&self) -> bool {
        false
    }

    fn fee_limit(&self) -> FeeLimit {
        FEE
    }

    fn payee(&self, i: u8) -> Payee {
        // wallets are keys: most hashes are none
        Payee(Keypair::new_from_array(sha256(&[b"liaise solana payee", &[i]]).0).pubkey().to_bytes())
    }

    async fn balance(&self, payee: &Payee) -> u64 {
        let Some((_, _, data)) = self.account(&self.destination(payee)).await else { return 0 };
        // after mint and owner
        u64::from_le_bytes(data[64..72].try_into().expect("eight bytes"))
    }
}

#[async_trait]
impl FaultyChain for SolanaChain {
    fn node(&self) -> &str {
        self.localnet.url().strip_prefix("http://").expect("it listens on http")
    }

    fn sends_with(&self) -> &'static str {
        "sendTransaction"
    }

    async fn connect_over(&self, role: Role, url: &str, patience_ms: u64) -> Result<Box<dyn Submitter>, ChainError> {
        // half a megabyte of code is read at each connection, which a busy machine takes its time for
        let timeout_ms = patience_ms.max(1_500);
        let config = SolanaConfig { endpoint: url.to_owned(), timeout_ms, ..self.config.clone() };
        Ok(Box::new(SolanaSubmitter::connect(config, key(role)).await?))
    }

    async fn save(&mut self) {
        self.saved = self.steer("localnet_save", Value::Null).await;
    }

    async fn restore(&mut self) {
        self.steer("localnet_restore", self.saved.clone()).await;
    }

    async fn begin(&self, weather: Weather, prepared: Option<&Prepared>) {
        match weather {
            Weather::Reorg => self.reorg(1).await,
            Weather::FinalReorg => {
                self.steer("localnet_rollback", json!({"slots": 1, "finalised": true})).await;
            }
            Weather::Forgets => self.forget(prepared.expect("something waits")).await,
            Weather::Replaced => self.replace(Role::Operator, prepared.expect("something waits")).await,
            Weather::Drained => self.localnet.fund(&key(Role::Operator), 0).await.expect("it obeys"),
            Weather::Dear => {
                self.steer("localnet_setPriceFloor", json!({"microLamports": DEAR})).await;
            }
            Weather::AnotherChain => {
                self.steer("localnet_setGenesisHash", json!({"hash": "4".repeat(44)})).await;
            }
        }
    }

    async fn end(&self, weather: Weather) {
        match weather {
            Weather::Reorg | Weather::FinalReorg | Weather::Forgets | Weather::Replaced => {}
            Weather::Drained => self.localnet.fund(&key(Role::Operator), LAMPORTS).await.expect("it obeys"),
            Weather::Dear => {
                self.steer("localnet_setPriceFloor", json!({"microLamports": 0})).await;
            }
            Weather::AnotherChain => {
                self.steer("localnet_setGenesisHash", json!({"hash": null})).await;
            }
        }
    }
}
