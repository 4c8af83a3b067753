//! P2, P4 by chance: whatever is signed, vetoed and opened, in whatever order, the books keep their bounds. The books are pure,
//! so that a million steps take a second.

use emission::{Books, Kind, Matured, OPEN_ENDED, Summary};
use emission_tests::world::{EPOCH_S, GENESIS_S, rules};
use liaise_summary::{Epoch, sha256};
use solana_address::Address;

/// Numbers that look like chance and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = u64::from_be_bytes(sha256(&[&self.0.to_be_bytes()]).0[..8].try_into().expect("8 bytes"));
        self.0 % limit
    }
}

#[test]
fn issued_is_bounded_and_a_veto_restores_what_was_before() {
    let (mut filed, mut vetoed, mut opened, mut refused) = (0, 0, 0, 0);
    for seed in 0..200 {
        let rules = rules([1; 32], Address::new_from_array([1; 32]));
        let emission = rules.schedule().emission;
        let mut chance = Chance(seed);
        let (mut books, mut now_s) = (Books::default(), GENESIS_S);
        // What all filed epochs together may issue, and what became payable.
        let (mut allowed, mut minted) = (0u128, 0u64);
        let mut before = books.clone();
        for _ in 0..400 {
            now_s += chance.below(3 * u64::from(EPOCH_S));
            let sum = books.payable_sum();
            match books.mature(now_s) {
                Some(Matured::Root { root, growth }) => {
                    minted += growth;
                    assert_eq!((root.sum, books.payable_sum()), (minted, minted));
                    assert!(root.sum >= sum, "a root sum never falls");
                    if before.next() == root.epoch {
                        allowed += u128::from(emission.epoch(Epoch(root.epoch)));
                    }
                }
                Some(Matured::Range { .. }) => opened += 1,
                None => {}
            }
            assert!(u128::from(books.payable_sum()) + u128::from(books.owed) <= allowed, "issued is bounded");
            match chance.below(10) {
                0 if books.pending.is_none() => {
                    before = books.clone();
                    let next = books.next();
                    let wanted = next + chance.below(3) as u32;
                    books.file_opening(&rules, wanted, now_s);
                }
                1 if books.pending.is_some() => {
                    // the guardian's
                    (books.pending, books.veto_used) = (None, true);
                    assert_eq!(books, Books { veto_used: true, ..before.clone() });
                    vetoed += 1;
                }
                2 if books.end == OPEN_ENDED => {
                    let end = books.start + rules.term_epochs * (1 + chance.below(2) as u32);
                    if books.can_hand_over(&rules, end).is_ok() {
                        assert!(u64::from(end) >= u64::from(books.next()) + 7);
                        books.end = end;
                        before.end = end;
                    }
                }
                _ => {
                    let epoch = (books.next() + chance.below(3) as u32).saturating_sub(1);
                    let e = emission.epoch(Epoch(epoch));
                    // around what is allowed, and far from it
                    let issued = match chance.below(4) {
                        0 => chance.below(u64::MAX),
                        1 => (books.payable_sum() + books.owed).saturating_add(e + 1),
                        _ => books.payable_sum() + chance.below(books.owed + e + 1),
                    };
                    let owed = chance.below(issued.max(1));
                    let (root_hash, root_sum) = ([2; 32], issued - owed);
                    let summary = Summary { epoch, root_hash, root_sum, owed, artefact: [0; 32] };
                    match books.judge(&rules, &summary, now_s) {
                        Err(_) => refused += 1,
                        Ok(kind) => {
                            assert!(books.pending.is_none() && epoch < books.end.max(books.next()));
                            assert_eq!(kind == Kind::Late, epoch + 1 == books.next());
                            before = books.clone();
                            let delay_s = books.file(&rules, kind, &summary, now_s) - now_s;
                            let long = books.veto_used;
                            assert_eq!(delay_s, u64::from(if long { rules.long_delay_s } else { rules.epoch_delay_s }));
                            filed += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(filed > 2_000 && vetoed > 500 && opened > 500 && refused > 5_000, "{filed} {vetoed} {opened} {refused}");
}
