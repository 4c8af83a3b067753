//! P1, P2, P4: order, bounds, delay, veto.

use emission::events::{EpochAccepted, EpochBecamePayable, StatementVetoed};
use emission::{EmissionError, Kind, instruction};
use emission_tests::tree::NO_ROOT;
use emission_tests::world::{EPOCH_DELAY_S, EPOCH_S, GENESIS_S, LONG_DELAY_S, summary};
use emission_tests::{DeepTree, Setup, World};
use liaise_summary::{Epoch, Hash32, Node, sha256, veto_head};
use solana_address::Address;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

/// A root of this sum that nobody claims from.
fn root(sum: u64) -> Node {
    Node { hash: sha256(&[&sum.to_be_bytes()]), sum }
}

fn emission_of(world: &World, epoch: u32) -> u64 {
    world.deployment.rules.schedule().emission.epoch(Epoch(epoch))
}

fn veto(world: &World, by: &Keypair) -> Instruction {
    let data = instruction::Veto { digest: world.state().head, reason: b"false".to_vec() };
    world.calls.act(by.pubkey(), &[by.pubkey()], &data)
}

#[test]
fn an_epoch_is_accepted_and_payable_after_its_delay() {
    let mut world = World::opened(Setup::default());
    let receipt = world.file(0, root(1_000), 50);
    let accepted = receipt.event::<EpochAccepted>();
    let state = world.state();
    assert_eq!((accepted.epoch, accepted.kind, accepted.digest), (0, Kind::Epoch, state.head));
    assert_eq!(accepted.payable_at_s, world.chain.now_s() as u64 + u64::from(EPOCH_DELAY_S));
    assert_eq!((state.books.newest, world.supply()), (None, 0));
    world.later(EPOCH_DELAY_S - 1);
    world.pass(&[world.calls.settle()], &[]);
    assert_eq!(world.supply(), 0);
    world.later(1);
    let payable = world.pass(&[world.calls.settle()], &[]).event::<EpochBecamePayable>();
    assert_eq!((payable.epoch, payable.root_sum, payable.growth), (0, 1_000, 1_000));
    assert_eq!((world.supply(), world.unclaimed(), world.state().books.owed), (1_000, 1_000, 50));
    assert!(world.pass(&[world.calls.settle()], &[]).events::<EpochBecamePayable>().is_empty());
}

#[test]
fn refuses_another_order() {
    let mut world = World::opened(Setup::default());
    world.file_payable(0, root(10));
    world.end(3);
    for epoch in [2, 3, u32::MAX] {
        let submission = world.submission(summary(epoch, root(20), 0));
        world.refuse(submission, &[], EmissionError::EpochOutOfOrder);
    }
    world.file(1, root(20), 0);
}

#[test]
fn refuses_an_epoch_that_has_not_ended() {
    let mut world = World::opened(Setup::default());
    // The first seven had ended before the opening counted.
    for epoch in 0..8 {
        world.file_payable(epoch, root(10));
    }
    world.pass(&[world.calls.settle()], &[]);
    let end_s = GENESIS_S as i64 + 9 * i64::from(EPOCH_S);
    world.chain.set_time(end_s - 1);
    let submission = world.submission(summary(8, root(20), 0));
    world.refuse(submission.clone(), &[], EmissionError::EpochNotEnded);
    world.chain.set_time(end_s);
    world.pass(&[submission], &[]);
}

#[test]
fn refuses_a_second_statement_while_one_is_pending() {
    let mut world = World::opened(Setup::default());
    world.file(0, root(10), 0);
    for epoch in [0, 1] {
        let submission = world.submission(summary(epoch, root(20), 0));
        world.refuse(submission, &[], EmissionError::StatementPending);
    }
}

#[test]
fn refuses_before_the_first_opening() {
    let mut world = World::new(Setup::default());
    world.end(0);
    let submission = world.submission(summary(0, root(10), 0));
    world.refuse(submission, &[], EmissionError::NotOpened);
}

#[test]
fn issued_grows_by_the_emission_at_most() {
    let mut world = World::opened(Setup::default());
    world.end(0);
    let limit = emission_of(&world, 0);
    for (sum, owed) in [(limit + 1, 0), (0, limit + 1), (limit, 1), (u64::MAX, u64::MAX)] {
        let submission = world.submission(summary(0, root(sum), owed));
        world.refuse(submission, &[], EmissionError::IssuedTooMuch);
    }
    world.file(0, root(limit - 5), 5);
    world.later(EPOCH_DELAY_S);
    // What was owed may be paid besides the next epoch's own.
    let second = emission_of(&world, 1);
    let submission = world.submission(summary(1, root(limit + second + 1), 0));
    world.refuse(submission, &[], EmissionError::IssuedTooMuch);
    world.file(1, root(limit + second), 0);
}

#[test]
fn the_root_sum_never_falls() {
    let mut world = World::opened(Setup::default());
    world.file_payable(0, root(100));
    world.end(1);
    let submission = world.submission(summary(1, root(99), 0));
    world.refuse(submission, &[], EmissionError::RootSumFell);
    world.file(1, root(100), 0);
}

#[test]
fn after_the_last_epoch_only_what_is_owed_can_be_paid() {
    let mut world = World::new(Setup::default());
    let last = world.deployment.rules.epochs - 1;
    world.open_from(last);
    let limit = emission_of(&world, last);
    world.file(last, root(limit - 7), 7);
    world.later(EPOCH_DELAY_S);
    world.end(last + 1);
    let submission = world.submission(summary(last + 1, root(limit + 1), 0));
    world.refuse(submission, &[], EmissionError::IssuedTooMuch);
    world.file(last + 1, root(limit), 0);
}

#[test]
fn an_epoch_without_pay_is_filed_like_any_other() {
    let mut world = World::opened(Setup::default());
    world.file_payable(0, NO_ROOT);
    world.file_payable(1, root(10));
    assert_eq!(world.pass(&[world.calls.settle()], &[]).event::<EpochBecamePayable>().growth, 10);
}

#[test]
fn a_late_statement_pays_what_is_owed_and_issues_nothing() {
    let mut world = World::opened(Setup::default());
    world.file(0, root(100), 40);
    world.later(EPOCH_DELAY_S);
    let submission = world.submission(summary(0, root(141), 0));
    world.refuse(submission, &[], EmissionError::IssuedTooMuch);
    let accepted = world.file(0, root(130), 10).event::<EpochAccepted>();
    assert_eq!((accepted.epoch, accepted.kind), (0, Kind::Late));
    world.later(EPOCH_DELAY_S);
    world.pass(&[world.calls.settle()], &[]);
    let books = world.state().books;
    assert_eq!((books.payable_sum(), books.owed, books.next()), (130, 10, 1));
    world.file(1, root(140), 0);
}

#[test]
fn a_late_statement_is_taken_in_any_range_state() {
    let mut world = World::opened(Setup::default());
    world.file(0, root(100), 40);
    world.later(EPOCH_DELAY_S);
    let end = world.deployment.rules.term_epochs;
    let hand_over = world.dao(&instruction::HandOver { end, new_distributor: [9; 32] });
    let authority = world.authority.insecure_clone();
    world.pass(&[hand_over], &[&authority]);
    for epoch in 1..end {
        world.file_payable(epoch, root(100));
    }
    world.end(end);
    let submission = world.submission(summary(end, root(100), 0));
    world.refuse(submission, &[], EmissionError::EpochOutOfRange);
    let accepted = world.file(end - 1, root(100), 0).event::<EpochAccepted>();
    assert_eq!(accepted.kind, Kind::Late);
}

#[test]
fn a_veto_gives_everything_back_and_kills_the_statement() {
    let mut world = World::opened(Setup::default());
    world.file(0, root(60), 5);
    world.later(EPOCH_DELAY_S);
    world.pass(&[world.calls.settle()], &[]);
    let before = world.state().books;
    world.end(1);
    let dead = world.submission(summary(1, root(90), 0));
    world.pass(std::slice::from_ref(&dead), &[]);
    let digest = world.state().head;
    let guardian = world.guardian.insecure_clone();
    let vetoed = world.pass(&[veto(&world, &guardian)], &[&guardian]).event::<StatementVetoed>();
    assert_eq!((vetoed.digest, vetoed.by), (digest, guardian.pubkey()));
    let state = world.state();
    assert_eq!(state.head, veto_head(Hash32(digest), b"false").0);
    assert_eq!(vetoed.new_head, state.head);
    assert_eq!(state.books, emission::Books { veto_used: true, ..before });
    assert_eq!(world.supply(), 60);
    world.refuse(dead, &[], EmissionError::NotAMember);
}

#[test]
fn the_guardian_vetoes_once_the_dao_always() {
    let mut world = World::opened(Setup::default());
    let (guardian, authority) = (world.guardian.insecure_clone(), world.authority.insecure_clone());
    world.file(0, root(60), 0);
    world.pass(&[veto(&world, &guardian)], &[&guardian]);
    let refiled = world.file(0, root(60), 0).event::<EpochAccepted>();
    assert_eq!(refiled.payable_at_s, world.chain.now_s() as u64 + u64::from(LONG_DELAY_S));
    let again = veto(&world, &guardian);
    world.refuse(again, &[&guardian], EmissionError::GuardianVetoUsed);
    world.later(LONG_DELAY_S - 1);
    world.pass(&[veto(&world, &authority)], &[&authority]);
    // The guardian's is still used for this number.
    world.file(0, root(60), 0);
    let again = veto(&world, &guardian);
    world.refuse(again, &[&guardian], EmissionError::GuardianVetoUsed);
    world.later(LONG_DELAY_S);
    // The next statement is another one.
    world.file(1, root(60), 0);
    world.pass(&[veto(&world, &guardian)], &[&guardian]);
}

#[test]
fn no_veto_of_what_is_payable() {
    let mut world = World::opened(Setup::default());
    world.file(0, root(60), 0);
    world.later(EPOCH_DELAY_S);
    let authority = world.authority.insecure_clone();
    let late = veto(&world, &authority);
    world.refuse(late, &[&authority], EmissionError::NothingPending);
}

#[test]
fn a_veto_names_its_statement_and_its_right() {
    let mut world = World::opened(Setup::default());
    world.file(0, root(60), 0);
    let (guardian, stranger) = (world.guardian.insecure_clone(), Keypair::new());
    let other = instruction::Veto { digest: [1; 32], reason: vec![] };
    let call = world.calls.act(guardian.pubkey(), &[guardian.pubkey()], &other);
    world.refuse(call, &[&guardian], EmissionError::OtherStatementPending);
    let call = veto(&world, &stranger);
    world.refuse(call, &[&stranger], EmissionError::NotAuthorized);
    // Named, but without a signature.
    let unsigned = instruction::Veto { digest: world.state().head, reason: vec![] };
    let call = world.calls.act(guardian.pubkey(), &[], &unsigned);
    world.refuse(call, &[], EmissionError::NotAuthorized);
}

#[test]
fn a_late_statement_can_be_vetoed() {
    let mut world = World::opened(Setup::default());
    world.file(0, root(100), 40);
    world.later(EPOCH_DELAY_S);
    world.file(0, root(140), 0);
    let guardian = world.guardian.insecure_clone();
    world.pass(&[veto(&world, &guardian)], &[&guardian]);
    let books = world.state().books;
    assert_eq!((books.payable_sum(), books.owed, books.pending), (100, 40, None));
}

/// The pending root is a slot of its own: while it waits, and after its veto, the two payable ones pay as before.
#[test]
fn a_vetoed_root_never_pays() {
    let mut world = World::opened(Setup::default());
    let (honest, greedy) = (Address::new_unique(), Address::new_unique());
    let good = DeepTree::new(&[(honest, 70), (greedy, 1)], 3);
    let bad = DeepTree::new(&[(honest, 70), (greedy, 500)], 3);
    world.file_payable(0, good.root);
    world.file(1, bad.root, 0);
    let claim = world.claim_of(&bad, bad.place(&greedy));
    world.refuse(claim.clone(), &[], EmissionError::InvalidProof);
    let guardian = world.guardian.insecure_clone();
    world.pass(&[veto(&world, &guardian)], &[&guardian]);
    world.later(LONG_DELAY_S);
    world.refuse(claim, &[], EmissionError::InvalidProof);
    world.claim(&good, good.place(&honest));
    assert_eq!(world.balance(&honest), 70);
}
