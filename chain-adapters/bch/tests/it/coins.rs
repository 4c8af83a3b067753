//! Coins: which pay, what it costs, and an epoch that runs dry.

use liaise_chain_api::conformance::{LocalChain, Role, Rooted, World};
use liaise_chain_api::{
    Action, At, ChainError, DeadReason, DistributorReader, FeeLimit, PaysInBatches, Refusal, Status, Submitter,
};
use liaise_chain_bch::local::spent_by;
use liaise_chain_bch::{BchConfig, BchKeys, BchReader, BchSubmitter, account_of_key, deploy};
use liaise_summary::batch::batch_tree;
use liaise_summary::{BATCH_PAYOUTS, Node, Payout};

use crate::harness::{DevnetChain, DevnetHarness, FEE, keys};

/// Little more than an epoch's own dust.
const THRIFTY_SATS: u64 = 1000;

/// A submitter over an epoch that gets little more than its own dust.
async fn thrifty(world: &World<DevnetChain>, role: Role) -> BchSubmitter {
    let config = BchConfig { epoch_sats: Some(THRIFTY_SATS), ..world.chain.config.clone() };
    BchSubmitter::connect(config, keys(role)).await.expect("the devnet answers")
}

async fn filed(world: &World<DevnetChain>, submitter: &BchSubmitter, tree: &impl Rooted) {
    let statement = world.filing(tree, 0).await;
    file(world, submitter, &world.signed_filing(statement)).await;
}

async fn file(world: &World<DevnetChain>, submitter: &BchSubmitter, action: &Action) {
    let Action::SubmitEpoch { statement, .. } = action else { unreachable!("it files") };
    world.pass_epoch(statement.epoch).await;
    let prepared = submitter.prepare(action, FEE, &[]).await.expect("an acceptable filing");
    submitter.broadcast(&prepared).await.expect("the devnet takes it");
    world.chain.mine(1).await;
    world.pass(world.plan.delays.epoch_s).await;
}

#[tokio::test]
async fn an_epoch_that_runs_dry_is_paid_by_whoever_cranks() {
    let world = World::opened::<DevnetHarness>().await;
    let submitter = thrifty(&world, Role::Operator).await;
    let pay = world.pay(&[(0, 100), (1, 200)]).await;
    filed(&world, &submitter, &pay).await;
    for payee in [0, 1] {
        let prepared = submitter.prepare(pay.claim(payee), FEE, &[]).await.expect("an acceptable crank");
        assert_eq!(spent_by(&prepared).len(), 2, "the epoch and one coin");
        submitter.broadcast(&prepared).await.expect("the devnet takes it");
        world.chain.mine(1).await;
    }
    assert_eq!((world.paid(&world.chain.payee(0)).await, world.paid(&world.chain.payee(1)).await), (100, 200));
}

#[tokio::test]
async fn undecided_submissions_share_no_input() {
    let world = World::opened::<DevnetHarness>().await;
    let submitter = thrifty(&world, Role::Operator).await;
    let pay = world.pay(&[(0, 100), (1, 200)]).await;
    filed(&world, &submitter, &pay).await;
    let next = world.filing(&world.tree(&[(0, 300)]), 0).await;
    world.pass_epoch(next.epoch).await;
    let filing = world.signed_filing(next);
    let one = submitter.prepare(pay.claim(0), FEE, &[]).await.expect("an acceptable crank");
    let two = submitter.prepare(&filing, FEE, std::slice::from_ref(&one)).await.expect("an acceptable filing");
    let (of_one, of_two) = (spent_by(&one), spent_by(&two));
    assert!(of_one.iter().all(|input| !of_two.contains(input)), "{of_one:?} {of_two:?}");
    // the controller and the epoch are held: neither step is taken twice
    for (action, expected) in [(&filing, Refusal::Busy), (pay.claim(0), Refusal::Proof)] {
        match submitter.prepare(action, FEE, &[one.clone(), two.clone()]).await {
            Err(ChainError::Refused { refusal, .. }) => assert_eq!(refusal, expected, "{}", action.name()),
            other => panic!("{} is under way, and it gives {other:?}", action.name()),
        }
    }
}

/// All batches of an epoch wait for one block: each follows the one before, which nobody has decided on.
#[tokio::test]
async fn batches_follow_one_another_before_any_is_in_a_block() {
    let world = World::opened::<DevnetHarness>().await;
    let pay = world.pay(&[(0, 100), (1, 200), (2, 300)]).await;
    world.file_payable(&pay).await;
    let submitter = thrifty(&world, Role::Stranger).await;
    let mut undecided = Vec::new();
    for payee in 0..3 {
        let prepared = submitter.prepare(pay.claim(payee), FEE, &undecided).await.expect("an acceptable crank");
        undecided.push(prepared);
    }
    // the last one first: it is kept and sent again
    match submitter.broadcast(&undecided[2]).await {
        Err(ChainError::Rejected { detail, .. }) => assert!(detail.contains("missing inputs"), "{detail}"),
        other => panic!("what it spends is not there yet, and it gives {other:?}"),
    }
    for prepared in &undecided {
        submitter.broadcast(prepared).await.expect("the devnet takes it");
    }
    let reader = BchReader::connect(world.chain.config.clone()).await.expect("the devnet answers");
    let before = reader.unpaid(At::Latest).await.expect("readable");
    assert_eq!(before.iter().map(|epoch| (epoch.next_batch, epoch.amount)).collect::<Vec<_>>(), [(0, 600)]);
    assert_eq!((before[0].root, before[0].epoch), (pay.node(), liaise_summary::Epoch(0)));
    world.chain.mine(1).await;
    assert_eq!(reader.unpaid(At::Latest).await.expect("readable"), []);
    assert_eq!(reader.unpaid(At::Final).await.expect("readable"), []);
    assert_eq!(world.state().await.unclaimed, 0);
    for (payee, amount) in [(0, 100), (1, 200), (2, 300)] {
        assert_eq!(world.paid(&world.chain.payee(payee)).await, amount);
    }
    // a block that goes away takes all of them along
    world.chain.reorg(1).await;
    assert_eq!(reader.unpaid(At::Latest).await.expect("readable"), before);
    assert_eq!(world.paid(&world.chain.payee(0)).await, 0);
}

/// Two who crank an epoch that ran dry bring coins of their own: one pays, the other's transaction is dead once that is final,
/// and so is what followed it.
#[tokio::test]
async fn a_crank_is_dead_once_another_paid_its_batch() {
    let world = World::opened::<DevnetHarness>().await;
    let (mine, theirs) = (thrifty(&world, Role::Operator).await, thrifty(&world, Role::Stranger).await);
    let pay = world.pay(&[(0, 100), (1, 200)]).await;
    filed(&world, &mine, &pay).await;
    let first = mine.prepare(pay.claim(0), FEE, &[]).await.expect("an acceptable crank");
    let follows = std::slice::from_ref(&first);
    let second = mine.prepare(pay.claim(1), FEE, follows).await.expect("an acceptable crank");
    let other = theirs.prepare(pay.claim(0), FEE, &[]).await.expect("an acceptable crank");
    assert_ne!(first.id, other.id);
    theirs.broadcast(&other).await.expect("the devnet takes it");
    world.chain.mine(1).await;
    for prepared in [&first, &second] {
        assert_eq!(mine.status(prepared).await.expect("readable"), Status::Unseen);
    }
    world.chain.finalise().await;
    for prepared in [&first, &second] {
        let reason = DeadReason::InputSpent { by: other.id.clone() };
        assert_eq!(mine.status(prepared).await.expect("readable"), Status::Dead { reason });
    }
    let again = mine.prepare(pay.claim(1), FEE, &[]).await.expect("an acceptable crank");
    mine.broadcast(&again).await.expect("the devnet takes it");
    world.chain.mine(1).await;
    assert_eq!(world.state().await.unclaimed, 0);
}

#[tokio::test]
async fn coins_that_are_not_final_do_not_pay() {
    let world = World::opened::<DevnetHarness>().await;
    let poor = BchKeys::new([7; 32]).expect("a key");
    let account = account_of_key(&world.chain.config.chain, &poor.public());
    let submitter = BchSubmitter::connect(world.chain.config.clone(), poor).await.expect("the devnet answers");
    let statement = world.filing(&world.tree(&[(0, 100)]), 0).await;
    world.pass_epoch(statement.epoch).await;
    let action = world.signed_filing(statement);
    let missing = async || match submitter.prepare(&action, FEE, &[]).await {
        Err(ChainError::Funds { account, has, needed }) => {
            assert_eq!(account, *submitter.account());
            (has, needed)
        }
        other => panic!("the account has no final coin, and it gives {other:?}"),
    };
    let (has, needed) = missing().await;
    assert_eq!(has, 0);
    let sats = u64::try_from(needed).expect("a few thousand");
    world.chain.devnet.fund(std::slice::from_ref(&account), 1, sats - 1).await.expect("it has a coinbase");
    world.chain.mine(BchConfig::DEPTH).await;
    assert_eq!(missing().await.0, 0, "one block is missing");
    assert_eq!(submitter.balance().await.expect("readable"), needed - 1);
    world.chain.mine(1).await;
    assert_eq!(missing().await, (needed - 1, needed), "one satoshi is missing");
    world.chain.devnet.fund(&[account], 1, sats).await.expect("it has a coinbase");
    world.chain.mine(BchConfig::DEPTH + 1).await;
    let prepared = submitter.prepare(&action, FEE, &[]).await.expect("exactly enough");
    assert!(prepared.fee_max < FeeLimit(needed), "its change is above dust");
}

#[tokio::test]
async fn a_full_batch_has_the_size_of_the_figures() {
    let world = World::opened::<DevnetHarness>().await;
    let epoch = world.state().await.next;
    let payout = |i: usize| Payout { pubkey_hash: payee(i), amount: 1 + i as u64 };
    let (payouts, tree) = batch_tree(epoch, (0..BATCH_PAYOUTS + 1).map(payout).collect()).expect("a valid tree");
    let config = BchConfig { epoch_sats: None, ..world.chain.config.clone() };
    let payout = config.terms.payout;
    let submitter = BchSubmitter::connect(config, keys(Role::Operator)).await.expect("the devnet answers");
    let mut action = world.signed_filing(world.filing(&Root(tree.root()), 0).await);
    let Action::SubmitEpoch { payouts: named, .. } = &mut action else { unreachable!("it files") };
    *named = u32::try_from(payouts.len()).expect("few");
    file(&world, &submitter, &action).await;
    let unpaid = submitter.batches().expect("it pays in batches").unpaid(At::Latest).await.expect("readable");
    assert_eq!(unpaid[0].coins, u128::from(payout.batch_sats(BATCH_PAYOUTS) + payout.batch_sats(1)));
    for (batch, chunk) in (0..).zip(payouts.chunks(BATCH_PAYOUTS)) {
        let proof = tree.proof(batch).expect("a batch of the tree");
        let action = Action::Crank { epoch, payouts: chunk.to_vec(), proof };
        let prepared = submitter.prepare(&action, FEE, &[]).await.expect("an acceptable crank");
        assert_eq!(spent_by(&prepared).len(), 1, "its own satoshis suffice");
        if chunk.len() == BATCH_PAYOUTS {
            // 14 bytes stand before the transaction
            let bytes = prepared.bytes.len() - 14;
            println!("{} payouts in {bytes} bytes for {} satoshis of fee", chunk.len(), prepared.fee_max);
            assert!(bytes <= 84 * chunk.len() + 1950 && bytes <= 100_000, "{bytes}");
            assert_eq!(prepared.fee_max.0, 84 * 1170 + 1950);
        } else {
            assert_eq!(prepared.fee_max.0, 84 + 1950, "the last batch leaves nothing for miners");
        }
        submitter.broadcast(&prepared).await.expect("the devnet takes it");
        world.chain.mine(1).await;
    }
    let state = world.state().await;
    assert_eq!(state.unclaimed, 0);
    let reader = world.submitter(Role::Stranger).await;
    let last = liaise_summary::Payee::from_20(payouts[BATCH_PAYOUTS].pubkey_hash);
    let paid = reader.claimed(&last, At::Latest).await.expect("readable").total;
    assert_eq!(paid, payouts[BATCH_PAYOUTS].amount);
}

struct Root(Node);

impl Rooted for Root {
    fn node(&self) -> Node {
        self.0
    }
}

fn payee(i: usize) -> [u8; 20] {
    liaise_summary::sha256(&[b"payee", &i.to_be_bytes()]).0[..20].try_into().expect("twenty bytes")
}

/// What a veto gives back funds the next filing, and nothing more leaves the account than what is missing.
#[tokio::test]
async fn a_vetoed_epochs_satoshis_fund_the_next() {
    let world = World::opened::<DevnetHarness>().await;
    let submitter = world.submitter(Role::Operator).await;
    let tree = world.pay(&[(0, 100)]).await;
    let statement = world.file(&tree, 0).await;
    let veto = Action::Veto { digest: statement.digest(), reason: b"another root".to_vec() };
    world.act(Role::Guardian, &veto).await;
    let again = world.signed_filing(world.filing(&tree, 0).await);
    let quote = submitter.quote(&again, FEE, &[]).await.expect("an acceptable filing");
    let [fee] = &quote.parts[..] else { panic!("all that it locks a veto gave back: {:?}", quote.parts) };
    assert_eq!((fee.amount, fee.what.starts_with("fee of ")), (quote.max.0, true), "{fee:?}");
    world.act(Role::Operator, &again).await;
    let unpaid = submitter.batches().expect("it pays in batches").unpaid(At::Latest).await.expect("readable");
    assert_eq!(unpaid[0].coins, 20_000);
}

/// A dry run says what is locked for whom before there is a coin, and a low limit files all the same.
#[tokio::test]
async fn a_filing_says_what_it_locks() {
    let world = World::opened::<DevnetHarness>().await;
    let config = BchConfig { epoch_sats: None, ..world.chain.config.clone() };
    let poor = BchKeys::new([9; 32]).expect("a key");
    let submitter = BchSubmitter::connect(config, poor).await.expect("the devnet answers");
    let statement = world.filing(&world.tree(&[(0, 100)]), 0).await;
    world.pass_epoch(statement.epoch).await;
    let Action::SubmitEpoch { signatures, .. } = world.signed_filing(statement) else { unreachable!("it files") };
    let action = Action::SubmitEpoch { statement, signatures, payouts: 2_000 };
    let needed = 2_000 * 759 + 2 * 1_950;
    let dear = FeeLimit(10_000_000);
    let quote = submitter.quote(&action, dear, &[]).await.expect("it needs no coin");
    assert_eq!((quote.parts[1].amount, quote.max.0), (needed, needed + quote.parts[0].amount));
    assert!(quote.parts[1].what.contains("2000 payouts in 2 batches: 1350000"), "{:?}", quote.parts);
    match submitter.prepare(&action, dear, &[]).await {
        Err(error @ ChainError::Funds { .. }) => assert!(error.to_string().contains("are missing"), "{error}"),
        other => panic!("the account has nothing, and it gives {other:?}"),
    }
    // less than what the batches need is locked, so that the epoch is filed
    let quote = submitter.quote(&action, FEE, &[]).await.expect("it needs no coin");
    assert!(quote.max <= FEE && quote.parts[1].amount < needed, "{:?}", quote.parts);
    assert!(quote.parts[1].what.contains("whoever cranks brings the rest"), "{:?}", quote.parts);
}

/// An output 0 that is too poor is no origin: one is made of other coins, or the account lacks so much.
#[tokio::test]
async fn a_deployment_makes_its_origin_of_what_there_is() {
    let world = World::opened::<DevnetHarness>().await;
    let devnet = &world.chain.devnet;
    let plan = deploy::Plan {
        chain: devnet.chain(),
        endpoint: devnet.url().to_owned(),
        terms: world.chain.config.terms,
        founders: world.chain.config.founders.clone(),
        uris: vec![],
    };
    let poor = BchKeys::new([8; 32]).expect("a key");
    let account = account_of_key(&devnet.chain(), &poor.public());
    // the first is output 0
    devnet.fund(std::slice::from_ref(&account), 2, 1_500).await.expect("it has a coinbase");
    devnet.mine(1).await.expect("the devnet obeys");
    match deploy::deploy(&plan, &poor, FEE).await {
        Err(ChainError::Funds { has: 3_000, needed, .. }) => assert!((3_001..4_000).contains(&needed), "{needed}"),
        other => panic!("3 000 satoshis are too few, and it gives {other:?}"),
    }
    devnet.fund(&[account], 1, 1_500).await.expect("it has a coinbase");
    devnet.mine(1).await.expect("the devnet obeys");
    let deployed = deploy::deploy(&plan, &poor, FEE).await.expect("three coins are enough");
    devnet.mine(1).await.expect("the devnet obeys");
    assert_eq!(deployed.publication.hash(), &liaise_chain_bch::metadata::registry_hash(&deployed.registry));
    let config = BchConfig { distributor: deployed.distributor, ..world.chain.config.clone() };
    BchReader::connect(config).await.expect("it stands there");
}
