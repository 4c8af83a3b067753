//! A crash, a repetition, a forgetful node: between any two steps.

use super::super::world::{World, claim_of};
use super::super::{Harness, LocalChain, Role};
use crate::{Outcome, Prepared, Status};

/// What a journal would have kept: written, and read again.
fn from_disk(prepared: &Prepared) -> Prepared {
    let text = serde_json::to_string(prepared).expect("a prepared submission can be written");
    serde_json::from_str(&text).expect("and read again")
}

/// Each step is taken by a process that knows only what the one before wrote down.
pub async fn a_restart_between_any_two_steps_changes_nothing<H: Harness>() {
    let world = World::opened::<H>().await;
    let tree = world.tree(&[(0, 100), (1, 200)]);
    let statement = world.filing(&tree, 0).await;
    world.pass_epoch(statement.epoch).await;
    let action = world.signed_filing(statement);

    let submitter = world.submitter(Role::Operator).await;
    let prepared = submitter.prepare(&action, world.chain.fee_limit(), &[]).await.expect("an acceptable action");
    drop(submitter);
    let prepared = from_disk(&prepared);
    assert_eq!(world.status(Role::Operator, &prepared).await, Status::Unseen);
    world.chain.mine(1).await;
    assert_eq!(world.status(Role::Operator, &prepared).await, Status::Unseen, "prepare sends nothing");

    world.submitter(Role::Operator).await.broadcast(&from_disk(&prepared)).await.expect("a node that takes it");
    world.expect_waiting(Role::Operator, &prepared).await;

    world.chain.mine(1).await;
    let Status::Included { block, outcome } = world.status(Role::Operator, &prepared).await else {
        panic!("it should be included and not yet final");
    };
    assert_eq!(outcome, Outcome::Succeeded);

    world.chain.finalise().await;
    match world.status(Role::Operator, &from_disk(&prepared)).await {
        Status::Final { block: last, outcome, .. } => assert_eq!((last, outcome), (block, Outcome::Succeeded)),
        other => panic!("it should be final, and is {other:?}"),
    }
    assert_eq!(world.state().await.head, statement.digest());
}

/// Before, in and after its block, and when it is final, a repeated broadcast is `Ok` and changes nothing.
pub async fn broadcasting_again_does_nothing_more<H: Harness>() {
    let world = World::opened::<H>().await;
    let tree = world.tree(&[(0, 100), (1, 200)]);
    world.file_payable(&tree).await;
    let prepared = world.send(Role::Operator, &claim_of(&tree, &world.chain.payee(0))).await;
    let again = async || {
        let submitter = world.submitter(Role::Operator).await;
        submitter.broadcast(&prepared).await.expect("a repeated broadcast is no error");
    };
    again().await;
    world.expect_waiting(Role::Operator, &prepared).await;
    world.chain.mine(1).await;
    again().await;
    world.chain.mine(1).await;
    again().await;
    world.chain.finalise().await;
    let last = world.status(Role::Operator, &prepared).await;
    assert!(matches!(last, Status::Final { outcome: Outcome::Succeeded, .. }), "{last:?}");
    again().await;
    world.chain.mine(1).await;
    assert_eq!(world.status(Role::Operator, &prepared).await, last);
    assert_eq!(world.paid(&world.chain.payee(0)).await, 100);
}

/// A node that forgot a transaction makes it unseen, not dead.
pub async fn a_forgotten_transaction_is_unseen_and_can_be_sent_again<H: Harness>() {
    let world = World::opened::<H>().await;
    let tree = world.tree(&[(0, 100), (1, 200)]);
    world.file_payable(&tree).await;
    let prepared = world.send(Role::Operator, &claim_of(&tree, &world.chain.payee(1))).await;
    world.chain.forget(&prepared).await;
    assert_eq!(world.status(Role::Operator, &prepared).await, Status::Unseen);
    world.chain.finalise().await;
    assert_eq!(world.status(Role::Operator, &prepared).await, Status::Unseen);
    world.submitter(Role::Operator).await.broadcast(&prepared).await.expect("a node that takes it");
    world.chain.mine(1).await;
    world.expect_included(Role::Operator, &prepared, Outcome::Succeeded).await;
    assert_eq!(world.paid(&world.chain.payee(1)).await, 200);
}

/// Two submissions prepared before either is sent do not kill each other.
pub async fn what_is_undecided_keeps_what_it_holds<H: Harness>() {
    let world = World::opened::<H>().await;
    let tree = world.tree(&[(0, 100), (1, 200)]);
    world.file_payable(&tree).await;
    let submitter = world.submitter(Role::Operator).await;
    let prepare = async |i: u8, undecided: &[Prepared]| {
        let action = claim_of(&tree, &world.chain.payee(i));
        submitter.prepare(&action, world.chain.fee_limit(), undecided).await.expect("an acceptable action")
    };
    let one = prepare(0, &[]).await;
    let two = prepare(1, std::slice::from_ref(&one)).await;
    assert_ne!(one.id, two.id);
    // the later one first: it may have to wait for the earlier one, and must not be lost
    submitter.broadcast(&two).await.expect("a node that takes it");
    submitter.broadcast(&one).await.expect("a node that takes it");
    world.chain.mine(2).await;
    world.expect_included(Role::Operator, &one, Outcome::Succeeded).await;
    world.expect_included(Role::Operator, &two, Outcome::Succeeded).await;
    assert_eq!((world.paid(&world.chain.payee(0)).await, world.paid(&world.chain.payee(1)).await), (100, 200));
}
