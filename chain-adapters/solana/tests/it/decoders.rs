//! Bytes that nodes, disks and programs give: whatever they are, nothing panics, and what is read is written again as the same.

use liaise_chain_solana::fuzz;
use liaise_summary::OracleSet;

use crate::harness::key;
use liaise_chain_api::conformance::{Oracles, Role};
use liaise_chain_solana::Signer;

/// Dice whose seed repeats a run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// Bytes cut, lengthened, flipped and overwritten, 20 000 times.
fn damaged(whole: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut dice = Dice(7);
    (0..20_000).map(move |_| {
        let mut bytes = whole.to_vec();
        for _ in 0..=dice.below(3) {
            let at = dice.below(bytes.len());
            match dice.below(4) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes[at] ^= 1 << dice.below(8),
                2 => bytes[at] = [0, 0xff, 0x80, 1][dice.below(4)],
                _ => bytes.extend_from_within(at..),
            }
        }
        bytes
    })
}

fn set() -> OracleSet {
    Oracles::new(1, 7).set()
}

#[test]
fn a_damaged_account_is_refused_or_read_as_what_it_says() {
    let whole = fuzz::oracle_set_account(&set());
    assert_eq!(fuzz::oracle_set(&whole), Some(set()));
    let mut accepted = 0;
    for bytes in damaged(&whole) {
        if let Some(read) = fuzz::oracle_set(&bytes) {
            assert_eq!(fuzz::oracle_set(&fuzz::oracle_set_account(&read)), Some(read));
            accepted += 1;
        }
        for which in 0..3 {
            if let Some([first, second]) = fuzz::account(which, &bytes) {
                assert_eq!(first, second);
            }
        }
    }
    assert!(accepted > 0, "the dice leave some whole");
    // a list that claims four thousand million keys
    let endless = [&whole[..14], &[0xff; 4]].concat();
    assert!((0..3).all(|which| fuzz::account(which, &endless).is_none()));
}

#[test]
fn a_damaged_log_is_refused_or_holds_no_more_events() {
    let whole = fuzz::logged();
    assert_eq!(fuzz::log(&whole), Some(2));
    for bytes in damaged(whole.as_bytes()) {
        let events = fuzz::log(&String::from_utf8_lossy(&bytes));
        // what is doubled can be a second log whose program runs in the first
        assert!(events.is_none_or(|events| events <= 16), "{events:?}");
    }
}

#[test]
fn a_damaged_row_of_a_journal_is_refused() {
    let (id, whole) = fuzz::signed();
    assert_eq!(fuzz::transaction(&id, &whole), Some(99));
    assert_eq!(fuzz::transaction(&key(Role::Operator).pubkey().to_string(), &whole), None);
    for bytes in damaged(&whole) {
        // the slot is no part of what is signed
        let same = bytes.len() == whole.len() && bytes[0] == whole[0] && bytes[9..] == whole[9..];
        assert_eq!(fuzz::transaction(&id, &bytes).is_some(), same);
    }
}

#[test]
fn a_damaged_record_of_the_loader_is_refused_or_is_other_code() {
    let whole = [&3u32.to_le_bytes()[..], &[0; 8], &[1], &[7; 32], b"code that is no code"].concat();
    let hash = fuzz::code(&whole).expect("a record");
    for bytes in damaged(&whole) {
        if bytes.len() > 45 && bytes[45..] != whole[45..] && bytes.last() != Some(&0) {
            assert_ne!(fuzz::code(&bytes), Some(hash));
        }
    }
}
