//! Sharing a pool, beside a slow and obvious way to do it.

use std::collections::BTreeMap;
use std::path::Path;

use liaise_ledger::Account;
use liaise_oracle::fold::{Shares, apportion};
use proptest::prelude::*;

fn account(n: usize) -> Account {
    let mut address = [0; 20];
    address[12..].copy_from_slice(&(n as u64).to_be_bytes());
    Account::evm(1, address)
}

/// Hands out the pool unit by unit: first as many whole units as each exact share holds, then one each to the largest
/// remainders. For pools and weights whose product fits 128 bits.
fn slowly(pool: u64, weights: &BTreeMap<Account, u128>) -> BTreeMap<Account, u64> {
    let total: u128 = weights.values().sum();
    let mut shares: BTreeMap<Account, u64> = weights.keys().map(|account| (account.clone(), 0)).collect();
    if total == 0 {
        return shares;
    }
    let exact = |account: &Account| u128::from(pool) * weights[account];
    for (account, share) in &mut shares {
        while u128::from(*share + 1) * total <= exact(account) {
            *share += 1;
        }
    }
    let rest =
        |shares: &BTreeMap<Account, u64>, account: &Account| exact(account) - u128::from(shares[account]) * total;
    let floors = shares.clone();
    let mut waiting: Vec<Account> = shares.keys().cloned().collect();
    while shares.values().sum::<u64>() < pool {
        let largest = waiting.iter().map(|account| rest(&floors, account)).max().expect("somebody has a remainder");
        let next = waiting.iter().position(|account| rest(&floors, account) == largest).expect("it was one of them");
        *shares.get_mut(&waiting.remove(next)).expect("a share") += 1;
    }
    shares
}

proptest! {
    #[test]
    fn it_is_what_the_slow_way_finds(pool in 0u64..3_000, weights in proptest::collection::vec(0u128..50, 0..12)) {
        let weights: BTreeMap<_, _> = weights.into_iter().enumerate().map(|(n, weight)| (account(n), weight)).collect();
        let found = apportion(pool, &weights).unwrap();
        prop_assert_eq!(&found.shares, &slowly(pool, &weights));
    }

    #[test]
    fn nothing_is_made_or_lost_whatever_the_size(pool: u64, weights in proptest::collection::vec(0u128..1 << 120, 0..40)) {
        let weights: BTreeMap<_, _> = weights.into_iter().enumerate().map(|(n, weight)| (account(n), weight)).collect();
        let Shares { shares, unemitted } = apportion(pool, &weights).unwrap();
        let paid: u128 = shares.values().map(|share| u128::from(*share)).sum();
        prop_assert_eq!(paid + u128::from(unemitted), u128::from(pool));
        prop_assert_eq!(unemitted > 0, pool > 0 && weights.values().all(|weight| *weight == 0));
        for (more, less) in weights.iter().flat_map(|a| weights.iter().map(move |b| (a, b))) {
            if more.1 > less.1 {
                prop_assert!(shares[more.0] >= shares[less.0]);
            }
        }
        for (account, weight) in &weights {
            prop_assert!(*weight > 0 || shares[account] == 0);
        }
    }
}

#[test]
fn weights_beyond_127_bits_are_refused() {
    let weights: BTreeMap<_, _> = [(account(1), 1u128 << 126), (account(2), 1 << 126)].into();
    assert!(apportion(10, &weights).is_err());
    let weights: BTreeMap<_, _> = [(account(1), u128::MAX), (account(2), 1)].into();
    assert!(apportion(10, &weights).is_err());
}

#[test]
fn the_committed_vectors_are_what_the_writer_writes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/apportion.json");
    let committed = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(
        committed == crate::apportion_vectors::json(),
        "run `cargo run -p liaise-oracle --example vectors -- tests/vectors` if the rule was meant to change"
    );
}
