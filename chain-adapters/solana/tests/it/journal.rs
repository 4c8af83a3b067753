//! The oracle's submission journal over this adapter: crashes, a rolled-back slot, expiry and two operators, on a real chain.

use liaise_chain_api::conformance::{Harness, LocalChain, Role, World};
use liaise_chain_api::{Action, At, Submitter};
use liaise_oracle::journal::{Journal, Progress};
use liaise_summary::EpochStatement;
use serde_json::Value;

use crate::disk::Disk;
use crate::harness::{FEE, LocalnetHarness};

type SolanaWorld = World<<LocalnetHarness as Harness>::Chain>;

/// One pass by a process that starts, reads its disk, does what it can, and ends.
async fn pass(world: &SolanaWorld, disk: &Disk, role: Role, action: &Action) -> Progress {
    let submitter = world.chain.submitter(role).await;
    let mut journal = Journal::open(disk.clone()).expect("readable rows");
    journal.want(&*submitter, action, FEE).await.expect("a pass without trouble")
}

async fn ended_epoch(world: &SolanaWorld) -> (EpochStatement, Action) {
    let statement = world.filing(&world.tree(&[(0, 100), (1, 200)]), 0).await;
    world.pass_epoch(statement.epoch).await;
    world.chain.finalise().await;
    (statement, world.signed_filing(statement))
}

#[tokio::test]
async fn two_operators_file_one_epoch_through_crashes_and_a_rolled_back_slot() {
    let world = World::opened::<LocalnetHarness>().await;
    let (statement, action) = ended_epoch(&world).await;
    let (mine, theirs) = (Disk::default(), Disk::default());

    // both send; each pass is a process of its own
    let Progress::UnderWay(first) = pass(&world, &mine, Role::Operator, &action).await else { panic!("it is sent") };
    let Progress::UnderWay(_) = pass(&world, &theirs, Role::Rival, &action).await else { panic!("it is sent") };
    assert_eq!(pass(&world, &mine, Role::Operator, &action).await, Progress::UnderWay(first.clone()));
    world.chain.mine(1).await;
    assert_eq!(pass(&world, &mine, Role::Operator, &action).await, Progress::UnderWay(first.clone()));

    // the slot goes away, and the same bytes are sent again
    world.chain.reorg(1).await;
    assert_eq!(pass(&world, &mine, Role::Operator, &action).await, Progress::UnderWay(first.clone()));
    assert!(matches!(pass(&world, &theirs, Role::Rival, &action).await, Progress::UnderWay(_)));
    world.chain.mine(1).await;
    world.chain.finalise().await;

    let ends = [pass(&world, &mine, Role::Operator, &action).await, pass(&world, &theirs, Role::Rival, &action).await];
    let ours = ends.iter().filter(|end| matches!(end, Progress::Done(_))).count();
    let others = ends.iter().filter(|end| **end == Progress::DoneByOthers).count();
    assert_eq!((ours, others), (1, 1), "{ends:?}");
    let reader = world.submitter(Role::Stranger).await;
    let accepted = reader.statements(statement.epoch, At::Final).await.expect("a readable distributor");
    assert_eq!(accepted.iter().filter(|accepted| accepted.statement == statement.into()).count(), 1);
}

/// A dead transaction is recorded by whoever resumes, and signed anew by whoever wants it.
#[tokio::test]
async fn an_expired_transaction_is_signed_anew_once_it_is_dead() {
    let world = World::opened::<LocalnetHarness>().await;
    let (statement, action) = ended_epoch(&world).await;
    let disk = Disk::default();
    let submitter: Box<dyn Submitter> = world.chain.submitter(Role::Operator).await;
    let mut journal = Journal::open(disk.clone()).expect("readable rows");
    let Progress::UnderWay(first) = journal.want(&*submitter, &action, FEE).await.expect("sent") else {
        panic!("it is on its way");
    };
    let prepared = journal.live().values().next().cloned().expect("it is on its way");
    world.chain.forget(&prepared).await;
    world.chain.steer("localnet_expire", Value::Null).await;
    for (_, progress) in journal.resume(&*submitter).await {
        assert_eq!(progress.expect("a pass without trouble"), Progress::UnderWay(first.clone()));
    }
    world.chain.finalise().await;
    let resumed = journal.resume(&*submitter).await;
    assert_eq!(resumed.len(), 1);
    assert!(matches!(resumed[0].1, Ok(Progress::Idle)), "{resumed:?}");
    let Progress::UnderWay(second) = pass(&world, &disk, Role::Operator, &action).await else { panic!("it is sent") };
    assert_ne!(first, second);
    world.chain.mine(1).await;
    assert_eq!(world.state().await.head, statement.digest());
}
