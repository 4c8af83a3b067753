//! contracts/bch/devnet as the conformance suite wants it.

use async_trait::async_trait;
use liaise_chain_api::conformance::{Harness, LocalChain, Plan, Role};
use liaise_chain_api::{ChainError, FeeLimit, Prepared, StatementSignature, Submitter};
use liaise_chain_bch::deploy::{self, deploy};
use liaise_chain_bch::local::Devnet;
use liaise_chain_bch::{BchConfig, BchKeys, BchSubmitter, Founders, PayoutTerms, Terms, account_of_key};
use liaise_summary::{DaoSet, Hash32, Payee, sha256};
use secp256k1::{Message, SECP256K1, SecretKey};

/// A hundredth of a coin.
pub const FEE: FeeLimit = FeeLimit(1_000_000);
/// Coins of each account, and their satoshis.
pub const COINS: usize = 24;
pub const COIN_SATS: u64 = 10_000_000;
/// Enough for the few batches of a case, each of one payout.
const EPOCH_SATS: u64 = 20_000;

const ROLES: [Role; 5] = [Role::Operator, Role::Rival, Role::Guardian, Role::Authority, Role::Stranger];

pub fn secret(role: Role) -> [u8; 32] {
    sha256(&[format!("liaise devnet {role:?}").as_bytes()]).0
}

/// A role's keys. Each can name all of them, as if they knew one another.
pub fn keys(role: Role) -> BchKeys {
    let own = |role| BchKeys::new(secret(role)).expect("a key");
    ROLES.into_iter().fold(own(role), |keys, other| keys.naming(own(other).public()))
}

/// A DAO of one member.
fn dao() -> DaoSet {
    DaoSet::new(1, 1, vec![keys(Role::Authority).public()]).expect("a set of one")
}

pub fn terms(plan: &Plan) -> Terms {
    Terms {
        schedule: plan.schedule,
        delays: plan.delays,
        notice_epochs: plan.notice_epochs,
        guarded_until_s: plan.guarded_until_s,
        floor_sats: Terms::FLOOR_SATS,
        payout: PayoutTerms::USUAL,
    }
}

pub fn founders(plan: &Plan) -> Founders {
    Founders { oracle_set: plan.oracle_set.clone(), dao: dao(), guardian: keys(Role::Guardian).public() }
}

/// The suite's harness.
pub struct DevnetHarness;

pub struct DevnetChain {
    pub devnet: Devnet,
    pub config: BchConfig,
    pub saved: Option<Saved>,
}

/// Where the chain was.
#[derive(Clone, Copy)]
pub struct Saved {
    pub height: u64,
    pub time_s: u64,
}

#[async_trait]
impl Harness for DevnetHarness {
    type Chain = DevnetChain;

    async fn start(plan: &Plan) -> DevnetChain {
        let devnet = Devnet::start(plan.schedule.genesis_s - 600).await.expect("the devnet starts");
        let chain = devnet.chain();
        let accounts = ROLES.map(|role| account_of_key(&chain, &keys(role).public()));
        devnet.fund(&accounts, COINS, COIN_SATS).await.expect("it has a coinbase");
        devnet.mine(1).await.expect("the devnet obeys");
        let planned = deploy::Plan {
            chain: chain.clone(),
            endpoint: devnet.url().to_owned(),
            terms: terms(plan),
            founders: founders(plan),
            uris: vec!["example.org".to_owned()],
        };
        // the operator's first coin is output 0
        let deployed = deploy(&planned, &keys(Role::Operator), FEE).await.expect("it deploys");
        devnet.mine(BchConfig::DEPTH + 1).await.expect("the devnet obeys");
        devnet.advance_to(plan.schedule.genesis_s).await.expect("the devnet obeys");
        let config = BchConfig {
            epoch_sats: Some(EPOCH_SATS),
            publication: Some(deployed.publication),
            ..BchConfig::new(chain, devnet.url(), deployed.distributor, planned.terms, planned.founders)
        };
        DevnetChain { devnet, config, saved: None }
    }
}

#[async_trait]
impl LocalChain for DevnetChain {
    async fn submitter(&self, role: Role) -> Box<dyn Submitter> {
        Box::new(BchSubmitter::connect(self.config.clone(), keys(role)).await.expect("the devnet answers"))
    }

    async fn connect_as_another_chain(&self) -> Result<Box<dyn Submitter>, ChainError> {
        let config = BchConfig { chain: "bch:bitcoincash".parse().expect("a chain"), ..self.config.clone() };
        Ok(Box::new(BchSubmitter::connect(config, keys(Role::Operator)).await?))
    }

    async fn connect_to_nobody(&self, secret: &str) -> Result<Box<dyn Submitter>, ChainError> {
        // a port that was free a moment ago
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.expect("a free port").port();
        let endpoint = format!("http://user:{secret}@127.0.0.1:{port}/{secret}?key={secret}");
        let config = BchConfig { endpoint, ..self.config.clone() };
        Ok(Box::new(BchSubmitter::connect(config, keys(Role::Operator)).await?))
    }

    async fn mine(&self, blocks: u64) {
        self.devnet.mine(blocks).await.expect("the devnet obeys");
    }

    async fn advance_to(&self, time_s: u64) {
        self.devnet.advance_to(time_s).await.expect("the devnet obeys");
    }

    async fn finalise(&self) {
        self.devnet.mine(BchConfig::DEPTH).await.expect("the devnet obeys");
    }

    async fn reorg(&self, blocks: u64) {
        self.devnet.reorg(blocks).await.expect("the devnet obeys");
    }

    async fn forget(&self, prepared: &Prepared) {
        self.devnet.forget(&prepared.id.0).await.expect("the devnet obeys");
    }

    async fn replace(&self, role: Role, prepared: &Prepared) {
        let tx = liaise_chain_bch::local::spent_by(prepared);
        self.forget(prepared).await;
        // its coin, behind the controller
        let (txid, vout) = tx.last().expect("it has inputs");
        self.devnet.respend(&keys(role), (txid, *vout)).await.expect("the devnet takes it");
        self.devnet.mine(1).await.expect("the devnet obeys");
    }

    fn pays_in_batches(&self) -> bool {
        true
    }

    fn dao_signs(&self, digest: Hash32) -> Option<Vec<StatementSignature>> {
        let secret = SecretKey::from_byte_array(secret(Role::Authority)).expect("a key");
        let signature = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(digest.0), &secret);
        let (id, rs) = signature.serialize_compact();
        let mut rsv = [0; 65];
        rsv[..64].copy_from_slice(&rs);
        rsv[64] = u8::try_from(i32::from(id)).expect("0 to 3");
        Some(vec![StatementSignature { key: keys(Role::Authority).public(), rsv }])
    }

    fn fee_limit(&self) -> FeeLimit {
        FEE
    }

    fn payee(&self, i: u8) -> Payee {
        let hash = sha256(&[b"liaise devnet payee ", &[i]]);
        Payee::from_20(hash.0[..20].try_into().expect("twenty bytes"))
    }

    async fn balance(&self, payee: &Payee) -> u64 {
        let mut category = self.config.distributor.0;
        category.reverse();
        let hash = payee.to_20().expect("a payee of this chain");
        self.devnet.tokens(&hex::encode(category), hash).await.expect("the devnet answers")
    }
}
