//! How transactions end that are never included, and what proves it.

use liaise_chain_api::conformance::faults::FaultyChain;
use liaise_chain_api::conformance::{Fault, FaultProxy, Harness, LocalChain, Role, Rule, World, claim_of};
use liaise_chain_api::{At, ChainError, DeadReason, Outcome, Prepared, Status, Submitter};
use serde_json::{Value, json};

use crate::harness::{FEE, LocalnetHarness};

type Chain = <LocalnetHarness as Harness>::Chain;

const DEAD: Status = Status::Dead { reason: DeadReason::Expired };

/// A chain with a payable epoch, and a claim that is signed and not sent.
async fn signed() -> (World<Chain>, Prepared) {
    let world = World::opened::<LocalnetHarness>().await;
    let tree = world.tree(&[(0, 100), (1, 200)]);
    world.file_payable(&tree).await;
    world.chain.finalise().await;
    let claim = claim_of(&tree, &world.chain.payee(0));
    let submitter = world.chain.submitter(Role::Operator).await;
    let prepared = submitter.prepare(&claim, FEE, &[]).await.expect("an acceptable action");
    (world, prepared)
}

async fn send(world: &World<Chain>, prepared: &Prepared) {
    world.chain.submitter(Role::Operator).await.broadcast(prepared).await.expect("a node that takes it");
}

#[tokio::test]
async fn a_transaction_that_no_block_took_is_dead_when_its_end_is_final() {
    let (world, prepared) = signed().await;
    send(&world, &prepared).await;
    world.chain.forget(&prepared).await;
    // 150 blocks, a third of them final: the end is there, and could still be taken back
    world.chain.steer("localnet_expire", Value::Null).await;
    assert_eq!(world.status(Role::Operator, &prepared).await, Status::Unseen);
    send(&world, &prepared).await;
    world.chain.mine(1).await;
    assert_eq!(world.status(Role::Operator, &prepared).await, Status::Unseen);
    world.chain.finalise().await;
    assert_eq!(world.status(Role::Operator, &prepared).await, DEAD);
    send(&world, &prepared).await;
    world.chain.mine(1).await;
    assert_eq!(world.status(Role::Operator, &prepared).await, DEAD);
}

/// Included just before its end: however long ago that is, it is no dead one.
#[tokio::test]
async fn a_transaction_that_was_included_is_never_dead() {
    let (world, prepared) = signed().await;
    world.chain.mine(140).await;
    send(&world, &prepared).await;
    world.chain.mine(1).await;
    world.chain.steer("localnet_expire", Value::Null).await;
    world.chain.steer("localnet_expire", Value::Null).await;
    world.chain.finalise().await;
    let status = world.status(Role::Operator, &prepared).await;
    assert!(matches!(status, Status::Final { outcome: Outcome::Succeeded, .. }), "{status:?}");
}

#[tokio::test]
async fn the_node_loses_the_next_one_and_it_is_sent_again() {
    let (world, prepared) = signed().await;
    world.chain.steer("localnet_dropNext", json!({"times": 1})).await;
    send(&world, &prepared).await;
    world.chain.mine(1).await;
    assert_eq!(world.status(Role::Operator, &prepared).await, Status::Unseen);
    send(&world, &prepared).await;
    world.chain.mine(1).await;
    world.expect_included(Role::Operator, &prepared, Outcome::Succeeded).await;
}

/// A confirmed slot is rolled back, and the transaction's time is over before it is sent again.
#[tokio::test]
async fn a_rolled_back_transaction_whose_time_is_over_is_dead() {
    let (world, prepared) = signed().await;
    send(&world, &prepared).await;
    world.chain.mine(1).await;
    world.expect_included(Role::Operator, &prepared, Outcome::Succeeded).await;
    world.chain.reorg(1).await;
    assert_eq!(world.status(Role::Operator, &prepared).await, Status::Unseen);
    world.chain.steer("localnet_expire", Value::Null).await;
    world.chain.finalise().await;
    assert_eq!(world.status(Role::Operator, &prepared).await, DEAD);
    assert_eq!(world.paid(&world.chain.payee(0)).await, 0);
}

/// A node that is behind knows neither the blockhash nor the transaction, which proves nothing.
#[tokio::test]
async fn a_node_that_lags_calls_nothing_dead() {
    let (world, prepared) = signed().await;
    // so that it knows the distributor still
    world.chain.mine(30).await;
    send(&world, &prepared).await;
    world.chain.mine(1).await;
    let newest = world.state().await.at;
    world.chain.steer("localnet_lag", json!({"slots": 20})).await;
    assert!(world.state().await.at.number < newest.number);
    assert_eq!(world.status(Role::Operator, &prepared).await, Status::Unseen);
    world.chain.steer("localnet_lag", json!({"slots": 0})).await;
    world.expect_included(Role::Operator, &prepared, Outcome::Succeeded).await;
}

/// What could no longer be included, seen through a node that answers as `rule` says.
async fn ended_through(rule: Rule, included: bool) -> Result<Status, ChainError> {
    let (world, prepared) = signed().await;
    if included {
        send(&world, &prepared).await;
        world.chain.mine(1).await;
    }
    world.chain.steer("localnet_expire", Value::Null).await;
    world.chain.finalise().await;
    let proxy = FaultProxy::start(world.chain.node()).await;
    let submitter = world.chain.connect_over(Role::Operator, proxy.url(), 30_000).await.expect("the chain answers");
    proxy.arm(rule);
    let status = submitter.status(&prepared).await;
    assert!(proxy.met() > 0, "no request met the fault");
    status
}

fn bad(status: &Result<Status, ChainError>, detail: &str) {
    match status {
        Err(ChainError::BadAnswer { detail: said, .. }) => assert!(said.contains(detail), "{said}"),
        other => panic!("it should say {detail:?}, and gives {other:?}"),
    }
}

#[tokio::test]
async fn without_old_records_nothing_is_dead() {
    let cleaned = Fault::Error { code: -32_001, message: "Block cleaned up, does not exist on node" };
    bad(&ended_through(Rule::always("getBlock", cleaned), false).await, "a node that keeps older records");
    let none = Fault::Error { code: -32_011, message: "Transaction history is not available from this node" };
    bad(&ended_through(Rule::always("getTransaction", none), false).await, "history is not available");
}

#[tokio::test]
async fn a_node_that_hides_a_status_is_found_out_by_its_record() {
    let null = Fault::Answer(std::sync::Arc::new(|_: &Value, mut answer: Value| {
        answer["value"] = json!([null]);
        answer
    }));
    bad(&ended_through(Rule::always("getSignatureStatuses", null), true).await, "which is in a final slot");
}

#[tokio::test]
async fn another_chain_behind_the_address_calls_nothing_dead() {
    // asked before anything else, and once more before the end is told
    let rule = Rule { calls: 1..2, ..Rule::always("getGenesisHash", Fault::answer(json!("4".repeat(44)))) };
    match ended_through(rule, false).await {
        Err(ChainError::WrongChain { found, .. }) => assert_eq!(found, format!("solana:{}", "4".repeat(32))),
        other => panic!("another chain should be named, and it gives {other:?}"),
    }
}

/// The history that is cached is the final one: what a rollback takes is no longer told.
#[tokio::test]
async fn a_long_lived_reader_tells_what_the_chain_tells() {
    let world = World::opened::<LocalnetHarness>().await;
    let reader = world.chain.connect(Role::Stranger).await;
    let reader: &dyn Submitter = &reader;
    let tree = world.tree(&[(0, 100)]);
    let filed = async |at| reader.statements(liaise_summary::Epoch(0), at).await.expect("a readable distributor").len();
    world.chain.finalise().await;
    // the opening
    assert_eq!((filed(At::Latest).await, filed(At::Final).await), (1, 1));
    let statement = world.file(&tree, 0).await;
    assert_eq!((filed(At::Latest).await, filed(At::Final).await), (2, 1));
    world.chain.reorg(1).await;
    assert_eq!((filed(At::Latest).await, filed(At::Final).await), (1, 1));
    world.act(Role::Rival, &world.signed_filing(statement)).await;
    assert_eq!((filed(At::Latest).await, filed(At::Final).await), (2, 1));
    world.chain.finalise().await;
    assert_eq!((filed(At::Latest).await, filed(At::Final).await), (2, 2));
    assert_eq!(reader.ranges(At::Final).await.expect("a readable distributor").len(), 1);
}
