//! Two who do the same at once.

use super::super::world::World;
use super::super::{Harness, LocalChain, Role};
use crate::{At, ChainError, Outcome, Prepared, Retry, Status};

/// How a submission ended: included with an outcome, or dead.
async fn ended<C: LocalChain>(world: &World<C>, role: Role, prepared: &Prepared) -> Option<Outcome> {
    match world.status(role, prepared).await {
        Status::Final { outcome, .. } => Some(outcome),
        Status::Dead { .. } => None,
        other => panic!("{} should be settled, and is {other:?}", prepared.id),
    }
}

/// One succeeds, the other reverts or dies, and the epoch is filed once.
pub async fn two_operators_file_the_same_epoch_and_one_succeeds<H: Harness>() {
    let world = World::opened::<H>().await;
    let tree = world.tree(&[(0, 100), (1, 200)]);
    let statement = world.filing(&tree, 0).await;
    world.pass_epoch(statement.epoch).await;
    let action = world.signed_filing(statement);
    let mine = world.send(Role::Operator, &action).await;
    let rival = world.submitter(Role::Rival).await;
    let theirs = rival.prepare(&action, world.chain.fee_limit(), &[]).await.expect("an acceptable action");
    match rival.broadcast(&theirs).await {
        // a node that keeps the first of two that want the same takes the second once the first is gone
        Ok(()) | Err(ChainError::Rejected { .. }) => {}
        Err(other) => panic!("the node should take it or wait, and gives {other}"),
    }
    assert_ne!(mine.id, theirs.id);
    world.chain.mine(2).await;
    world.chain.finalise().await;
    let ends = [ended(&world, Role::Operator, &mine).await, ended(&world, Role::Rival, &theirs).await];
    let successes = ends.iter().filter(|end| **end == Some(Outcome::Succeeded)).count();
    assert_eq!(successes, 1, "{ends:?}");

    let state = world.state().await;
    assert_eq!((state.head, state.next.0), (statement.digest(), 1));
    let reader = world.submitter(Role::Rival).await;
    let accepted = reader.statements(statement.epoch, At::Latest).await.expect("a readable distributor");
    let filed = accepted.iter().filter(|accepted| accepted.statement == statement.into()).count();
    assert_eq!(filed, 1);
    match reader.prepare(&action, world.chain.fee_limit(), &[]).await {
        Err(error @ ChainError::Refused { .. }) => assert_ne!(error.retry(), Retry::Never),
        other => panic!("filing it once more should be refused, and gives {other:?}"),
    }
}

/// Two claims of one leaf under way together pay it once.
pub async fn two_claims_of_one_payee_pay_once<H: Harness>() {
    let world = World::opened::<H>().await;
    let tree = world.pay(&[(1, 200), (0, 100)]).await;
    world.file_payable(&tree).await;
    let payee = world.chain.payee(1);
    world.send(Role::Operator, tree.claim(1)).await;
    world.send(Role::Rival, tree.claim(1)).await;
    world.chain.mine(2).await;
    assert_eq!(world.paid(&payee).await, 200);
    assert_eq!(world.state().await.unclaimed, 100);
}
