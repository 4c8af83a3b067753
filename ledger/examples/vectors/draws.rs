//! Draws: seed, label, step and rows give an order.

use liaise_ledger::draw::{Label, weighted_order};
use liaise_ledger::{Account, Hash, Row, Seed};
use serde::Serialize;

#[derive(Serialize)]
pub struct Case {
    name: &'static str,
    seed: Hash,
    label: &'static str,
    step: u32,
    rows: Vec<CaseRow>,
    order: Vec<Account>,
}

#[derive(Serialize)]
struct CaseRow {
    account: Account,
    weight: u32,
    cluster: Hash,
}

fn row(i: u8, weight: u32) -> Row {
    let account = Account::evm(42_161, [i; 20]);
    Row { cluster: account.hash(), account, weight, slots: 1, proven: true, adapters: vec![] }
}

fn case(name: &'static str, label: Label, step: u32, mut rows: Vec<Row>) -> Case {
    // In a snapshot rows stand by H(account).
    rows.sort_by_key(|row| row.account.hash());
    let seed = Seed(Hash::of(&[name.as_bytes()]));
    let order = weighted_order(&seed.sub(label, step), &rows, |_| true);
    Case {
        name,
        seed: seed.0,
        label: label.name(),
        step,
        order: order.into_iter().map(|i| rows[i].account.clone()).collect(),
        rows: rows.into_iter().map(|r| CaseRow { account: r.account, weight: r.weight, cluster: r.cluster }).collect(),
    }
}

/// Every case.
pub fn all() -> Vec<Case> {
    let equal = |n: u8| (0..n).map(|i| row(i, 10_000)).collect::<Vec<_>>();
    let mut linked = equal(12);
    let cluster = linked[3].cluster;
    linked[4..7].iter_mut().for_each(|row| row.cluster = cluster);
    let extremes = vec![row(0, 1), row(1, u32::MAX), row(2, 10_000), row(3, 655_350_000), row(4, 2)];
    vec![
        case("nobody", Label::Race, 0, vec![]),
        case("one", Label::Race, 0, equal(1)),
        case("equal weights", Label::Race, 0, equal(12)),
        case("different weights", Label::Race, 0, (0..20).map(|i| row(i, 5_000 * u32::from(i + 1))).collect()),
        case("weight 0 is never drawn", Label::Race, 0, (0..10).map(|i| row(i, 10_000 * u32::from(i % 2))).collect()),
        case("a cluster is drawn once", Label::Race, 0, linked),
        case("smallest and largest weights", Label::Race, 0, extremes),
        case("a committee", Label::Classify, 0, equal(12)),
        case("a later step", Label::Classify, 7, equal(12)),
        case("one hundred", Label::Race, 0, (0..100).map(|i| row(i, 10_000 + 100 * u32::from(i))).collect()),
    ]
}
