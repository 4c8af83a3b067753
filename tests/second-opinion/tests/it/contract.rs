//! The contract on a local chain: opened, filed and claimed with another implementation's signatures only.

use crate::transactions::Call;
use crate::typed_data::{Permit, typed};
use crate::{low_v, secret};
use alloy::primitives::{Address, U256};
use alloy::sol;
use alloy::sol_types::SolCall;
use liaise_chain_api::conformance::carry_out;
use liaise_chain_api::{
    Account, Action, At, ChainError, Delays, DistributorReader, FeeLimit, Refusal, StatementSignature, Submitter,
};
use liaise_chain_arbitrum::deploy::{self, Dao, Deployed, deploy};
use liaise_chain_arbitrum::local::{Anvil, AnvilConfig};
use liaise_chain_arbitrum::{EvmConfig, EvmSubmitter};
use liaise_second_opinion::Other;
use liaise_summary::{
    DistributorId, Emission, Epoch, EpochStatement, Hash32, NetworkId, OpenStatement, OracleSet, Payee, RewardLeaf,
    RewardTree, Schedule,
};
use std::collections::BTreeMap;

const CHAIN: u64 = 31_337;
const GENESIS_S: u64 = 1_900_000_800;
const EPOCH_S: u32 = 3_600;
const DELAYS: Delays = Delays { epoch_s: 900, long_s: 7_200 };
/// A whole coin: more than anything here costs.
const FEE: FeeLimit = FeeLimit(1_000_000_000_000_000_000);
// anvil's accounts, by what they do.
const DEPLOYER: u32 = 0;
const AUTHORITY: u32 = 1;
const GUARDIAN: u32 = 2;
const OPERATOR: u32 = 3;
const SENDER: u32 = 4;

sol! {
    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s);
    function allowance(address owner, address spender) returns (uint256);
}

/// A chain with a distributor whose oracles are seven of the other implementation's wallets.
struct World {
    anvil: Anvil,
    config: EvmConfig,
    schedule: Schedule,
    oracles: BTreeMap<[u8; 33], Other>,
}

impl World {
    async fn start() -> World {
        let oracles: BTreeMap<_, _> = (0..7)
            .map(|n| Other::new(secret(&format!("oracle {n}"))))
            .map(|oracle| (oracle.public(), oracle))
            .collect();
        let schedule = Schedule {
            network: NetworkId(secret("network")),
            genesis_s: GENESIS_S,
            emission: Emission { supply: 10_007_000_003, epochs: 14 },
            epoch_s: EPOCH_S,
            term_epochs: 4,
        };
        let account = |n| Account::evm(CHAIN, Anvil::key(n).address().into_array());
        let plan = deploy::Plan {
            schedule,
            delays: DELAYS,
            notice_epochs: 2,
            guarded_until_s: GENESIS_S,
            guardian: account(GUARDIAN),
            oracle_set: OracleSet::new(1, oracles.keys().copied().collect()).expect("seven ascending keys"),
            dao: Dao::Account(account(AUTHORITY)),
        };
        let anvil = AnvilConfig { chain_number: CHAIN, genesis_s: Some(GENESIS_S - 60), port: 0 };
        let anvil = Anvil::start(anvil).expect("anvil starts");
        let mut config = EvmConfig::new(anvil.chain(), anvil.url(), Address::ZERO);
        let Deployed { distributor, block, .. } =
            deploy(&config, &Anvil::key(DEPLOYER), &plan, FEE).await.expect("it deploys");
        (config.distributor, config.deployed_block) = (distributor, block);
        anvil.mine_at(GENESIS_S).await.expect("anvil obeys");
        World { anvil, config, schedule, oracles }
    }

    async fn submitter(&self, account: u32) -> EvmSubmitter {
        EvmSubmitter::connect(self.config.clone(), Anvil::key(account)).await.expect("anvil answers")
    }

    /// Sends an action, and checks that it did what it should.
    async fn act(&self, account: u32, action: Action) {
        let submitter = self.submitter(account).await;
        carry_out(&submitter, &action, FEE).await;
    }

    /// Exactly a quorum's signatures by the other implementation.
    fn quorum(&self, digest: Hash32) -> Vec<StatementSignature> {
        let sign = |(key, other): (&[u8; 33], &Other)| StatementSignature {
            key: *key,
            rsv: low_v(other.sign_digest(digest.0)),
        };
        self.oracles.iter().take(5).map(sign).collect()
    }

    async fn open(&self) {
        let submitter = self.submitter(OPERATOR).await;
        let state = submitter.distributor(At::Latest).await.expect("a readable distributor");
        let statement = OpenStatement {
            network: self.schedule.network,
            distributor: state.id,
            first: Epoch(0),
            oracle_set: 1,
            head: state.head,
            old: DistributorId::ZERO,
            epoch_delay_s: DELAYS.epoch_s,
            long_delay_s: DELAYS.long_s,
            schedule: self.schedule.id(),
        };
        let approval = Action::ApproveOpen { first: statement.first, old: statement.old, head: statement.head };
        self.act(AUTHORITY, approval).await;
        self.act(OPERATOR, Action::Open { statement, signatures: self.quorum(statement.digest()) }).await;
        self.anvil.mine_at(state.at.time_s + 60 + u64::from(DELAYS.long_s)).await.expect("anvil obeys");
    }

    /// Files epoch 0 with this tree and waits until it is payable.
    async fn file(&self, tree: &RewardTree) {
        let submitter = self.submitter(OPERATOR).await;
        let state = submitter.distributor(At::Latest).await.expect("a readable distributor");
        let statement = EpochStatement {
            network: self.schedule.network,
            distributor: state.id,
            epoch: Epoch(0),
            oracle_set: 1,
            head: state.head,
            root_hash: tree.root().hash,
            root_sum: tree.root().sum,
            owed: 0,
            artefact: Hash32(secret("artefact")),
        };
        let signatures = self.quorum(statement.digest());
        // They stand for this statement and no other.
        let forged = EpochStatement { owed: 1, ..statement };
        let forged = Action::SubmitEpoch { statement: forged, signatures: signatures.clone(), payouts: 0 };
        match submitter.prepare(&forged, FEE, &[]).await {
            Err(ChainError::Refused { refusal: Refusal::Signature, .. }) => {}
            other => panic!("the signatures should be refused, and it gives {other:?}"),
        }
        self.act(OPERATOR, Action::SubmitEpoch { statement, signatures, payouts: 0 }).await;
        let filed = submitter.distributor(At::Latest).await.expect("a readable distributor");
        assert_eq!(filed.head, statement.digest());
        self.anvil.mine_at(filed.at.time_s + 60 + u64::from(DELAYS.epoch_s)).await.expect("anvil obeys");
    }

    async fn allowance(&self, owner: Address, spender: Address) -> U256 {
        let input = allowanceCall { owner, spender }.abi_encode();
        let answer = self.anvil.call(self.config.distributor, input.into()).await.expect("anvil answers");
        U256::from_be_slice(&answer)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_contract_takes_statements_permits_and_transactions_of_another_implementation() {
    let world = World::start().await;
    world.open().await;

    let owner = Other::new(secret("owner"));
    let leaf = |address, amount| RewardLeaf { payee: Payee::from_20(address), amount };
    let leaves = vec![leaf(owner.address(), 700), leaf([9; 20], 46)];
    let tree = RewardTree::new(leaves).expect("two payees");
    world.file(&tree).await;
    let index = tree.index_of(&Payee::from_20(owner.address())).expect("it is in the tree");
    let claim = Action::Claim { leaf: tree.leaves()[index as usize], proof: tree.proof(index).expect("a leaf") };
    world.act(OPERATOR, claim).await;

    // The owner signs, and somebody else's transaction brings it; both are the other implementation's.
    let (token, spender) = (world.config.distributor, Address::repeat_byte(8));
    let [value, nonce, deadline] = [300, 0, 2_000_000_000u64].map(U256::from);
    let permit = Permit { owner: owner.address().into(), spender, value, nonce, deadline };
    let rsv = owner.sign_typed(&typed(CHAIN, token, &permit)).await;
    let [r, s] = [&rsv[..32], &rsv[32..64]].map(alloy::primitives::B256::from_slice);
    let call = permitCall { owner: permit.owner, spender, value, deadline, v: rsv[64], r, s };
    let more = permitCall { value: value + U256::from(1), ..call.clone() };
    assert!(world.anvil.call(token, more.abi_encode().into()).await.is_err(), "a permit for more than was signed");
    let phrase = "test test test test test test test test test test test junk";
    let transaction = Call {
        chain: CHAIN,
        nonce: 0,
        gas: 200_000,
        fee: 10_000_000_000,
        to: token.into_array(),
        value: 0,
        input: call.abi_encode(),
    };
    world.anvil.send(&transaction.signed_by(&Other::of_mnemonic(phrase, SENDER))).await.expect("anvil takes it");
    assert_eq!(world.allowance(permit.owner, spender).await, value);
}
