//! Lamports, rent and token accounts.

use liaise_chain_api::conformance::{Harness, LocalChain, Role, World, claim_of};
use liaise_chain_api::{Action, At, ChainError, DistributorReader, FeeLimit, Refusal, Retry, Status, Submitter};
use liaise_chain_solana::OpenedKind;
use liaise_summary::{Payee, RewardTree};

use crate::harness::{FEE, LAMPORTS, LocalnetHarness, key};

type Chain = <LocalnetHarness as Harness>::Chain;

/// Where a token account says whether it is in use, or frozen.
const STATE: usize = 108;
const FROZEN: u8 = 2;

async fn payable() -> (World<Chain>, RewardTree, Payee) {
    let world = World::opened::<LocalnetHarness>().await;
    let tree = world.tree(&[(0, 100), (1, 200), (2, 300), (3, 400)]);
    world.file_payable(&tree).await;
    let payee = world.chain.payee(0);
    (world, tree, payee)
}

#[tokio::test]
async fn an_account_that_is_too_poor_is_told_what_it_needs() {
    let (world, tree, payee) = payable().await;
    let claim = claim_of(&tree, &payee);
    let submitter = world.chain.connect(Role::Operator).await;
    let quote = submitter.details(&claim, FEE).await.expect("an acceptable action");
    // what an account without data must keep, or the chain refuses to take the fee from it
    let keeps = 890_880;
    for has in
        [0, 5_000, u64::try_from(quote.max.0).expect("small"), u64::try_from(quote.max.0).expect("small") + keeps - 1]
    {
        world.chain.localnet.fund(&key(Role::Operator), has).await.expect("it obeys");
        match submitter.prepare(&claim, FEE, &[]).await {
            Err(error @ ChainError::Funds { .. }) => {
                assert_eq!(error.retry(), Retry::Later);
                let ChainError::Funds { has: said, needed, .. } = error else { unreachable!("matched above") };
                assert_eq!(said, u128::from(has));
                assert!(needed > said && needed <= quote.max.0 + u128::from(keeps), "{needed}");
            }
            other => panic!("{has} lamports can't suffice, and it gives {other:?}"),
        }
    }
    let enough = u64::try_from(quote.max.0).expect("small") + keeps;
    world.chain.localnet.fund(&key(Role::Operator), enough).await.expect("it obeys");
    world.act(Role::Operator, &claim).await;
    assert_eq!(world.paid(&payee).await, 100);
}

/// A claim opens what its payee lacks; a quote lists it, and the second claim lacks nothing.
#[tokio::test]
async fn a_payee_without_a_token_account_gets_one() {
    let (world, tree, payee) = payable().await;
    let submitter = world.chain.connect(Role::Stranger).await;
    let claim = claim_of(&tree, &payee);
    let quote = submitter.details(&claim, FEE).await.expect("an acceptable action");
    let kinds: Vec<OpenedKind> = quote.opened.iter().map(|opened| opened.kind).collect();
    assert_eq!(kinds, [OpenedKind::TokenAccount, OpenedKind::Claimed]);
    assert_eq!(quote.opened[0].address, world.chain.destination(&payee));
    let rent: u64 = quote.opened.iter().map(|opened| opened.lamports).sum();
    assert_eq!(quote.max.0, u128::from(quote.signature_fee) + quote.priority_fee + u128::from(rent));

    let prepared = world.act(Role::Stranger, &claim).await;
    world.chain.finalise().await;
    match world.status(Role::Stranger, &prepared).await {
        Status::Final { fee_paid, .. } => assert_eq!(fee_paid, u128::from(quote.signature_fee + rent)),
        other => panic!("it should be final, and is {other:?}"),
    }
    assert_eq!(world.paid(&payee).await, 100);
    let again = submitter.details(&claim, FEE).await.expect("an acceptable action");
    assert_eq!(again.opened, []);
}

/// A run opens what its payees lack, as far as its transaction has room; a run that is too long says so.
#[tokio::test]
async fn a_run_opens_its_payees_accounts() {
    let (world, tree, payee) = payable().await;
    world.act(Role::Operator, &claim_of(&tree, &payee)).await;
    let run = Action::ClaimRange { leaves: tree.leaves().to_vec(), proof: tree.range_proof(0, 2).expect("a run") };
    let submitter = world.chain.connect(Role::Operator).await;
    let quote = submitter.details(&run, FEE).await.expect("an acceptable action");
    assert_eq!(quote.opened.len(), 6, "three payees, two accounts each");
    world.act(Role::Operator, &run).await;
    for (i, amount) in [(0, 100), (1, 200), (2, 300), (3, 400)] {
        assert_eq!(world.paid(&world.chain.payee(i)).await, amount);
    }

    let amounts: Vec<(u8, u64)> = (0..16).map(|i| (i, 1_000)).collect();
    let long = world.tree(&amounts);
    world.file_payable(&long).await;
    let run = Action::ClaimRange { leaves: long.leaves().to_vec(), proof: long.range_proof(0, 4).expect("a run") };
    match submitter.prepare(&run, FEE, &[]).await {
        Err(ChainError::Input { detail, .. }) => assert!(detail.contains("fewer leaves"), "{detail}"),
        other => panic!("sixteen payees don't fit, and it gives {other:?}"),
    }
}

/// Nobody can freeze XLV; should a token program do it, the payee's claim fails alone and nothing is lost.
#[tokio::test]
async fn a_frozen_token_account_is_refused_and_paid_later() {
    let (world, tree, payee) = payable().await;
    let more = world.tree(&[(0, 150), (1, 200), (2, 300), (3, 400)]);
    world.act(Role::Operator, &claim_of(&tree, &payee)).await;
    world.file_payable(&more).await;
    let destination = world.chain.destination(&payee);
    let account = world.chain.account(&destination).await.expect("it was opened");
    let mut frozen = account.clone();
    frozen.2[STATE] = FROZEN;
    world.chain.put(&destination, frozen).await;
    let refusal = Refusal::Other("the payee's token account is frozen: nothing can be paid there".to_owned());
    world.expect_refused(Role::Operator, &claim_of(&more, &payee), refusal).await;
    world.chain.put(&destination, account).await;
    world.act(Role::Operator, &claim_of(&more, &payee)).await;
    assert_eq!(world.paid(&payee).await, 150);
}

/// Frozen, or somebody else's, only after it was signed: it fails on the chain, costs its fee, and pays nothing.
#[tokio::test]
async fn a_claim_that_fails_on_the_chain_is_reverted() {
    let (world, tree, payee) = payable().await;
    let claim = claim_of(&tree, &payee);
    let first = world.send(Role::Operator, &claim).await;
    let destination = world.chain.destination(&payee);
    // an account of its own that holds the place of the payee's
    world.chain.put(&destination, (10_000_000, world.chain.config.program.to_string(), vec![1; 170])).await;
    world.chain.mine(1).await;
    world.expect_included(Role::Operator, &first, liaise_chain_api::Outcome::Reverted).await;
    world.chain.finalise().await;
    match world.status(Role::Operator, &first).await {
        Status::Final { outcome: liaise_chain_api::Outcome::Reverted, fee_paid, .. } => assert_eq!(fee_paid, 5_000),
        other => panic!("it should have failed for good, and is {other:?}"),
    }
    let claimed = world.chain.connect(Role::Stranger).await.claimed(&payee, At::Final).await.expect("readable");
    assert_eq!(claimed.total, 0);
}

#[tokio::test]
async fn who_is_no_account_of_the_chain_is_named() {
    let (world, ..) = payable().await;
    let reader = world.chain.connect(Role::Stranger).await;
    for payee in [Payee([0; 32]), Payee(reader.id().0)] {
        match reader.claimed(&payee, At::Latest).await {
            Err(ChainError::NotAnAccount { payee: named, .. }) => assert_eq!(named, payee),
            other => panic!("{payee} is no account, and it gives {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_an_epoch_s_filing_needs_is_known_beforehand() {
    let (world, ..) = payable().await;
    let funds = world.chain.connect(Role::Rival).await.funds().await.expect("the chain answers");
    assert_eq!((funds.has, funds.filing), (u128::from(LAMPORTS), 5_000));
    let statement = world.filing(&world.tree(&[(0, 1_500)]), 0).await;
    world.pass_epoch(statement.epoch).await;
    let filing = world.signed_filing(statement);
    let prepared = world.submitter(Role::Rival).await.prepare(&filing, FEE, &[]).await.expect("an acceptable action");
    assert!(prepared.fee_max <= FeeLimit(funds.filing));
}
