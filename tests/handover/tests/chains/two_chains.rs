//! One signing path for all chains: the oracles' own keys, guard and signatures, for a distributor on anvil and one on the local Solana
//! node. Each takes its own statement and refuses the other's.

use liaise_chain_api::conformance::carry_out;
use liaise_chain_api::{Account, Action, At, ChainError, Delays, FeeLimit, Refusal, StatementSignature, Submitter};
use liaise_chain_arbitrum::local::{Anvil, AnvilConfig};
use liaise_chain_arbitrum::{Address, EvmConfig, EvmSubmitter};
use liaise_chain_solana::local::{Localnet, LocalnetConfig, Mining};
use liaise_chain_solana::{Pubkey, Signer as _, SolanaConfig, SolanaSubmitter};
use liaise_handover::oracles::Disk;
use liaise_oracle::quorum::{OracleKey, sign};
use liaise_summary::{
    DistributorId, Emission, Epoch, EpochStatement, Hash32, NetworkId, OpenStatement, OracleSet, Schedule, Statement,
    quorum, sha256,
};

const EVM_CHAIN: u64 = 31_337;
const GENESIS_S: u64 = 1_900_000_800;
const EPOCH_S: u32 = 3_600;
const DELAYS: Delays = Delays { epoch_s: 1_024, long_s: 7_680 };
const ORACLES: u8 = 7;
const SCHEDULE: Schedule = Schedule {
    network: NetworkId([5; 32]),
    genesis_s: GENESIS_S,
    emission: Emission { supply: 10_007_000_003, epochs: 14 },
    epoch_s: EPOCH_S,
    term_epochs: 4,
};

/// The chain that carries a distributor.
enum Node {
    Anvil(Anvil),
    Localnet(Localnet),
}

/// A distributor, with whoever files and whoever decides for its DAO.
struct Side {
    node: Node,
    operator: Box<dyn Submitter>,
    authority: Box<dyn Submitter>,
    fee: FeeLimit,
}

/// The oracles, each with the disk on which it writes down what it signs, whatever the chain.
struct Oracles(Vec<(OracleKey, Disk)>);

impl Oracles {
    fn new() -> Self {
        let secret = |number: u8| sha256(&[b"liaise two chains oracle ", &[number]]).0;
        let oracle = |number| (OracleKey::from_bytes(secret(number)).expect("a key"), Disk::default());
        let mut oracles: Vec<_> = (0..ORACLES).map(oracle).collect();
        oracles.sort_by_key(|(key, _)| key.public());
        Self(oracles)
    }

    fn set(&self) -> OracleSet {
        OracleSet::new(1, self.0.iter().map(|(key, _)| key.public()).collect()).expect("ascending keys")
    }

    fn quorum(&self, statement: &Statement) -> Vec<StatementSignature> {
        let signed = self.0.iter().take(quorum(self.0.len()));
        signed.map(|(key, disk)| sign(key, disk, statement).expect("nothing else was signed here")).collect()
    }
}

async fn on_anvil(set: OracleSet) -> Side {
    use liaise_chain_arbitrum::deploy::{Dao, Plan, deploy};
    let account = |number| Account::evm(EVM_CHAIN, Anvil::key(number).address().into_array());
    let plan = Plan {
        schedule: SCHEDULE,
        delays: DELAYS,
        notice_epochs: 2,
        guarded_until_s: GENESIS_S,
        guardian: account(2),
        oracle_set: set,
        dao: Dao::Account(account(1)),
    };
    let config = AnvilConfig { chain_number: EVM_CHAIN, genesis_s: Some(GENESIS_S - 60), port: 0 };
    let anvil = Anvil::start(config).expect("anvil starts");
    let fee = FeeLimit(1_000_000_000_000_000_000);
    let mut config = EvmConfig::new(anvil.chain(), anvil.url(), Address::ZERO);
    let deployed = deploy(&config, &Anvil::key(0), &plan, fee).await.expect("it deploys");
    (config.distributor, config.deployed_block) = (deployed.distributor, deployed.block);
    let submitter = async |number| {
        let submitter = EvmSubmitter::connect(config.clone(), Anvil::key(number)).await.expect("anvil answers");
        Box::new(submitter) as Box<dyn Submitter>
    };
    let (operator, authority) = (submitter(3).await, submitter(1).await);
    Side { node: Node::Anvil(anvil), operator, authority, fee }
}

async fn on_the_local_solana_node(set: OracleSet) -> Side {
    use liaise_chain_solana::deploy::{Plan, TOKEN_2022, deploy};
    let config =
        LocalnetConfig { genesis_s: Some(GENESIS_S - 600), port: 0, upgrade_authority: None, mining: Mining::AtOnce };
    let localnet = Localnet::start(&config).await.expect("the local chain starts");
    for name in ["operator", "authority", "guardian"] {
        localnet.fund(&Localnet::key(name), 100_000_000_000).await.expect("it obeys");
    }
    let account = |name| Account::solana(localnet.chain(), Localnet::key(name).pubkey().to_bytes());
    let plan = Plan {
        schedule: SCHEDULE,
        delays: DELAYS,
        notice_epochs: 2,
        guarded_until_s: GENESIS_S,
        guardian: account("guardian"),
        oracle_set: set,
        authority: account("authority"),
        token_dao: false,
        token_program: TOKEN_2022,
        // with an address of this length the mint would be as long as a multisig account
        uri: "https://liaise.example/xlv.json".to_owned(),
    };
    let fee = FeeLimit(100_000_000);
    let mut config =
        SolanaConfig::new(localnet.chain().clone(), localnet.url(), liaise_chain_solana::PROGRAM, Pubkey::default());
    let deployed = deploy(&config, &Localnet::key("operator"), &plan, fee).await.expect("it deploys");
    (config.distributor, config.lookup_table) = (deployed.distributor, Some(deployed.lookup_table));
    let submitter = async |name: &str| {
        let submitter = SolanaSubmitter::connect(config.clone(), Localnet::key(name)).await.expect("it answers");
        Box::new(submitter) as Box<dyn Submitter>
    };
    let (operator, authority) = (submitter("operator").await, submitter("authority").await);
    Side { node: Node::Localnet(localnet), operator, authority, fee }
}

impl Side {
    async fn go_to(&self, time_s: u64) {
        match &self.node {
            Node::Anvil(anvil) => anvil.mine_at(time_s).await.expect("anvil obeys"),
            Node::Localnet(localnet) => localnet.advance_to(time_s).await.expect("it obeys"),
        }
    }

    async fn act(&self, by: &dyn Submitter, action: &Action) {
        carry_out(by, action, self.fee).await;
    }

    async fn refuses(&self, action: &Action, why: Refusal) {
        match self.operator.prepare(action, self.fee, &[]).await {
            Err(ChainError::Refused { refusal, .. }) if refusal == why => {}
            other => panic!("it is for another distributor, and {} gives {other:?}", action.name()),
        }
    }

    async fn head(&self) -> Hash32 {
        self.operator.distributor(At::Latest).await.expect("a readable distributor").head
    }

    async fn opening(&self) -> OpenStatement {
        OpenStatement {
            network: SCHEDULE.network,
            distributor: self.operator.id(),
            first: Epoch(0),
            oracle_set: 1,
            head: self.head().await,
            old: DistributorId::ZERO,
            epoch_delay_s: DELAYS.epoch_s,
            long_delay_s: DELAYS.long_s,
            schedule: SCHEDULE.id(),
        }
    }

    async fn filing(&self) -> EpochStatement {
        EpochStatement {
            network: SCHEDULE.network,
            distributor: self.operator.id(),
            epoch: Epoch(0),
            oracle_set: 1,
            head: self.head().await,
            root_hash: Hash32([9; 32]),
            root_sum: 700,
            owed: 46,
            artefact: Hash32([8; 32]),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn one_signing_path_serves_both_chains_and_each_refuses_the_others_statement() {
    let oracles = Oracles::new();
    let sides = [on_anvil(oracles.set()).await, on_the_local_solana_node(oracles.set()).await];
    let mut openings = Vec::new();
    for side in &sides {
        let statement = side.opening().await;
        let approve = Action::ApproveOpen { first: statement.first, old: statement.old, head: statement.head };
        side.act(side.authority.as_ref(), &approve).await;
        openings.push((statement, oracles.quorum(&Statement::Open(statement))));
    }
    for (place, side) in sides.iter().enumerate() {
        let ((own, signatures), (foreign, others)) = (&openings[place], &openings[1 - place]);
        side.refuses(&Action::Open { statement: *foreign, signatures: others.clone() }, Refusal::Foreign).await;
        // and where somebody passes the signatures off as its own, the contract itself
        side.refuses(&Action::Open { statement: *own, signatures: others.clone() }, Refusal::Signature).await;
        side.act(side.operator.as_ref(), &Action::Open { statement: *own, signatures: signatures.clone() }).await;
        side.go_to(GENESIS_S + 4 * u64::from(EPOCH_S)).await;
    }
    let mut filings = Vec::new();
    for side in &sides {
        let statement = side.filing().await;
        filings.push((statement, oracles.quorum(&Statement::Epoch(statement))));
    }
    for (place, side) in sides.iter().enumerate() {
        let ((own, signatures), (foreign, others)) = (&filings[place], &filings[1 - place]);
        side.refuses(
            &Action::SubmitEpoch { statement: *foreign, signatures: others.clone(), payouts: 0 },
            Refusal::Foreign,
        )
        .await;
        side.refuses(
            &Action::SubmitEpoch { statement: *own, signatures: others.clone(), payouts: 0 },
            Refusal::Signature,
        )
        .await;
        let submit = Action::SubmitEpoch { statement: *own, signatures: signatures.clone(), payouts: 0 };
        side.act(side.operator.as_ref(), &submit).await;
        assert_eq!(side.head().await, own.digest(), "the same bytes, the same digest on both");
    }
}
