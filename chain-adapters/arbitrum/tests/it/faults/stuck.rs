//! Nonces that stop what comes after them.

use std::sync::Arc;

use liaise_chain_api::conformance::faults::{Driver, FaultyChain, Passed};
use liaise_chain_api::conformance::{Fault, FaultProxy, LocalChain, Role, Rule, World};
use liaise_chain_api::{ChainError, Retry};
use liaise_oracle::journal::{Journal, Progress};
use serde_json::json;

use crate::disk::Disk;
use crate::harness::{AnvilHarness, FEE};

/// A node that counts wrong, in both of its counts, makes a gap. The error names it, and its remedy helps.
#[tokio::test]
async fn a_gap_in_the_nonces_is_named_and_can_be_filled() {
    let world = World::opened::<AnvilHarness>().await;
    let statement = world.filing(&world.tree(&[(0, 100), (1, 200)]), 0).await;
    world.pass_epoch(statement.epoch).await;
    let action = world.signed_filing(statement);
    let proxy = FaultProxy::start(world.chain.node()).await;
    let two_more = Arc::new(|_: &serde_json::Value, count: serde_json::Value| {
        let digits = count.as_str().and_then(|count| count.strip_prefix("0x")).expect("a number");
        json!(format!("{:#x}", u64::from_str_radix(digits, 16).expect("hex") + 2))
    });
    proxy.arm(Rule::always("eth_getTransactionCount", Fault::Answer(two_more)));
    let disk = Disk::default();
    let pass = async || {
        let submitter = world.chain.connect_over(Role::Operator, proxy.url(), 30_000).await.expect("anvil answers");
        disk.pass(&*submitter, &action, FEE).await
    };
    let Ok(Passed::UnderWay(id)) = pass().await else { panic!("it is sent") };
    proxy.lift().await;
    world.chain.mine(1).await;
    match pass().await {
        Err(error @ ChainError::Blocked { .. }) => {
            assert_eq!(error.retry(), Retry::Later);
            // the opening had nonce 0
            assert!(error.to_string().contains("waits behind nonce 1"), "{error}");
        }
        other => panic!("a gap should be named, and it gives {other:?}"),
    }
    for nonce in 1..3 {
        world.chain.send_something(Role::Operator, nonce).await;
    }
    world.chain.mine(1).await;
    world.chain.finalise().await;
    assert_eq!(pass().await.expect("a pass without trouble"), Passed::Done(id));
    assert_eq!(world.state().await.head, statement.digest());
}

/// The later of two waits behind the earlier, which was lost; whoever resumes sends it again, and both are included.
#[tokio::test]
async fn an_earlier_transaction_that_was_lost_frees_the_later_when_it_is_sent_again() {
    let world = World::opened::<AnvilHarness>().await;
    let tree = world.tree(&[(0, 100), (1, 200)]);
    world.file_payable(&tree).await;
    let claims = [0, 1].map(|i| liaise_chain_api::conformance::claim_of(&tree, &world.chain.payee(i)));
    let submitter = world.chain.submitter(Role::Rival).await;
    let mut journal = Journal::open(Disk::default()).expect("readable rows");
    for claim in &claims {
        assert!(matches!(journal.want(&*submitter, claim, FEE).await, Ok(Progress::UnderWay(_))));
    }
    let first = claims[0].purpose(&submitter.id());
    let first = journal.live().get(&first).cloned().expect("it is on its way");
    world.chain.forget(&first).await;
    // with it the node has forgotten what depends on it
    assert!(matches!(journal.want(&*submitter, &claims[1], FEE).await, Ok(Progress::UnderWay(_))));
    let blocked = journal.want(&*submitter, &claims[1], FEE).await;
    assert!(blocked.as_ref().is_err_and(|error| error.to_string().contains("waits behind nonce 0")), "{blocked:?}");
    world.chain.mine(1).await;
    assert_eq!(world.paid(&world.chain.payee(1)).await, 0);

    journal.resume(&*submitter).await;
    world.chain.mine(1).await;
    world.chain.finalise().await;
    for claim in &claims {
        assert!(matches!(journal.want(&*submitter, claim, FEE).await, Ok(Progress::Done(_))));
    }
    assert_eq!((world.paid(&world.chain.payee(0)).await, world.paid(&world.chain.payee(1)).await), (100, 200));
}
