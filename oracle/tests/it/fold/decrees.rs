//! Decrees: numbered, chained, signed; what they change and from when.

use liaise_ledger::Hash;
use liaise_ledger::body::{Act, CertifyDecree, DecreeValue, DistributorDecree, RowDecree, WithdrawDecree};
use liaise_oracle::fold::{AdapterState, TermRow, table};
use serde_bytes::ByteBuf;

use super::world::{ADAPTER, World, at, parameters};

const HERE: Hash = Hash([5; 32]);

fn distributor() -> DecreeValue {
    DecreeValue::Distributor(DistributorDecree {
        chain: "eip155:42161".parse().unwrap(),
        distributor: HERE,
        address: "0x00".into(),
        code: Hash([6; 32]),
        authority: "0x01".into(),
        guardian: "0x02".into(),
        epoch_delay_s: 1,
        long_delay_s: 2,
        notice_epochs: 7,
        guarded_until_s: 3,
    })
}

fn row(first: i64, new: Hash, old: Hash) -> DecreeValue {
    DecreeValue::Row(RowDecree { first, new, old })
}

fn certify(adapter: Hash) -> DecreeValue {
    DecreeValue::Certify(CertifyDecree { adapter, manifest: ByteBuf::new() })
}

fn chained(world: &World, values: Vec<(i64, DecreeValue)>) -> Vec<Act> {
    let mut previous = None;
    let acts = (1u32..).zip(values).map(|(number, (effective, value))| {
        let act = world.act(number, previous, effective, value);
        previous = Some(act.digest());
        act
    });
    acts.collect()
}

#[test]
fn the_first_row_and_its_distributor_count_from_their_seal() {
    let mut world = World::new(4, parameters());
    let acts = chained(&world, vec![(0, distributor()), (0, row(0, HERE, Hash::ZERO))]);
    for act in acts.into_iter().rev() {
        world.decree(act, at(-1, 7_000));
    }
    let folded = world.fold_until(-1).pop().unwrap();
    let shared = &folded.next.shared;
    assert_eq!((shared.decree, folded.block.decree), (2, 2));
    assert_eq!(shared.distributor(&HERE).map(|decreed| decreed.value.epoch_delay_s), Some(1));
    let first = TermRow { first: 0, distributor: HERE, old: Hash::ZERO, is_decreed: true };
    assert_eq!(table(&shared.rows, &[]), [first]);
}

#[test]
fn a_decree_waits_for_its_number() {
    let mut world = World::new(4, parameters());
    let acts = chained(&world, vec![(0, distributor()), (0, row(2, HERE, Hash::ZERO))]);
    let waiting = world.decree(acts[1].clone(), at(0, 2_000));
    let folded = world.fold_until(0).pop().unwrap();
    assert_eq!(folded.next.shared.decree, 0);
    assert!(folded.next.carry.contains_key(&waiting));
    world.decree(acts[0].clone(), at(1, 2_000));
    let folded = world.fold_until(1).pop().unwrap();
    assert_eq!((folded.next.shared.decree, folded.next.shared.rows.len()), (2, 1));
    assert!(folded.next.carry.is_empty());
}

#[test]
fn a_row_that_breaks_a_rule_takes_no_number() {
    let elsewhere = Hash([6; 32]);
    for (name, value, counts) in [
        ("in the seal before its first epoch", row(1, HERE, Hash::ZERO), true),
        ("in the seal of its first epoch", row(0, HERE, Hash::ZERO), false),
        ("a distributor that nobody decreed", row(1, elsewhere, Hash::ZERO), false),
        ("taken from somebody before anybody had it", row(1, HERE, elsewhere), false),
        ("taken from itself", row(1, HERE, HERE), false),
    ] {
        let mut world = World::new(4, parameters());
        for act in chained(&world, vec![(0, distributor()), (0, value)]) {
            world.decree(act, at(0, 2_000));
        }
        let shared = world.fold_until(0).pop().unwrap().next.shared.clone();
        assert_eq!((shared.decree, shared.rows.len()), if counts { (2, 1) } else { (1, 0) }, "{name}");
    }
    let mut world = World::new(4, parameters());
    let rows = [row(3, HERE, Hash::ZERO), row(3, HERE, elsewhere)];
    let values = std::iter::once(distributor()).chain(rows).map(|value| (0, value)).collect();
    for act in chained(&world, values) {
        world.decree(act, at(0, 2_000));
    }
    assert_eq!(world.fold_until(0).pop().unwrap().next.shared.decree, 2, "two rows for one epoch");
}

#[test]
fn adapters_come_and_go_two_epochs_after_the_seal() {
    let mut world = World::new(4, parameters());
    let new = Hash([9; 32]);
    let withdraw = DecreeValue::Withdraw(WithdrawDecree { adapter: ADAPTER, reason: "superseded".into() });
    let acts = chained(&world, vec![(2, certify(new)), (3, withdraw)]);
    world.decree(world.act(1, None, 1, certify(new)), at(0, 2_000));
    for act in acts {
        world.decree(act, at(0, 2_100));
    }
    let folded = world.fold_until(0).pop().unwrap();
    let shared = &folded.next.shared;
    assert_eq!(shared.decree, 2, "the one effective at once is not the first");
    let certified = AdapterState { id: new, max_units: None, from: 2, until: None };
    assert_eq!((shared.certified(&new, 1), shared.certified(&new, 2)), (None, Some(&certified)));
    assert!(shared.certified(&ADAPTER, 2).is_some() && shared.certified(&ADAPTER, 3).is_none());
}

#[test]
fn too_few_signatures_or_another_network_decree_nothing() {
    let mut world = World::new(4, parameters());
    let foreign = Act { network: Hash([1; 32]), ..world.act(1, None, 0, distributor()) };
    world.decree(foreign, at(0, 2_000));
    world.decree_by(world.act(1, None, 0, distributor()), 1, at(0, 2_000));
    assert_eq!(world.fold_until(0).pop().unwrap().next.shared.decree, 0);
    world.decree_by(world.act(1, None, 1, distributor()), 3, at(1, 2_000));
    assert_eq!(world.fold_until(1).pop().unwrap().next.shared.decree, 1);
}
