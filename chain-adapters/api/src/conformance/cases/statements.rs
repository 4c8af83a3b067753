//! Statements that a distributor must not take.

use liaise_summary::{DistributorId, Epoch, Hash32, NetworkId};

use super::super::world::{PAYOUTS, World};
use super::super::{Harness, LocalChain, Oracles, Role, Rooted};
use crate::{Action, Refusal};

/// Not a second before the epoch has ended.
pub async fn an_early_statement_is_refused<H: Harness>() {
    let world = World::opened::<H>().await;
    let tree = world.tree(&[(0, 100)]);
    // the opening's delay is two epochs: file what has ended already
    for _ in 0..2 {
        world.file_payable(&tree).await;
    }
    let statement = world.filing(&tree, 0).await;
    let end_s = world.plan.schedule.epoch_end_s(statement.epoch).expect("a small epoch");
    assert!(world.state().await.at.time_s < end_s, "the epoch still runs");
    world.expect_refused(Role::Operator, &world.signed_filing(statement), Refusal::NotEnded).await;
    world.chain.advance_to(end_s).await;
    world.act(Role::Operator, &world.signed_filing(statement)).await;
}

/// Another network, distributor, head, set version or epoch, and whatever comes while one is pending.
pub async fn a_statement_out_of_place_is_refused<H: Harness>() {
    let world = World::opened::<H>().await;
    let tree = world.tree(&[(0, 100)]);
    let right = world.filing(&tree, 0).await;
    world.pass_epoch(Epoch(right.epoch.0 + 1)).await;
    let mut network = right;
    network.network = NetworkId([9; 32]);
    let mut distributor = right;
    distributor.distributor = DistributorId([9; 32]);
    let mut head = right;
    head.head = Hash32([9; 32]);
    let mut set = right;
    set.oracle_set = 2;
    let mut epoch = right;
    epoch.epoch = Epoch(right.epoch.0 + 1);
    let cases = [
        (network, Refusal::Foreign),
        (distributor, Refusal::Foreign),
        (head, Refusal::WrongHead),
        (set, Refusal::WrongSet),
        (epoch, Refusal::OutOfOrder),
    ];
    for (statement, refusal) in cases {
        world.expect_refused(Role::Operator, &world.signed_filing(statement), refusal).await;
    }
    world.act(Role::Operator, &world.signed_filing(right)).await;
    let next = world.filing(&tree, 0).await;
    world.expect_refused(Role::Operator, &world.signed_filing(next), Refusal::Busy).await;
}

/// Too few, one twice, a stranger's, over another digest.
pub async fn a_statement_without_a_quorum_is_refused<H: Harness>() {
    let world = World::opened::<H>().await;
    let statement = world.filing(&world.tree(&[(0, 100)]), 0).await;
    world.pass_epoch(statement.epoch).await;
    let submit = |signatures| Action::SubmitEpoch { statement, signatures, payouts: PAYOUTS };
    let full = world.oracles.quorum(statement.digest());

    let few = world.oracles.sign(statement.digest(), full.len() - 1);
    world.expect_refused(Role::Operator, &submit(few), Refusal::NoQuorum).await;
    let mut doubled = full.clone();
    doubled[1] = doubled[0];
    world.expect_refused(Role::Operator, &submit(doubled), Refusal::Signature).await;
    let strangers = Oracles::new(9, 7).quorum(statement.digest());
    world.expect_refused(Role::Operator, &submit(strangers), Refusal::Signature).await;
    let of_something_else = world.oracles.quorum(Hash32([9; 32]));
    world.expect_refused(Role::Operator, &submit(of_something_else), Refusal::Signature).await;
    let mut malleable = full.clone();
    malleable[0].rsv = high_s(malleable[0].rsv);
    world.expect_refused(Role::Operator, &submit(malleable), Refusal::Signature).await;

    world.act(Role::Operator, &submit(full)).await;
}

/// The same signature with n - s for s and the other v: valid on the curve, refused everywhere.
fn high_s(rsv: [u8; 65]) -> [u8; 65] {
    const ORDER: [u8; 32] = secp256k1::constants::CURVE_ORDER;
    let mut high = rsv;
    let mut borrow = 0i16;
    for i in (0..32).rev() {
        let difference = i16::from(ORDER[i]) - i16::from(rsv[32 + i]) - borrow;
        borrow = i16::from(difference < 0);
        high[32 + i] = u8::try_from(difference + 256 * borrow).expect("one byte");
    }
    high[64] ^= 1;
    high
}

/// Issued grows by at most the epoch's emission, tree and owed together; the tree never shrinks.
pub async fn a_statement_above_the_bound_is_refused<H: Harness>() {
    let world = World::opened::<H>().await;
    let emission = world.plan.schedule.emission.epoch(Epoch(0));
    let all = world.tree(&[(0, emission)]);
    let above = world.tree(&[(0, emission + 1)]);
    world.pass_epoch(Epoch(0)).await;
    let too_much = world.filing(&above, 0).await;
    world.expect_refused(Role::Operator, &world.signed_filing(too_much), Refusal::Bound).await;
    let too_much_owed = world.filing(&all, 1).await;
    world.expect_refused(Role::Operator, &world.signed_filing(too_much_owed), Refusal::Bound).await;
    world.file_payable(&all).await;
    if world.chain.pays_in_batches() {
        return;
    }
    let shrunk = world.tree(&[(0, emission - 1)]);
    let fallen = world.filing(&shrunk, 1).await;
    world.pass_epoch(fallen.epoch).await;
    world.expect_refused(Role::Operator, &world.signed_filing(fallen), Refusal::Bound).await;
}

/// Under the last filed number owed pay moves into the tree, and nothing is issued.
pub async fn a_late_statement_pays_what_was_owed<H: Harness>() {
    let world = World::opened::<H>().await;
    world.file(&world.pay(&[(0, 100)]).await, 40).await;
    world.pass(world.plan.delays.epoch_s).await;
    let amounts = world.after(&[(0, 100)], &[(1, 30)]);
    let tree = world.pay_of(Epoch(0), &amounts);
    let mut late = world.filing(&tree, 10).await;
    late.epoch = Epoch(0);
    let mut inflated = late;
    inflated.owed = 11;
    world.expect_refused(Role::Operator, &world.signed_filing(inflated), Refusal::Bound).await;
    world.act(Role::Operator, &world.signed_filing(late)).await;
    let state = world.state().await;
    assert_eq!((state.next, state.owed, state.root_sum), (Epoch(1), 10, tree.node().sum));
    world.pass(world.plan.delays.epoch_s).await;
    world.act(Role::Operator, tree.claim(1)).await;
    assert_eq!(world.paid(&world.chain.payee(1)).await, 30);
}
