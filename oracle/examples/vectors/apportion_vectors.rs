//! Cases of sharing a pool.

use std::collections::BTreeMap;

use liaise_ledger::Account;
use liaise_oracle::fold::apportion;
use serde::Serialize;

/// One case. Amounts and weights are decimal strings.
#[derive(Serialize)]
struct Case {
    name: &'static str,
    pool: String,
    weights: Vec<Weight>,
    shares: Vec<Share>,
    unemitted: String,
}

#[derive(Serialize)]
struct Weight {
    account: Account,
    weight: String,
}

#[derive(Serialize)]
struct Share {
    account: Account,
    share: String,
}

fn account(n: u8) -> Account {
    Account::evm(42_161, [n; 20])
}

fn case(name: &'static str, pool: u64, weights: &[(u8, u128)]) -> Case {
    let weights: BTreeMap<Account, u128> = weights.iter().map(|(n, weight)| (account(*n), *weight)).collect();
    let found = apportion(pool, &weights).expect("weights of the vectors fit");
    let weight = |(account, weight): (&Account, &u128)| Weight { account: account.clone(), weight: weight.to_string() };
    let share = |(account, share): (&Account, &u64)| Share { account: account.clone(), share: share.to_string() };
    Case {
        name,
        pool: pool.to_string(),
        weights: weights.iter().map(weight).collect(),
        shares: found.shares.iter().map(share).collect(),
        unemitted: found.unemitted.to_string(),
    }
}

/// The file's text.
pub fn json() -> String {
    let day = 13_689_253_935_660;
    let many: Vec<(u8, u128)> = (1..=100).map(|n| (n, 2_520 * u128::from(n) * 1_000_003)).collect();
    let cases = vec![
        case("nobody", day, &[]),
        case("no weight", day, &[(1, 0), (2, 0)]),
        case("one", day, &[(1, 7)]),
        case("a tie goes by account", 100, &[(3, 1), (1, 1), (2, 1)]),
        case("largest remainder", 10, &[(1, 6), (2, 3), (3, 2)]),
        case("more accounts than units", 2, &[(1, 1), (2, 1), (3, 1), (4, 2)]),
        case("a weight of zero gets nothing", 5, &[(1, 0), (2, 3), (3, 4)]),
        case("an empty pool", 0, &[(1, 1), (2, 2)]),
        case("a day among a hundred", day, &many),
        case("products beyond 128 bits", u64::MAX >> 1, &[(1, (1 << 120) + 1), (2, 1 << 119), (3, 3)]),
    ];
    let mut text = serde_json::to_string_pretty(&cases).expect("plain structs serialise");
    text.push('\n');
    text
}
