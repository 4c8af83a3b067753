//! Rights are signatures inside a transaction: who holds which keys decides what can be prepared.

use liaise_chain_api::conformance::{Harness, LocalChain, Oracles, Plan, Role, World};
use liaise_chain_api::{Action, ChainError, Refusal, Submitter};
use liaise_chain_bch::BchSubmitter;
use liaise_summary::{DistributorId, Epoch};

use crate::harness::{DevnetChain, DevnetHarness, FEE, keys, secret};

async fn opened(guarded_until: Epoch) -> World<DevnetChain> {
    let mut plan = Plan::new(&Oracles::new(1, 7));
    plan.guarded_until_s = plan.schedule.epoch_end_s(guarded_until).expect("a small epoch");
    let world = World::start_as::<DevnetHarness>(plan).await;
    world.approve_and_open().await;
    world.pass(world.plan.delays.long_s).await;
    world.file_payable(&world.tree(&[(0, 100)])).await;
    world
}

/// The authority's submitter with the guardian's key beside its own.
async fn both(world: &World<DevnetChain>) -> BchSubmitter {
    let keys = keys(Role::Authority).with_right(secret(Role::Guardian)).expect("a key");
    BchSubmitter::connect(world.chain.config.clone(), keys).await.expect("the devnet answers")
}

async fn act(world: &World<DevnetChain>, submitter: &BchSubmitter, action: &Action) {
    let prepared = submitter.prepare(action, FEE, &[]).await.expect("an acceptable action");
    submitter.broadcast(&prepared).await.expect("the devnet takes it");
    world.chain.mine(1).await;
}

#[tokio::test]
async fn while_guarded_the_guardian_signs_the_daos_transaction() {
    let world = opened(Epoch(8)).await;
    let rotate = |version| Action::Rotate { set: Oracles::new(version, 9).set() };
    let hand_over = Action::HandOver { epoch: Epoch(8), new: DistributorId([9; 32]) };
    let change = Action::SetGuardian { guardian: world.submitter(Role::Rival).await.account().clone() };
    for action in [&hand_over, &rotate(2), &change] {
        world.expect_refused(Role::Authority, action, Refusal::NoConsent).await;
        world.expect_refused(Role::Guardian, action, Refusal::Authority).await;
    }
    let both = both(&world).await;
    act(&world, &both, &rotate(2)).await;
    act(&world, &both, &hand_over).await;
    let state = world.state().await;
    assert_eq!(state.oracle_set.set, Some(Oracles::new(2, 9).set()));
    assert_eq!(state.range.and_then(|range| range.end), Some(Epoch(8)));
    world.expect_refused(Role::Authority, &rotate(3), Refusal::NoConsent).await;

    world.chain.advance_to(world.plan.guarded_until_s - 1).await;
    world.expect_refused(Role::Authority, &change, Refusal::NoConsent).await;
    world.chain.advance_to(world.plan.guarded_until_s).await;
    world.act(Role::Authority, &change).await;
    let rival = world.submitter(Role::Rival).await.account().clone();
    assert_eq!(world.state().await.guardian, rival);
}

#[tokio::test]
async fn what_other_chains_send_says_here_what_to_do_instead() {
    let world = World::start::<DevnetHarness>().await;
    let opening = world.opening(Epoch(0)).await;
    let submitter = world.submitter(Role::Authority).await;
    let approve = World::<<DevnetHarness as Harness>::Chain>::approval(&opening);
    let consent = Action::Consent { to: Box::new(approve.clone()), given: true };
    let leaf = liaise_summary::RewardLeaf { payee: world.chain.payee(0), amount: 1 };
    let claim = Action::Claim { leaf, proof: liaise_summary::Proof { index: 0, siblings: vec![] } };
    for (action, hint) in [(approve, "OPEN statement"), (consent, "guardian's key"), (claim, "cranks")] {
        match submitter.prepare(&action, FEE, &[]).await {
            Err(error @ ChainError::Unsupported { .. }) => assert!(error.to_string().contains(hint), "{error}"),
            other => panic!("{} is no action of this chain, and gives {other:?}", action.name()),
        }
    }
    // an account is a key's hash, and the covenant wants the key
    let unnamed = liaise_chain_api::Account::bch(submitter.chain(), [7; 20]);
    match submitter.prepare(&Action::SetGuardian { guardian: unnamed }, FEE, &[]).await {
        Err(ChainError::Input { what: "the next guardian", .. }) => {}
        other => panic!("nobody named that key, and it gives {other:?}"),
    }
}
