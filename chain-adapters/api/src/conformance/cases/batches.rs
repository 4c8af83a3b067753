//! Pay in batches of an epoch's own, where a chain has no leaf for each payee.

use liaise_summary::Payout;

use super::super::world::World;
use super::super::{Harness, LocalChain, Role, Rooted};
use crate::{Action, At, Refusal};

/// Each epoch pays its own, in order, once; an older epoch's pay never goes stale.
pub async fn epochs_are_paid_batch_after_batch<H: Harness>() {
    let world = World::opened::<H>().await;
    let first = world.pay(&[(0, 100), (1, 200), (2, 300)]).await;
    world.file_payable(&first).await;
    // the second batch waits for the first
    world.expect_refused(Role::Operator, first.claim(1), Refusal::Proof).await;
    world.act(Role::Operator, first.claim(0)).await;
    world.expect_refused(Role::Operator, first.claim(0), Refusal::Proof).await;
    world.act(Role::Stranger, first.claim(1)).await;
    assert_eq!(world.state().await.unclaimed, 300);
    let told = world.submitter(Role::Stranger).await;
    let batches = told.batches().expect("the chain pays in batches");
    let unpaid = batches.unpaid(At::Latest).await.expect("readable");
    let [left] = unpaid[..] else { panic!("one filing holds pay: {unpaid:?}") };
    assert_eq!((left.root, left.next_batch, left.amount), (first.node(), 2, 300));
    for amount in [10, 20] {
        let tree = world.pay(&[(0, amount)]).await;
        world.file_payable(&tree).await;
        world.act(Role::Rival, tree.claim(0)).await;
    }
    world.act(Role::Stranger, first.claim(2)).await;
    assert_eq!(world.state().await.unclaimed, 0);
    assert_eq!((world.paid(&world.chain.payee(0)).await, world.paid(&world.chain.payee(2)).await), (130, 300));
    assert_eq!(batches.unpaid(At::Latest).await.expect("readable"), []);
    let paid = batches.payouts(&world.chain.payee(0), At::Latest).await.expect("readable");
    assert_eq!(paid.iter().map(|paid| (paid.epoch.0, paid.amount)).collect::<Vec<_>>(), [(0, 100), (1, 10), (2, 20)]);
    let last = batches.payouts(&world.chain.payee(2), At::Latest).await.expect("readable");
    assert_eq!((last.len(), last[0].batch, last[0].amount), (1, 2, 300));
    assert_ne!(last[0].transaction, paid[0].transaction);
    world.chain.finalise().await;
    assert_eq!(world.paid(&world.chain.payee(0)).await, 130);
    world.expect_refused(Role::Operator, first.claim(2), Refusal::Proof).await;
}

/// Amount, payee, number, a sibling, a batch too long or empty: each alone makes it worthless.
pub async fn a_forged_batch_is_refused<H: Harness>() {
    let world = World::opened::<H>().await;
    let tree = world.pay(&[(0, 100), (1, 200), (2, 300)]).await;
    world.file_payable(&tree).await;
    let forged = |change: &dyn Fn(&mut Action)| {
        let mut action = tree.claim(0).clone();
        change(&mut action);
        action
    };
    let other = world.chain.payee(9).to_20().expect("a payee of twenty bytes");
    let forgeries: [&dyn Fn(&mut Action); 9] = [
        &|action| payouts(action)[0].amount += 1,
        &|action| payouts(action)[0].pubkey_hash = other,
        &|action| payouts(action).clear(),
        &|action| {
            let twice = payouts(action)[0];
            payouts(action).push(twice);
        },
        &|action| proof(action).index = 1,
        &|action| proof(action).index = 4,
        &|action| proof(action).siblings[0].hash.0[31] ^= 1,
        &|action| proof(action).siblings[1].sum += 1,
        &|action| {
            proof(action).siblings.pop();
        },
    ];
    for change in forgeries {
        world.expect_refused(Role::Operator, &forged(change), Refusal::Proof).await;
    }
    world.act(Role::Operator, tree.claim(0)).await;
    assert_eq!(world.paid(&world.chain.payee(0)).await, 100);
}

fn payouts(action: &mut Action) -> &mut Vec<Payout> {
    let Action::Crank { payouts, .. } = action else { unreachable!("the chain pays in batches") };
    payouts
}

fn proof(action: &mut Action) -> &mut liaise_summary::Proof {
    let Action::Crank { proof, .. } = action else { unreachable!("the chain pays in batches") };
    proof
}

/// Script knows no "not after": a payable statement can be stopped until its first batch is paid.
pub async fn a_veto_comes_before_the_first_batch_or_not_at_all<H: Harness>() {
    let world = World::opened::<H>().await;
    let before = world.state().await;
    let tree = world.pay(&[(0, 100), (1, 200)]).await;
    let statement = world.file_payable(&tree).await;
    let veto = Action::Veto { digest: statement.digest(), reason: b"it pays a stranger".to_vec() };
    world.act(Role::Guardian, &veto).await;
    let after = world.state().await;
    assert_eq!((after.next, after.root_sum, after.unclaimed), (before.next, before.root_sum, 0));
    world.expect_refused(Role::Operator, tree.claim(0), Refusal::Proof).await;

    world.file(&tree, 0).await;
    world.pass(world.plan.delays.long_s).await;
    world.act(Role::Operator, tree.claim(0)).await;
    let digest = world.state().await.head;
    let veto = Action::Veto { digest, reason: b"too late".to_vec() };
    world.expect_refused(Role::Authority, &veto, Refusal::NothingPending).await;
    assert_eq!(world.paid(&world.chain.payee(0)).await, 100);
}
