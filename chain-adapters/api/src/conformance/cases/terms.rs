//! Ranges end, sets change.

use liaise_summary::{DistributorId, Epoch};

use super::super::world::{PAYOUTS, World};
use super::super::{Harness, LocalChain, Oracles, Plan, Role};
use crate::{Action, At, Range, Refusal};

/// A multiple of the term, with notice, once.
pub async fn a_hand_over_needs_a_boundary_and_notice<H: Harness>() {
    let world = World::opened::<H>().await;
    let new = DistributorId([9; 32]);
    let hand_over = |epoch| Action::HandOver { epoch: Epoch(epoch), new };
    for epoch in [3, 0] {
        world.expect_refused(Role::Authority, &hand_over(epoch), Refusal::Boundary).await;
    }
    for _ in 0..3 {
        world.file_payable(&world.tree(&[(0, 100)])).await;
    }
    // epoch 3 is next: 4 is a boundary but only one epoch away, and notice is two
    world.expect_refused(Role::Authority, &hand_over(4), Refusal::Boundary).await;
    world.act(Role::Authority, &hand_over(8)).await;
    let ended = Range { first: Epoch(0), end: Some(Epoch(8)), handed_to: Some(new) };
    assert_eq!(world.state().await.range, Some(ended));
    world.expect_refused(Role::Authority, &hand_over(12), Refusal::Boundary).await;

    for _ in 3..8 {
        world.file_payable(&world.tree(&[(0, 100)])).await;
    }
    let beyond = world.filing(&world.tree(&[(0, 100)]), 0).await;
    world.pass_epoch(beyond.epoch).await;
    world.expect_refused(Role::Operator, &world.signed_filing(beyond), Refusal::OutOfRange).await;
}

/// A chain that held a term once can get another: what is cumulative stays, the epochs between were never its own.
pub async fn a_distributor_is_opened_again<H: Harness>() {
    let world = World::opened::<H>().await;
    let other = DistributorId([9; 32]);
    world.file_payable(&world.tree(&[(0, 100)])).await;
    world.act(Role::Authority, &Action::HandOver { epoch: Epoch(4), new: other }).await;
    // on Bitcoin Cash an act starts the wait of the last statement anew
    world.pass(world.plan.delays.epoch_s).await;
    for _ in 1..4 {
        world.file_payable(&world.tree(&[(0, 100)])).await;
    }
    let mut opening = world.opening(Epoch(8)).await;
    opening.old = other;
    world.expect_refused(Role::Operator, &world.unapproved_opening(opening), Refusal::NotApproved).await;
    world.approve(&opening).await;
    world.act(Role::Operator, &world.signed_opening(opening)).await;
    world.pass(world.plan.delays.long_s).await;

    let first = Range { first: Epoch(0), end: Some(Epoch(4)), handed_to: Some(other) };
    let second = Range { first: Epoch(8), end: None, handed_to: None };
    let reader = world.submitter(Role::Stranger).await;
    assert_eq!(reader.ranges(At::Latest).await.expect("a readable distributor"), [first, second]);
    let state = world.state().await;
    assert_eq!((state.range, state.next), (Some(second), Epoch(8)));
    let tree = world.pay(&[(0, 150)]).await;
    world.file_payable(&tree).await;
    world.act(Role::Operator, tree.claim(0)).await;
    assert_eq!(world.paid(&world.chain.payee(0)).await, 150);
}

/// While the distributor is guarded its DAO can't hand over, rotate or change the guardian without the guardian, who
/// agrees to one exact call, once.
pub async fn a_guarded_distributor_needs_the_guardians_consent<H: Harness>() {
    let mut plan = Plan::new(&Oracles::new(1, 7));
    plan.guarded_until_s = plan.schedule.epoch_end_s(Epoch(5)).expect("a small epoch");
    let world = World::start_as::<H>(plan).await;
    world.approve_and_open().await;
    world.pass(world.plan.delays.long_s).await;
    let hand_over = Action::HandOver { epoch: Epoch(8), new: DistributorId([9; 32]) };
    let rotate = |version| Action::Rotate { set: Oracles::new(version, 9).set() };
    let change = Action::SetGuardian { guardian: world.submitter(Role::Rival).await.account().clone() };
    for action in [&hand_over, &rotate(2), &change] {
        world.expect_refused(Role::Authority, action, Refusal::NoConsent).await;
    }
    let consent = |to: Action, given| Action::Consent { to: Box::new(to), given };
    world.expect_refused(Role::Stranger, &consent(rotate(2), true), Refusal::Authority).await;
    world.act(Role::Guardian, &consent(rotate(2), true)).await;
    world.expect_refused(Role::Authority, &hand_over, Refusal::NoConsent).await;
    world.act(Role::Authority, &rotate(2)).await;
    world.expect_refused(Role::Authority, &rotate(3), Refusal::NoConsent).await;
    world.act(Role::Guardian, &consent(hand_over.clone(), true)).await;
    world.act(Role::Guardian, &consent(hand_over.clone(), false)).await;
    world.expect_refused(Role::Authority, &hand_over, Refusal::NoConsent).await;

    world.chain.advance_to(world.plan.guarded_until_s).await;
    world.act(Role::Authority, &change).await;
    let rival = world.submitter(Role::Rival).await.account().clone();
    assert_eq!(world.state().await.guardian, rival);
}

/// From a rotation on only the new set counts, even for what the old one had signed.
pub async fn the_next_set_signs_alone<H: Harness>() {
    let world = World::opened::<H>().await;
    let next = Oracles::new(2, 9);
    let tree = world.tree(&[(0, 100)]);
    let statement = world.filing(&tree, 0).await;
    world.pass_epoch(statement.epoch).await;
    let skipped = Action::Rotate { set: Oracles::new(3, 9).set() };
    world.expect_refused(Role::Authority, &skipped, Refusal::Set).await;
    world.act(Role::Authority, &Action::Rotate { set: next.set() }).await;
    let state = world.state().await;
    assert_eq!((state.oracle_set.version, state.oracle_set.hash), (2, next.set().hash()));
    // on Bitcoin Cash an act starts the wait of the opening anew
    world.pass(world.plan.delays.long_s).await;

    world.expect_refused(Role::Operator, &world.signed_filing(statement), Refusal::WrongSet).await;
    let again = world.filing(&tree, 0).await;
    let signatures = world.oracles.sign(again.digest(), 7);
    let by_the_old = Action::SubmitEpoch { statement: again, signatures, payouts: PAYOUTS };
    world.expect_refused(Role::Operator, &by_the_old, Refusal::Signature).await;
    let signatures = next.quorum(again.digest());
    world.act(Role::Operator, &Action::SubmitEpoch { statement: again, signatures, payouts: PAYOUTS }).await;
    assert_eq!(world.state().await.head, again.digest());
}
