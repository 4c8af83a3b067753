use super::*;
use proptest::prelude::*;

const ADAPTER: Hash = Hash([9; 32]);

fn row(i: u32, weight: u32) -> Row {
    let account = Account::evm(u64::from(i), [i as u8; 20]);
    Row { cluster: account.hash(), account, weight, slots: 1, proven: true, adapters: vec![ADAPTER] }
}

fn seed(i: u64) -> Seed {
    Seed(Hash::of(&[&i.to_be_bytes()]))
}

fn parameters() -> Parameters {
    Parameters::default()
}

#[test]
fn log2fix_of_powers_is_exact() {
    for top in 0..64 {
        assert_eq!(log2fix(1 << top), top << 32);
    }
    assert_eq!(log2fix(u64::MAX), (64 << 32) - 1);
}

proptest! {
    #[test]
    fn log2fix_is_the_logarithm(u in 1u64..) {
        let exact = (u as f64).log2() * 2f64.powi(32);
        // f64 rounds u itself: 2^-52 of it, and the truncation of 32 squarings stays below a unit and a half.
        prop_assert!((log2fix(u) as f64 - exact).abs() < 4.0, "{u}: {} against {exact}", log2fix(u));
    }

    #[test]
    fn an_order_is_a_deterministic_choice_of_the_weighted(weights in prop::collection::vec(0u32..20_000, 0..40), s: u64) {
        let rows: Vec<Row> = (0..).zip(&weights).map(|(i, w)| row(i, *w)).collect();
        let drawn = order(&seed(s), &rows, &ADAPTER);
        prop_assert_eq!(&drawn, &order(&seed(s), &rows, &ADAPTER));
        let mut sorted = drawn.clone();
        sorted.sort_unstable();
        let expected: Vec<usize> = (0..weights.len()).filter(|i| weights[*i] > 0).collect();
        prop_assert_eq!(sorted, expected, "everybody with weight once, nobody else");
    }

    #[test]
    fn whoever_leaves_changes_nobody_elses_place(weights in prop::collection::vec(1u32..20_000, 2..20), s: u64) {
        let rows: Vec<Row> = (0..).zip(&weights).map(|(i, w)| row(i, *w)).collect();
        let all = order(&seed(s), &rows, &ADAPTER);
        let without = order(&seed(s), &rows[1..], &ADAPTER);
        let expected: Vec<usize> = all.iter().filter(|i| **i != 0).map(|i| i - 1).collect();
        prop_assert_eq!(without, expected);
    }

    #[test]
    fn the_prepared_way_draws_the_same(weights in prop::collection::vec(0u32..3, 0..40), pairs: bool, s: u64) {
        let mut rows: Vec<Row> = (0..).zip(&weights).map(|(i, w)| row(i, *w)).collect();
        rows.sort_by_key(|row| row.account.hash());
        if pairs {
            let clusters: Vec<Hash> = rows.iter().map(|row| row.cluster).collect();
            rows.iter_mut().enumerate().for_each(|(i, row)| row.cluster = clusters[i / 2]);
        }
        let accounts: Vec<Hash> = rows.iter().map(|row| row.account.hash()).collect();
        prop_assert_eq!(order_of(&seed(s), &rows, &accounts, &ADAPTER), order(&seed(s), &rows, &ADAPTER));
        prop_assert_eq!(order_of(&seed(s), &rows, &accounts, &Hash::ZERO), Vec::<usize>::new());
    }

    #[test]
    fn open_positions_are_different_and_in_range(count in 0u32..600, wanted in 0usize..600, s: u64) {
        let positions = open_positions(&seed(s), &[3; 48], &Account::evm(1, [1; 20]), count, wanted);
        prop_assert_eq!(positions.len(), wanted.min(count as usize));
        prop_assert!(positions.iter().all(|p| *p < count));
        let distinct: BTreeSet<_> = positions.iter().collect();
        prop_assert_eq!(distinct.len(), positions.len());
    }
}

/// 20 000 seeds: how often each is first lies within 5 standard deviations of its share.
#[test]
fn the_first_is_drawn_in_proportion_to_weight() {
    let weights = [1_000u32, 2_000, 3_000, 4_000, 10_000];
    let rows: Vec<Row> = (0..).zip(weights).map(|(i, w)| row(i, w)).collect();
    let draws = 20_000u64;
    let mut first = [0u64; 5];
    (0..draws).for_each(|s| first[order(&seed(s), &rows, &ADAPTER)[0]] += 1);
    for (count, weight) in first.into_iter().zip(weights) {
        let share = f64::from(weight) / 20_000.0;
        let (mean, deviation) = (draws as f64 * share, (draws as f64 * share * (1.0 - share)).sqrt());
        assert!((count as f64 - mean).abs() < 5.0 * deviation, "weight {weight}: {count} of {draws}");
    }
}

#[test]
fn only_who_serves_the_adapter_is_drawn_and_a_cluster_once() {
    let mut rows: Vec<Row> = (0..12).map(|i| row(i, 10_000)).collect();
    rows[3].adapters = vec![Hash([8; 32])];
    let cluster = rows[5].cluster;
    (6..9).for_each(|i| rows[i].cluster = cluster);
    for s in 0..50 {
        let drawn = order(&seed(s), &rows, &ADAPTER);
        assert_eq!(drawn.len(), 8);
        assert!(!drawn.contains(&3));
        assert_eq!(drawn.iter().filter(|i| (5..9).contains(*i)).count(), 1);
    }
}

#[test]
fn a_committee_is_disjoint_from_the_racers_clusters() {
    let mut rows: Vec<Row> = (0..9).map(|i| row(i, 10_000)).collect();
    rows[8].cluster = rows[0].cluster;
    let committee = committee_order(&seed(1), 0, &rows, &ADAPTER, &[0, 1, 2]);
    assert_eq!(committee.iter().copied().collect::<BTreeSet<_>>(), (3..8).collect());
    assert_ne!(committee, committee_order(&seed(1), 1, &rows, &ADAPTER, &[0, 1, 2]));
}

#[test]
fn racers_follow_the_rule_of_patience() {
    let at = |timeline: Timeline, s: u64| timeline.racers(1_000 + s * 1000, &parameters());
    let silent = Timeline { prompt_ms: 1_000, commit_ms: None, result_ms: None, judged_ms: None };
    assert_eq!([0, 29, 30, 59, 60].map(|s| at(silent, s)), [3, 3, 6, 6, 9]);
    assert_eq!(silent.racers(0, &parameters()), 3, "a clock that is behind");
    // A commit after 40 s starts the wait anew: the second wave stays, the third comes 30 s after the commit.
    let committed = Timeline { commit_ms: Some(41_000), ..silent };
    assert_eq!([39, 41, 69, 70, 100].map(|s| at(committed, s)), [6, 6, 6, 9, 12]);
    let finished = Timeline { result_ms: Some(52_000), ..committed };
    assert_eq!([51, 70, 500].map(|s| at(finished, s)), [6, 6, 6]);
}

#[test]
fn judges_follow_the_rule_of_patience() {
    let at = |timeline: Timeline, s: u64| timeline.judges(s * 1000, &parameters());
    let waiting = Timeline { prompt_ms: 0, commit_ms: Some(5_000), result_ms: Some(10_000), judged_ms: None };
    assert_eq!([9, 10, 39, 40, 69, 70].map(|s| at(waiting, s)), [0, 3, 3, 4, 4, 5]);
    let judged = Timeline { judged_ms: Some(45_000), ..waiting };
    assert_eq!([40, 100].map(|s| at(judged, s)), [4, 4]);
}

#[test]
fn auditors_are_the_next_four_who_hold_nothing() {
    let order = [7, 3, 9, 1, 5, 2, 8, 0];
    let holds = |i: usize| [7, 9].contains(&i);
    assert_eq!(auditors(order, &parameters(), holds, |i| i != 1), [3, 5, 2, 8]);
    assert_eq!(auditors(order[..3].iter().copied(), &parameters(), holds, |_| true), [3]);
}

#[test]
fn every_part_of_a_seed_counts() {
    let parts = SeedParts {
        network: Hash([1; 32]),
        chain_hash: Hash([2; 32]),
        round: 3,
        signature: &[4; 48],
        ticket: Hash([5; 32]),
        eligibility: Hash([6; 32]),
    };
    let seeds = [
        parts,
        SeedParts { network: Hash::ZERO, ..parts },
        SeedParts { chain_hash: Hash::ZERO, ..parts },
        SeedParts { round: 4, ..parts },
        SeedParts { signature: &[0; 48], ..parts },
        SeedParts { ticket: Hash::ZERO, ..parts },
        SeedParts { eligibility: Hash::ZERO, ..parts },
    ];
    let distinct: BTreeSet<Hash> = seeds.iter().map(|parts| parts.seed().0).collect();
    assert_eq!(distinct.len(), seeds.len());
    let subs = [Label::Race, Label::Classify, Label::Open, Label::Tie].map(|label| parts.seed().sub(label, 0));
    assert_eq!(subs.into_iter().collect::<BTreeSet<_>>().len(), 4);
}
