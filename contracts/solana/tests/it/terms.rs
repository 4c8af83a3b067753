//! P6, P8: ranges, openings, rotations.

use emission::events::{HandedOver, OpenAccepted, OpenApproved, OracleSetRotated, RangeOpened};
use emission::{EmissionError, OPEN_ENDED, Oracles, instruction};
use emission_tests::tree::NO_ROOT;
use emission_tests::world::{EPOCH_DELAY_S, LONG_DELAY_S, summary};
use emission_tests::{OracleKeys, Setup, World};
use liaise_summary::{DistributorId, Hash32, OpenStatement, OracleSet};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

const OTHER: [u8; 32] = [9; 32];

fn hand_over(world: &World, end: u32) -> Instruction {
    world.dao(&instruction::HandOver { end, new_distributor: OTHER })
}

fn approval(world: &World, by: &Keypair, first: u32, old: [u8; 32]) -> Instruction {
    let data = instruction::ApproveOpen { first, old, head: world.state().head };
    world.calls.act(by.pubkey(), &[by.pubkey()], &data)
}

fn opening(world: &World, first: u32, old: [u8; 32]) -> Instruction {
    let digest = world.opening(first, old).digest();
    world.calls.open(first, old, world.oracles.quorum(&digest))
}

#[test]
fn a_hand_over_ends_the_range_irrevocably() {
    let mut world = World::opened(Setup::default());
    let authority = world.authority.insecure_clone();
    let receipt = world.pass(&[hand_over(&world, 180)], &[&authority]);
    let event = receipt.event::<HandedOver>();
    assert_eq!((event.end, event.new_distributor), (180, OTHER));
    assert_eq!((world.state().books.end, world.state().handed_to), (180, OTHER));
    for end in [180, 360] {
        let again = hand_over(&world, end);
        world.refuse(again, &[&authority], EmissionError::AlreadyHandedOver);
    }
}

#[test]
fn a_hand_over_needs_a_boundary_and_notice() {
    let mut world = World::new(Setup::default());
    let authority = world.authority.insecure_clone();
    let early = hand_over(&world, 180);
    world.refuse(early, &[&authority], EmissionError::NotOpened);
    world.open_from(10);
    for end in [0, 10, 180, 189, 191, OPEN_ENDED] {
        let crooked = hand_over(&world, end);
        world.refuse(crooked, &[&authority], EmissionError::InvalidHandOver);
    }
    for epoch in 10..183 {
        world.file_payable(epoch, NO_ROOT);
    }
    world.file(183, NO_ROOT, 0);
    // The next to be filed, what is pending counted, is 184: seven epochs before 191.
    let late = hand_over(&world, 190);
    world.refuse(late, &[&authority], EmissionError::InvalidHandOver);
    let nobody = world.dao(&instruction::HandOver { end: 370, new_distributor: [0; 32] });
    world.refuse(nobody, &[&authority], EmissionError::ZeroDistributor);
    world.pass(&[hand_over(&world, 370)], &[&authority]);
}

#[test]
fn seven_epochs_are_notice_enough() {
    let mut world = World::opened(Setup::default());
    let authority = world.authority.insecure_clone();
    for epoch in 0..173 {
        world.file_payable(epoch, NO_ROOT);
    }
    assert_eq!(world.state().books.pending.map(|pending| pending.root.epoch), Some(172));
    world.pass(&[hand_over(&world, 180)], &[&authority]);
}

#[test]
fn only_the_dao_hands_over() {
    let mut world = World::opened(Setup::default());
    let guardian = world.guardian.insecure_clone();
    let data = instruction::HandOver { end: 180, new_distributor: OTHER };
    let call = world.calls.act(guardian.pubkey(), &[guardian.pubkey()], &data);
    world.refuse(call, &[&guardian], EmissionError::NotAuthorized);
    let unsigned = world.calls.act(world.authority.pubkey(), &[], &data);
    world.refuse(unsigned, &[], EmissionError::NotAuthorized);
}

#[test]
fn opening_needs_the_dao_and_the_quorum_and_the_long_delay() {
    let mut world = World::new(Setup::default());
    let (authority, guardian) = (world.authority.insecure_clone(), world.guardian.insecure_clone());
    let unapproved = opening(&world, 5, OTHER);
    world.refuse(unapproved, &[], EmissionError::OpenNotApproved);
    let stranger = approval(&world, &guardian, 5, OTHER);
    world.refuse(stranger, &[&guardian], EmissionError::NotAuthorized);
    let approved = world.pass(&[approval(&world, &authority, 5, OTHER)], &[&authority]).event::<OpenApproved>();
    assert_eq!((approved.first, approved.old, approved.by), (5, OTHER, authority.pubkey()));
    for (first, old) in [(6, OTHER), (5, [0; 32])] {
        let other = opening(&world, first, old);
        world.refuse(other, &[], EmissionError::OpenNotApproved);
    }
    let digest = world.opening(5, OTHER).digest();
    let few = world.calls.open(5, OTHER, world.oracles.sign(&digest, 0..4));
    world.refuse(few, &[], EmissionError::NoQuorum);
    let accepted = world.pass(&[opening(&world, 5, OTHER)], &[]).event::<OpenAccepted>();
    assert_eq!(accepted.payable_at_s, world.chain.now_s() as u64 + u64::from(LONG_DELAY_S));
    assert_eq!((accepted.digest, world.state().approval), (world.state().head, None));
    world.later(LONG_DELAY_S - 1);
    world.pass(&[world.calls.settle()], &[]);
    assert_eq!(world.state().books.end, 0);
    world.later(1);
    assert_eq!(world.pass(&[world.calls.settle()], &[]).event::<RangeOpened>().first, 5);
    let books = world.state().books;
    assert_eq!((books.start, books.end, books.next()), (5, OPEN_ENDED, 5));
}

#[test]
fn an_opening_binds_schedule_and_delays() {
    let mut world = World::new(Setup::default());
    world.approve(0, [0; 32]);
    let signed = world.opening(0, [0; 32]);
    let others = [
        OpenStatement { schedule: Hash32([1; 32]), ..signed },
        OpenStatement { epoch_delay_s: 1, ..signed },
        OpenStatement { long_delay_s: 1, ..signed },
        OpenStatement { distributor: DistributorId(OTHER), ..signed },
        OpenStatement { old: DistributorId(OTHER), ..signed },
    ];
    for other in others {
        let call = world.calls.open(0, [0; 32], world.oracles.quorum(&other.digest()));
        world.refuse(call, &[], EmissionError::NotAMember);
    }
    world.pass(&[opening(&world, 0, [0; 32])], &[]);
}

#[test]
fn an_opening_can_be_vetoed_and_leaves_the_range_as_it_was() {
    let mut world = World::opened(Setup::default());
    let (authority, guardian) = (world.authority.insecure_clone(), world.guardian.insecure_clone());
    world.pass(&[hand_over(&world, 180)], &[&authority]);
    let before = world.state().books;
    world.approve(360, OTHER);
    world.pass(&[opening(&world, 360, OTHER)], &[]);
    let data = instruction::Veto { digest: world.state().head, reason: b"no".to_vec() };
    let veto = world.calls.act(guardian.pubkey(), &[guardian.pubkey()], &data);
    world.pass(&[veto], &[&guardian]);
    let books = world.state().books;
    assert_eq!((books.start, books.end, books.next()), (before.start, before.end, before.next()));
    // It needs an approval over the new head.
    let unapproved = opening(&world, 360, OTHER);
    world.refuse(unapproved, &[], EmissionError::OpenNotApproved);
}

#[test]
fn an_approval_is_for_one_head() {
    let mut world = World::new(Setup::default());
    let authority = world.authority.insecure_clone();
    world.approve(0, [0; 32]);
    let data = instruction::Advance { head: [0; 32], reason: b"split".to_vec() };
    world.pass(&[world.dao(&data)], &[&authority]);
    let stale = opening(&world, 0, [0; 32]);
    world.refuse(stale, &[], EmissionError::OpenNotApproved);
}

#[test]
fn nothing_is_filed_or_handed_over_while_an_opening_is_pending() {
    let mut world = World::opened(Setup::default());
    let authority = world.authority.insecure_clone();
    world.approve(400, OTHER);
    world.pass(&[opening(&world, 400, OTHER)], &[]);
    let submission = world.submission(summary(0, NO_ROOT, 0));
    world.refuse(submission, &[], EmissionError::StatementPending);
    let hand_over = hand_over(&world, 180);
    world.refuse(hand_over, &[&authority], EmissionError::StatementPending);
    let second = opening(&world, 400, OTHER);
    world.refuse(second, &[], EmissionError::StatementPending);
}

#[test]
fn an_opening_starts_at_the_next_epoch_or_later() {
    let mut world = World::opened(Setup::default());
    world.file_payable(0, NO_ROOT);
    world.file_payable(1, NO_ROOT);
    world.pass(&[world.calls.settle()], &[]);
    for first in [0, 1, OPEN_ENDED] {
        world.approve(first, OTHER);
        let early = opening(&world, first, OTHER);
        world.refuse(early, &[], EmissionError::OpenTooEarly);
    }
    world.approve(2, OTHER);
    world.pass(&[opening(&world, 2, OTHER)], &[]);
}

#[test]
fn a_later_range_is_opened_again_with_the_same_tree_and_debt() {
    let mut world = World::opened(Setup::default());
    let authority = world.authority.insecure_clone();
    let tree = emission_tests::DeepTree::new(&[(solana_address::Address::new_unique(), 500)], 4);
    world.file(0, tree.root, 70);
    world.later(EPOCH_DELAY_S);
    world.pass(&[hand_over(&world, 180)], &[&authority]);
    world.open_from(720);
    world.end(720);
    world.claim(&tree, 0);
    let books = world.state().books;
    assert_eq!((books.start, books.owed, books.payable_sum()), (720, 70, tree.root.sum));
    assert_eq!(world.balance(&tree.payee(0)), 500);
}

#[test]
fn sets_are_rotated_one_version_at_a_time() {
    let mut world = World::new(Setup::default());
    let authority = world.authority.insecure_clone();
    let next = OracleKeys::new(20, 15);
    let rotate = |world: &World, version| {
        let data = instruction::Rotate { version, keys: next.compressed() };
        world.calls.rotate(authority.pubkey(), &[authority.pubkey()], &data)
    };
    for version in [0, 1, 3, u32::MAX] {
        let crooked = rotate(&world, version);
        world.refuse(crooked, &[&authority], EmissionError::WrongSetVersion);
    }
    let event = world.pass(&[rotate(&world, 2)], &[&authority]).event::<OracleSetRotated>();
    let set = OracleSet::new(2, next.compressed()).expect("a set");
    assert_eq!((event.version, event.set_hash, &event.keys), (2, set.hash().0, &next.compressed()));
    let stored = world.chain.read::<Oracles>(&world.calls.oracles);
    assert_eq!((stored.set_version, stored.keys), (2, next.compressed()));
    // And to a smaller one: what is left of the larger one counts for nothing.
    let data = instruction::Rotate { version: 3, keys: OracleKeys::new(0, 5).compressed() };
    let call = world.calls.rotate(authority.pubkey(), &[authority.pubkey()], &data);
    world.pass(&[call], &[&authority]);
    assert_eq!(world.chain.read::<Oracles>(&world.calls.oracles).keys.len(), 5);
}

#[test]
fn a_set_has_five_to_fifteen_ascending_points_of_the_curve() {
    let mut world = World::new(Setup::default());
    let authority = world.authority.insecure_clone();
    let good = OracleKeys::new(0, 7).compressed();
    let with = |change: &dyn Fn(&mut Vec<[u8; 33]>)| {
        let mut keys = good.clone();
        change(&mut keys);
        keys
    };
    // 5 is no point's x on secp256k1; 2^256 - 1 is above the field.
    let off = |x: [u8; 32]| {
        let mut key = [0; 33];
        key[0] = 2;
        key[1..].copy_from_slice(&x);
        key
    };
    let mut five = [0; 32];
    five[31] = 5;
    let cases = [
        (with(&|keys| keys.truncate(4)), EmissionError::SetSize),
        (OracleKeys::new(0, 16).compressed(), EmissionError::SetSize),
        (vec![], EmissionError::SetSize),
        (with(&|keys| keys.swap(0, 1)), EmissionError::KeysNotAscending),
        (with(&|keys| keys[1] = keys[0]), EmissionError::KeysNotAscending),
        (with(&|keys| keys[6][0] = 4), EmissionError::NotCompressed),
        (with(&|keys| keys[0] = off(five)), EmissionError::NotOnCurve),
        (with(&|keys| keys[0] = off([0; 32])), EmissionError::NotOnCurve),
        (
            with(&|keys| {
                keys[6] = {
                    let mut key = off([0xff; 32]);
                    key[0] = 3;
                    key
                }
            }),
            EmissionError::NotOnCurve,
        ),
    ];
    for (keys, error) in cases {
        let data = instruction::Rotate { version: 2, keys };
        let call = world.calls.rotate(authority.pubkey(), &[authority.pubkey()], &data);
        world.refuse(call, &[&authority], error);
    }
}
