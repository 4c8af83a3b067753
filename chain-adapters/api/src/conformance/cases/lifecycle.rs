//! The plain way: open, file, claim.

use liaise_summary::{Epoch, Hash32, Statement};

use super::super::world::{World, claim_of, range_claim_of};
use super::super::{Harness, LocalChain, Role, Rooted};
use crate::{At, HeldRoot, PendingKind, Range, Status};

/// Every step of an epoch's life, with the state that each leaves.
pub async fn an_epoch_from_opening_to_final_claim<H: Harness>() {
    let world = World::start::<H>().await;
    let fresh = world.state().await;
    assert_eq!(fresh.schedule, world.plan.schedule);
    assert_eq!(fresh.delays, world.plan.delays);
    assert_eq!(fresh.notice_epochs, world.plan.notice_epochs);
    assert_eq!(fresh.oracle_set.version, 1);
    assert_eq!(fresh.oracle_set.hash, world.plan.oracle_set.hash());
    assert_eq!((fresh.next, fresh.head, fresh.pending), (Epoch(0), Hash32::ZERO, None));
    assert_eq!(fresh.range, None);

    let opening = world.opening(Epoch(0)).await;
    world.approve(&opening).await;
    world.act(Role::Operator, &world.signed_opening(opening)).await;
    let opened = world.state().await;
    assert_eq!(opened.head, opening.digest());
    assert_eq!(opened.range, None, "an opening that waits does not count yet");
    let pending = opened.pending.expect("an opening waits");
    assert_eq!((pending.kind, pending.digest), (PendingKind::Open, opening.digest()));
    world.pass(world.plan.delays.long_s).await;
    let opened = world.state().await;
    assert_eq!(opened.pending, None);
    assert_eq!(opened.range, Some(Range { first: Epoch(0), end: None, handed_to: None }));

    let tree = world.pay(&[(1, 41), (0, 700), (2, 5)]).await;
    let filing = world.file(&tree, 9).await;
    let filed = world.state().await;
    assert_eq!((filed.next, filed.head), (Epoch(1), filing.digest()));
    assert_eq!((filed.root_sum, filed.owed, filed.unclaimed), (746, 9, 0));
    let pending = filed.pending.expect("an epoch waits");
    assert_eq!((pending.kind, pending.epoch, pending.root), (PendingKind::Epoch, Epoch(0), tree.node()));
    assert_eq!(pending.payable_s, filed.at.time_s + u64::from(world.plan.delays.epoch_s));
    assert_eq!(filed.held.newest, None);

    world.chain.advance_to(pending.payable_s).await;
    let payable = world.state().await;
    assert_eq!(payable.pending, None);
    assert_eq!(payable.held.newest, Some(HeldRoot { epoch: Epoch(0), root: tree.node() }));
    assert_eq!(payable.unclaimed, 746);

    let claim = world.act(Role::Stranger, tree.claim(1)).await;
    assert_eq!(world.paid(&world.chain.payee(1)).await, 41);
    assert_eq!(world.state().await.unclaimed, 705);
    world.chain.finalise().await;
    match world.status(Role::Stranger, &claim).await {
        Status::Final { fee_paid, .. } => assert!(fee_paid <= claim.fee_max.0, "{fee_paid} above {}", claim.fee_max),
        other => panic!("the claim should be final, and is {other:?}"),
    }

    let reader = world.submitter(Role::Stranger).await;
    let accepted = reader.statements(Epoch(0), At::Final).await.expect("a readable distributor");
    let said: Vec<Statement> = accepted.iter().map(|accepted| accepted.statement).collect();
    assert_eq!(said, [opening.into(), filing.into()]);
    assert!(accepted.iter().all(|accepted| accepted.digest == accepted.statement.digest() && !accepted.vetoed));
    assert_eq!(reader.statements(Epoch(1), At::Latest).await.expect("a readable distributor"), []);
}

/// Cumulative leaves pay differences: alone, in runs, again, and under the root before the newest.
pub async fn claims_pay_exactly_what_the_tree_says<H: Harness>() {
    let world = World::opened::<H>().await;
    let first = world.tree(&[(0, 100), (1, 200), (2, 300), (3, 400), (4, 500)]);
    world.file_payable(&first).await;
    world.act(Role::Operator, &claim_of(&first, &world.chain.payee(0))).await;
    world.act(Role::Operator, &range_claim_of(&first, 0, 2)).await;
    let paid_of = async |i: u8| world.paid(&world.chain.payee(i)).await;
    let mut in_first_run = first.leaves()[..4].iter().map(|leaf| leaf.amount).sum::<u64>();
    if first.index_of(&world.chain.payee(0)) == Some(4) {
        in_first_run += 100;
    }
    assert_eq!(
        paid_of(0).await + paid_of(1).await + paid_of(2).await + paid_of(3).await + paid_of(4).await,
        in_first_run
    );

    let amounts: Vec<(u8, u64)> = (0..8).map(|i| (i, 1000 + u64::from(i))).collect();
    let second = world.tree(&amounts);
    world.file_payable(&second).await;
    // the root before still pays what it promised, and not a unit more
    world.act(Role::Operator, &range_claim_of(&first, 4, 0)).await;
    for i in 0..5 {
        assert_eq!(paid_of(i).await, 100 * (u64::from(i) + 1));
    }
    world.act(Role::Operator, &range_claim_of(&second, 0, 3)).await;
    for (i, amount) in amounts {
        assert_eq!(paid_of(i).await, amount);
    }
    // paying nothing is no error
    world.act(Role::Stranger, &claim_of(&second, &world.chain.payee(7))).await;
    world.act(Role::Stranger, &range_claim_of(&first, 0, 2)).await;
    assert_eq!(paid_of(7).await, 1007);
    assert_eq!(world.state().await.unclaimed, 0);
}

/// Until its delay is over a root pays nothing.
pub async fn a_pending_root_pays_nothing<H: Harness>() {
    let world = World::opened::<H>().await;
    let tree = world.pay(&[(0, 100), (1, 200)]).await;
    world.file(&tree, 0).await;
    world.expect_refused(Role::Operator, tree.claim(0), crate::Refusal::Proof).await;
    world.pass(world.plan.delays.epoch_s).await;
    world.act(Role::Operator, tree.claim(0)).await;
    assert_eq!(world.paid(&world.chain.payee(0)).await, 100);
}
