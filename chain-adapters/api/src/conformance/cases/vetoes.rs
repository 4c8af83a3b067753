//! What guardian and DAO can stop.

use liaise_summary::{Epoch, veto_head};

use super::super::world::World;
use super::super::{Harness, LocalChain, Role};
use crate::{Account, Action, At, Refusal};

fn veto(digest: liaise_summary::Hash32) -> Action {
    Action::Veto { digest, reason: b"it pays a stranger".to_vec() }
}

/// Issued, owed and the epoch's number go back, the head moves; the guardian has one veto, the DAO has more.
pub async fn a_veto_kills_the_statement_and_the_refiled_one_waits_longer<H: Harness>() {
    let world = World::opened::<H>().await;
    let tree = world.tree(&[(0, 100)]);
    let before = world.state().await;
    let statement = world.file(&tree, 7).await;
    world.act(Role::Guardian, &veto(statement.digest())).await;
    let after = world.state().await;
    let moved = veto_head(statement.digest(), b"it pays a stranger");
    assert_eq!((after.head, after.next, after.pending), (moved, before.next, None));
    assert_eq!((after.root_sum, after.owed, after.unclaimed), (before.root_sum, before.owed, 0));
    world.expect_refused(Role::Operator, &world.signed_filing(statement), Refusal::WrongHead).await;
    let reader = world.submitter(Role::Stranger).await;
    let accepted = reader.statements(statement.epoch, At::Latest).await.expect("a readable distributor");
    let dead = accepted.iter().find(|accepted| accepted.statement == statement.into());
    assert!(dead.is_some_and(|accepted| accepted.vetoed), "{accepted:?}");

    let refiled = world.file(&tree, 7).await;
    assert_ne!(refiled.digest(), statement.digest());
    let state = world.state().await;
    let pending = state.pending.expect("the refiled one waits");
    assert_eq!(pending.payable_s, state.at.time_s + u64::from(world.plan.delays.long_s));
    assert!(pending.guardian_spent);
    world.expect_refused(Role::Guardian, &veto(refiled.digest()), Refusal::GuardianSpent).await;
    world.act(Role::Authority, &veto(refiled.digest())).await;
    assert_eq!(world.state().await.head, veto_head(refiled.digest(), b"it pays a stranger"));
}

/// Once payable, a statement can't be stopped.
pub async fn a_veto_comes_before_the_statement_is_payable_or_not_at_all<H: Harness>() {
    let world = World::opened::<H>().await;
    let tree = world.tree(&[(0, 100)]);
    let statement = world.file_payable(&tree).await;
    world.expect_refused(Role::Guardian, &veto(statement.digest()), Refusal::NothingPending).await;
    world.expect_refused(Role::Authority, &veto(statement.digest()), Refusal::NothingPending).await;
}

/// A veto that was meant for the statement before does nothing to the one that waits.
pub async fn another_statements_veto_never_hits_the_pending_one<H: Harness>() {
    let world = World::opened::<H>().await;
    let tree = world.tree(&[(0, 100)]);
    let statement = world.file_payable(&tree).await;
    let next = world.file(&tree, 0).await;
    world.expect_refused(Role::Guardian, &veto(statement.digest()), Refusal::WrongHead).await;
    assert_eq!(world.state().await.head, next.digest());
}

/// A vetoed opening leaves no range.
pub async fn an_opening_can_be_vetoed<H: Harness>() {
    let world = World::start::<H>().await;
    let opening = world.approve_and_open().await;
    world.act(Role::Guardian, &veto(opening.digest())).await;
    let state = world.state().await;
    assert_eq!((state.range, state.next, state.pending), (None, Epoch(0), None));
    world.pass(world.plan.delays.long_s).await;
    assert_eq!(world.state().await.range, None);
    let reader = world.submitter(Role::Stranger).await;
    assert_eq!(reader.ranges(At::Latest).await.expect("a readable distributor"), []);
    assert_eq!(state.head, veto_head(opening.digest(), b"it pays a stranger"));
}

/// What needs a right is refused to everybody else.
pub async fn strangers_have_no_rights<H: Harness>() {
    let world = World::opened::<H>().await;
    let tree = world.tree(&[(0, 100)]);
    let statement = world.file(&tree, 0).await;
    let guardian: Account = world.submitter(Role::Stranger).await.account().clone();
    let actions = [
        veto(statement.digest()),
        Action::HandOver { epoch: Epoch(8), new: liaise_summary::DistributorId([9; 32]) },
        Action::SetGuardian { guardian },
        Action::Rotate { set: super::super::Oracles::new(2, 7).set() },
    ];
    for action in &actions {
        world.expect_refused(Role::Stranger, action, Refusal::Authority).await;
    }
    world.pass(world.plan.delays.epoch_s).await;
    let head = world.state().await.head;
    let advance = Action::Advance { head, reason: b"split".to_vec() };
    world.expect_refused(Role::Stranger, &advance, Refusal::Authority).await;
    let opening = world.opening(Epoch(8)).await;
    if world.chain.dao_signs(opening.digest()).is_none() {
        let approve = World::<H::Chain>::approval(&opening);
        world.expect_refused(Role::Stranger, &approve, Refusal::Authority).await;
    }
    world.expect_refused(Role::Stranger, &world.unapproved_opening(opening), Refusal::NotApproved).await;
    world.act(Role::Authority, &advance).await;
    assert_eq!(world.state().await.head, veto_head(head, b"split"));
}
