//! Blocks that go away.

use super::super::world::World;
use super::super::{Harness, LocalChain, Role};
use crate::{Outcome, Status};

/// After a reorg the same bytes are sent again; the effect counts once.
pub async fn a_reorganised_transaction_is_sent_again_and_counts_once<H: Harness>() {
    let world = World::opened::<H>().await;
    let tree = world.pay(&[(0, 100), (1, 200)]).await;
    world.file_payable(&tree).await;
    world.chain.finalise().await;
    let payee = world.chain.payee(0);
    let prepared = world.send(Role::Operator, tree.claim(0)).await;
    world.chain.mine(1).await;
    let Status::Included { block: lost, .. } = world.status(Role::Operator, &prepared).await else {
        panic!("it should be included and not yet final");
    };
    assert_eq!(world.paid(&payee).await, 100);

    world.chain.reorg(1).await;
    assert_eq!(world.status(Role::Operator, &prepared).await, Status::Unseen);
    assert_eq!(world.paid(&payee).await, 0);

    world.submitter(Role::Operator).await.broadcast(&prepared).await.expect("a node that takes it");
    world.chain.mine(1).await;
    let Status::Included { block, outcome } = world.status(Role::Operator, &prepared).await else {
        panic!("it should be included again and not yet final");
    };
    assert_ne!(block.hash, lost.hash);
    assert_eq!(outcome, Outcome::Succeeded);
    world.chain.finalise().await;
    let last = world.status(Role::Operator, &prepared).await;
    assert!(matches!(last, Status::Final { outcome: Outcome::Succeeded, .. }), "{last:?}");
    assert_eq!(world.paid(&payee).await, 100);
}

/// Only finality kills: until then a reorg could bring the first one back.
pub async fn a_replaced_transaction_is_dead_only_when_its_replacement_is_final<H: Harness>() {
    let world = World::opened::<H>().await;
    let statement = world.filing(&world.tree(&[(0, 100), (1, 200)]), 0).await;
    world.pass_epoch(statement.epoch).await;
    world.chain.finalise().await;
    let action = world.signed_filing(statement);
    let submitter = world.submitter(Role::Operator).await;
    let prepared = submitter.prepare(&action, world.chain.fee_limit(), &[]).await.expect("an acceptable action");
    world.chain.replace(Role::Operator, &prepared).await;
    assert_eq!(world.status(Role::Operator, &prepared).await, Status::Unseen);
    submitter.broadcast(&prepared).await.expect("that it came too late is no error of the broadcast");
    assert_eq!(world.status(Role::Operator, &prepared).await, Status::Unseen);

    world.chain.finalise().await;
    let last = world.status(Role::Operator, &prepared).await;
    assert!(matches!(last, Status::Dead { .. }), "{last:?}");
    submitter.broadcast(&prepared).await.expect("nor is it one later");
    assert_eq!(world.state().await.head, statement.head);

    let second = world.act(Role::Operator, &action).await;
    assert_ne!(second.id, prepared.id);
    assert_eq!(world.state().await.head, statement.digest());
}
