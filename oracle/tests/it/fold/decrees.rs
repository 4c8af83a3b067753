//! Decrees: numbered, chained, signed; what they change and from when.

use cid::Cid;
use liaise_ledger::body::{
    Act, Body, CertifyDecree, DaoSignature, Decree, DecreeValue, DistributorDecree, RowDecree, WithdrawDecree,
};
use liaise_ledger::hash::{DAG_CBOR, blob_cid};
use liaise_ledger::message::Place;
use liaise_ledger::{Author, Draft, Hash, Signer};
use liaise_oracle::fold::{AdapterState, TermRow, table};
use secp256k1::global::SECP256K1;
use secp256k1::{Message, PublicKey, SecretKey};
use serde_bytes::{ByteArray, ByteBuf};

use super::world::{ADAPTER, World, at, parameters, secret};

impl World {
    /// A decree of the DAO's threshold.
    pub fn decree(&mut self, act: Act, at_ms: u64) -> Cid {
        self.decree_by(act, 2, at_ms)
    }

    /// A decree with so many of the DAO's three signatures.
    pub fn decree_by(&mut self, act: Act, signers: usize, at_ms: u64) -> Cid {
        let digest = Message::from_digest(act.digest().0);
        let mut keys: Vec<(SecretKey, [u8; 33])> = (0..3)
            .map(|n| SecretKey::from_byte_array(secret("dao", n)).unwrap())
            .map(|key| (key, PublicKey::from_secret_key_global(&key).serialize()))
            .collect();
        keys.sort_by_key(|(_, public)| *public);
        let signatures = keys[..signers].iter().map(|(key, public)| DaoSignature {
            key: ByteArray::new(*public),
            signature: ByteArray::new(SECP256K1.sign_ecdsa(digest, key).serialize_compact()),
        });
        let body = Body::Decree(Decree { act: act.clone(), signatures: signatures.collect() });
        let author = Author::Dao(keys[0].1);
        let draft = Draft { author, parents: vec![], task: None, time_ms: 0, body };
        // a place of its own for each act, so that two of them are no equivocation
        let before = Hash::from_cid(&blob_cid(&act.digest().0)).unwrap().to_cid(DAG_CBOR);
        let seq = u64::from_be_bytes(act.digest().0[..8].try_into().unwrap()) >> 16;
        let mut place = Place { seq: seq + 1, prev: Some(before) };
        let message = draft.sign(self.network, &Signer::Secp256k1(keys[0].0), &mut place).unwrap();
        self.hear(message, at_ms)
    }

    /// An act with the next number.
    pub fn act(&self, number: u32, previous: Option<Hash>, effective: i64, value: DecreeValue) -> Act {
        Act { number, previous, network: self.network, effective, proposal: None, value }
    }
}

const HERE: Hash = Hash([5; 32]);

fn distributor() -> DecreeValue {
    deployment(HERE, Hash([6; 32]))
}

/// A deployment on an account chain.
pub fn deployment(distributor: Hash, code: Hash) -> DecreeValue {
    DecreeValue::Distributor(DistributorDecree {
        chain: "eip155:42161".parse().unwrap(),
        distributor,
        address: "0x00".into(),
        code,
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
