//! A local chain with an opened distributor and one filed epoch that is payable.

use liaise_chain_api::{Account, Action, At, Delays, DistributorReader, FeeLimit, StatementSignature, Submitter};
use liaise_chain_bch::deploy::{Plan, deploy};
use liaise_chain_bch::local::Devnet;
use liaise_chain_bch::{BchConfig, BchKeys, BchSubmitter, Founders, PayoutTerms, Terms, account_of_key};
use liaise_summary::batch::batch_tree;
use liaise_summary::{
    DaoSet, DistributorId, Emission, Epoch, EpochStatement, Hash32, NetworkId, Node, OpenStatement, OracleSet, Payout,
    Schedule, SumTree, sha256,
};
use secp256k1::{Message, SECP256K1, SecretKey};

const GENESIS_S: u64 = 1_900_000_800;
const DAY_S: u32 = 86_400;
/// The most that filing may cost: what is locked for the payouts too.
const FEE: FeeLimit = FeeLimit(1_000_000_000);
/// Two BCH a coin.
const COIN_SATS: u64 = 200_000_000;

pub struct Site {
    pub devnet: Devnet,
    pub config: BchConfig,
    /// Satoshis that the epoch got for its payouts.
    pub locked_sats: u64,
}

impl Site {
    pub async fn start(payouts: usize) -> Self {
        let devnet = Devnet::start(GENESIS_S - 600).await.expect("the devnet starts");
        let account: Account = account_of_key(&devnet.chain(), &operator().public());
        devnet.fund(&[account], 8, COIN_SATS).await.expect("it has a coinbase");
        devnet.mine(1).await.expect("the devnet obeys");
        let plan = Plan {
            chain: devnet.chain(),
            endpoint: devnet.url().to_owned(),
            terms: terms(),
            founders: founders(),
            uris: vec![],
        };
        let deployed = deploy(&plan, &operator(), FEE).await.expect("it deploys");
        devnet.mine(BchConfig::DEPTH + 1).await.expect("the devnet obeys");
        devnet.advance_to(GENESIS_S).await.expect("the devnet obeys");
        let config = config(devnet.url(), deployed.distributor);
        let locked_sats = config.terms.payout.filing_sats(u32::try_from(payouts).expect("below 2^32"));
        let site = Self { locked_sats, devnet, config };
        site.open_and_file(payouts).await;
        site
    }

    /// The category, as nodes print it.
    pub fn category(&self) -> String {
        let mut category = self.config.distributor.0;
        category.reverse();
        hex::encode(category)
    }

    async fn open_and_file(&self, payouts: usize) {
        let submitter = BchSubmitter::connect(self.config.clone(), operator()).await.expect("the devnet answers");
        let terms = terms();
        let opening = OpenStatement {
            network: terms.schedule.network,
            distributor: self.config.distributor,
            first: Epoch(0),
            oracle_set: 1,
            head: Hash32::ZERO,
            old: DistributorId::ZERO,
            epoch_delay_s: terms.delays.epoch_s,
            long_delay_s: terms.delays.long_s,
            schedule: terms.schedule.id(),
        };
        let signatures = quorum(opening.digest());
        self.act(&submitter, &Action::Open { statement: opening, signatures }).await;
        self.pass(&submitter, terms.delays.long_s + 512).await;
        let root = tree(payouts).1.root();
        let statement = EpochStatement {
            network: terms.schedule.network,
            distributor: self.config.distributor,
            epoch: Epoch(0),
            oracle_set: 1,
            head: opening.digest(),
            root_hash: root.hash,
            root_sum: root.sum,
            owed: 0,
            artefact: sha256(&[b"tree block"]),
        };
        let signatures = quorum(statement.digest());
        self.act(
            &submitter,
            &Action::SubmitEpoch { statement, signatures, payouts: u32::try_from(payouts).expect("below 2^32") },
        )
        .await;
        self.pass(&submitter, terms.delays.epoch_s + 512).await;
    }

    async fn act(&self, submitter: &BchSubmitter, action: &Action) {
        let prepared = submitter.prepare(action, FEE, &[]).await.expect("an acceptable action");
        submitter.broadcast(&prepared).await.expect("the devnet takes it");
        self.devnet.mine(1).await.expect("the devnet obeys");
    }

    async fn pass(&self, submitter: &BchSubmitter, seconds: u32) {
        let now_s = submitter.distributor(At::Latest).await.expect("readable").at.time_s;
        self.devnet.advance_to(now_s + u64::from(seconds)).await.expect("the devnet obeys");
    }
}

/// The distributor, whose epochs get all that their payouts take.
pub fn config(url: &str, distributor: DistributorId) -> BchConfig {
    BchConfig::new("bch:bchreg".parse().expect("a chain"), url, distributor, terms(), founders())
}

fn terms() -> Terms {
    let emission = Emission { supply: 100_000_000_000_000_000, epochs: 7305 };
    Terms {
        schedule: Schedule {
            network: NetworkId(sha256(&[b"liaise payouts"]).0),
            genesis_s: GENESIS_S,
            emission,
            epoch_s: DAY_S,
            term_epochs: 180,
        },
        delays: Delays { epoch_s: 21_600, long_s: 604_800 },
        notice_epochs: 7,
        guarded_until_s: GENESIS_S,
        floor_sats: Terms::FLOOR_SATS,
        payout: PayoutTerms::USUAL,
    }
}

fn founders() -> Founders {
    let mut keys: Vec<_> = (0..7).map(|i| keys(&format!("oracle {i}")).public()).collect();
    keys.sort_unstable();
    let dao = DaoSet::new(1, 1, vec![operator().public()]).expect("a set of one");
    let oracle_set = OracleSet::new(1, keys).expect("seven ascending keys");
    Founders { oracle_set, dao, guardian: operator().public() }
}

/// Who files and pays, and is the DAO.
pub fn operator() -> BchKeys {
    keys("operator")
}

fn secret(name: &str) -> [u8; 32] {
    sha256(&[b"liaise payouts ", name.as_bytes()]).0
}

fn keys(name: &str) -> BchKeys {
    BchKeys::new(secret(name)).expect("a key")
}

fn quorum(digest: Hash32) -> Vec<StatementSignature> {
    let sign = |i: u8| {
        let name = format!("oracle {i}");
        let secret = SecretKey::from_byte_array(secret(&name)).expect("a key");
        let signature = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(digest.0), &secret);
        let (id, rs) = signature.serialize_compact();
        let v = u8::try_from(i32::from(id)).expect("0 to 3");
        let rsv = [&rs[..], &[v]].concat().try_into().expect("65 bytes");
        StatementSignature { key: keys(&name).public(), rsv }
    };
    (0..5).map(sign).collect()
}

/// One XLV and a little each: 100 000 of them stay below an epoch's emission of 136 892 XLV.
pub fn payouts(count: usize) -> Vec<Payout> {
    let one = |i: usize| {
        let hash = sha256(&[b"payee", &i.to_be_bytes()]);
        Payout { pubkey_hash: hash.0[..20].try_into().expect("twenty bytes"), amount: 100_000_000 + i as u64 }
    };
    (0..count).map(one).collect()
}

pub fn tree(count: usize) -> (Vec<Payout>, SumTree<Node>) {
    batch_tree(Epoch(0), payouts(count)).expect("distinct payees, small amounts")
}
