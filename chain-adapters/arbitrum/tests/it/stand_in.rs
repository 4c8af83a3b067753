//! Before anybody can vote the guardian stands in for the DAO authority, in openings and advances alone.

use liaise_chain_api::conformance::{Harness, LocalChain, Role, World};
use liaise_chain_api::{Action, Refusal};
use liaise_summary::{DistributorId, Epoch, Hash32, veto_head};

use crate::harness::AnvilHarness;

#[tokio::test]
async fn the_guardian_opens_and_advances_while_there_are_no_votes() {
    let world = World::start::<AnvilHarness>().await;
    let advance = |head| Action::Advance { head, reason: b"split".to_vec() };
    world.act(Role::Guardian, &advance(Hash32::ZERO)).await;
    assert_eq!(world.state().await.head, veto_head(Hash32::ZERO, b"split"));
    let rotate = Action::Rotate { set: liaise_chain_api::conformance::Oracles::new(2, 7).set() };
    world.expect_refused(Role::Guardian, &rotate, Refusal::Authority).await;
    let opening = world.opening(Epoch(0)).await;
    world.act(Role::Guardian, &World::<<AnvilHarness as Harness>::Chain>::approval(&opening)).await;
    world.act(Role::Operator, &world.signed_opening(opening)).await;
    world.pass(world.plan.delays.long_s).await;

    // with the first payable epoch there are votes
    let tree = world.tree(&[(0, 100)]);
    world.file_payable(&tree).await;
    let head = world.state().await.head;
    world.expect_refused(Role::Guardian, &advance(head), Refusal::Authority).await;
    let approve = Action::ApproveOpen { first: Epoch(8), old: DistributorId::ZERO, head };
    world.expect_refused(Role::Guardian, &approve, Refusal::Authority).await;
    world.chain.mine(1).await;
    world.act(Role::Authority, &approve).await;
}
