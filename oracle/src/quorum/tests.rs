use super::*;
use liaise_summary::{DistributorId, Epoch, NetworkId};
use std::cell::RefCell;

#[derive(Default)]
struct MemoryGuard(RefCell<BTreeMap<Vec<u8>, Vec<u8>>>, bool);

impl SignGuard for MemoryGuard {
    fn load(&self, slot: &[u8]) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.borrow().get(slot).cloned())
    }
    fn replace(&self, slot: &[u8], expected: Option<&[u8]>, value: &[u8]) -> Result<bool, String> {
        if self.1 {
            return Err("disk full".into());
        }
        let mut rows = self.0.borrow_mut();
        if rows.get(slot).map(Vec::as_slice) != expected {
            return Ok(false);
        }
        rows.insert(slot.to_vec(), value.to_vec());
        Ok(true)
    }
}

fn key(n: u8) -> OracleKey {
    OracleKey::from_bytes([n; 32]).expect("a valid key")
}

fn set(version: u32) -> OracleSet {
    let mut keys: Vec<_> = (1..=7).map(|n| key(n).public()).collect();
    keys.sort_unstable();
    OracleSet::new(version, keys).expect("a valid set")
}

fn statement(root_sum: u64, oracle_set: u32) -> EpochStatement {
    EpochStatement {
        network: NetworkId([1; 32]),
        distributor: DistributorId([2; 32]),
        epoch: Epoch(3),
        oracle_set,
        head: Hash32([4; 32]),
        root_hash: Hash32([5; 32]),
        root_sum,
        owed: 0,
        artefact: Hash32([6; 32]),
    }
}

#[test]
fn a_quorum_is_assembled_in_ascending_order() {
    let filed = statement(7, 1);
    let mut tally = Tally::new(&filed.encode(), set(1));
    for n in (1..=7).rev() {
        assert_eq!(tally.quorum().is_some(), n < 3, "five of seven");
        let signature = sign(&key(n), &MemoryGuard::default(), &filed.into()).expect("signed");
        let vote = vote(&filed.into(), &signature, None, None);
        assert!(tally.add(&key(n).public(), &vote).expect("valid"));
        assert!(!tally.add(&key(n).public(), &vote).expect("valid"), "counted once");
    }
    let signatures = tally.quorum().expect("a quorum");
    assert_eq!((tally.len(), signatures.len()), (7, 5));
    check_signatures(&filed, &set(1), &signatures).expect("valid");
    assert!(check_signatures(&filed, &set(1), &signatures[1..]).is_err());
    assert!(check_signatures(&statement(8, 1), &set(1), &signatures).is_err());
    assert!(check_signatures(&filed, &set(2), &signatures).is_err());
}

#[test]
fn strangers_forgers_and_high_s_are_refused() {
    let filed = statement(7, 1);
    let mut tally = Tally::new(&filed.encode(), set(1));
    let signature = sign(&key(9), &MemoryGuard::default(), &filed.into()).expect("signed");
    let good = vote(&filed.into(), &signature, None, None);
    assert!(matches!(tally.add(&key(9).public(), &good), Err(QuorumError::Set(SetError::NotAMember { .. }))));
    assert!(matches!(tally.add(&key(1).public(), &good), Err(QuorumError::Signature(_))));
    let other = vote(&statement(8, 1).into(), &signature, None, None);
    assert!(matches!(tally.add(&key(9).public(), &other), Err(QuorumError::NotOurs(_))));
    let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    let order: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&order[2 * i..2 * i + 2], 16).expect("hex")).collect();
    let mut high = signature.rsv;
    let mut borrow = 0i32;
    for i in (0..32).rev() {
        let digit = i32::from(order[i]) - i32::from(high[32 + i]) - borrow;
        borrow = i32::from(digit < 0);
        high[32 + i] = u8::try_from(digit.rem_euclid(256)).expect("a byte");
    }
    high[64] ^= 1;
    let refused = recover(&filed.encode(), &high).expect_err("the same signature with high s");
    assert!(refused.to_string().contains("s is high"), "{refused}");
    let mut foreign = signature.rsv;
    foreign[64] = 27;
    assert!(recover(&filed.encode(), &foreign).is_err());
}

#[test]
fn one_content_for_a_head_and_the_same_again_under_a_newer_set() {
    let (key, guard) = (key(1), MemoryGuard::default());
    let first = sign(&key, &guard, &statement(7, 1).into()).expect("the first");
    assert_eq!(sign(&key, &guard, &statement(7, 1).into()).expect("again"), first);
    assert!(matches!(sign(&key, &guard, &statement(8, 1).into()), Err(QuorumError::SignedOther { .. })));
    sign(&key, &guard, &statement(7, 2).into()).expect("the same under a newer set");
    assert!(matches!(sign(&key, &guard, &statement(8, 2).into()), Err(QuorumError::SignedOther { .. })));
    assert!(matches!(sign(&key, &guard, &statement(7, 1).into()), Err(QuorumError::OlderSet { newest: 2, found: 1 })));
    let elsewhere = EpochStatement { head: Hash32([9; 32]), ..statement(8, 1) };
    sign(&key, &guard, &elsewhere.into()).expect("another head");
}

#[test]
fn nothing_is_signed_that_the_guard_did_not_write() {
    let guard = MemoryGuard(RefCell::default(), true);
    assert!(matches!(sign(&key(1), &guard, &statement(7, 1).into()), Err(QuorumError::Guard(_))));
    let history = liaise_ledger::hash::block_cid(b"history");
    assert!(matches!(attest(&key(1), &guard, Hash::ZERO, 3, &history), Err(QuorumError::Guard(_))));
}

#[test]
fn an_epoch_has_one_attested_history() {
    let (guard, network) = (MemoryGuard::default(), Hash([1; 32]));
    let (one, two) = (liaise_ledger::hash::block_cid(b"one"), liaise_ledger::hash::block_cid(b"two"));
    let mut tally = Tally::new(&attestation(network, 3, &one), set(1));
    let vote = attest(&key(1), &guard, network, 3, &one).expect("attested");
    assert!(tally.add(&key(1).public(), &vote).expect("valid"));
    assert_eq!(attest(&key(1), &guard, network, 3, &one).expect("again"), vote);
    assert!(matches!(attest(&key(1), &guard, network, 3, &two), Err(QuorumError::SignedOther { .. })));
    attest(&key(1), &guard, network, 4, &two).expect("another epoch");
}
