//! Coins: which pay, what it costs, and an epoch that runs dry.

use liaise_chain_api::conformance::{LocalChain, Role, Rooted, World};
use liaise_chain_api::{Action, At, ChainError, DeadReason, FeeLimit, Refusal, Status, Submitter};
use liaise_chain_bch::local::spent_by;
use liaise_chain_bch::{BchConfig, BchKeys, BchReader, BchSubmitter, account_of_key};
use liaise_summary::batch::batch_tree;
use liaise_summary::{BATCH_PAYOUTS, Node, Payout};

use crate::harness::{DevnetChain, DevnetHarness, FEE, keys};

/// A submitter over an epoch that gets little more than its own dust.
async fn thrifty(world: &World<DevnetChain>, role: Role) -> BchSubmitter {
    let config = BchConfig { epoch_sats: BchConfig::EPOCH_SATS, ..world.chain.config.clone() };
    BchSubmitter::connect(config, keys(role)).await.expect("the devnet answers")
}

async fn filed(world: &World<DevnetChain>, submitter: &BchSubmitter, tree: &impl Rooted) {
    let statement = world.filing(tree, 0).await;
    world.pass_epoch(statement.epoch).await;
    let prepared = submitter.prepare(&world.signed_filing(statement), FEE, &[]).await.expect("an acceptable filing");
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
    let config = &world.chain.config;
    let all_sats = config.terms.payout.batch_sats(BATCH_PAYOUTS) + config.terms.payout.batch_sats(1) + 1000;
    let config = BchConfig { epoch_sats: all_sats, ..config.clone() };
    let submitter = BchSubmitter::connect(config, keys(Role::Operator)).await.expect("the devnet answers");
    filed(&world, &submitter, &Root(tree.root())).await;
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
