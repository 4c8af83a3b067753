//! Seeded runs over a simulated network, clock and disk. A failure names its seed; the seed repeats the run.

mod disk;
mod liar;
mod run;
mod world;

use malachitebft_core_types::ThresholdParam;
use run::{Report, run};

/// What a run is like.
#[derive(Clone)]
struct Plan {
    n: usize,
    epochs: i64,
    /// Percent of messages that are lost before `gst_ms`.
    drop: u64,
    delay_ms: u64,
    /// From then on every message arrives within 50 ms.
    gst_ms: u64,
    dead: Option<usize>,
    two_faced: Option<usize>,
    crashes: u32,
    /// Batches reach the others within this time.
    late_ms: u64,
    /// One batch never reaches one witness.
    lost: bool,
    wait_ms: u64,
    quorum: ThresholdParam,
    guard: bool,
    replay: bool,
}

fn calm() -> Plan {
    Plan {
        n: 4,
        epochs: 3,
        drop: 0,
        delay_ms: 50,
        gst_ms: 0,
        dead: None,
        two_faced: None,
        crashes: 0,
        late_ms: 0,
        lost: false,
        wait_ms: 6_000,
        quorum: ThresholdParam::TWO_F_PLUS_ONE,
        guard: true,
        replay: true,
    }
}

fn rough() -> Plan {
    Plan { epochs: 2, drop: 25, delay_ms: 2_500, gst_ms: 60_000, late_ms: 8_000, ..calm() }
}

/// Every honest witness seals every epoch, all the same way, and no honest witness ever says two things.
fn all_good(plan: &Plan, seeds: u64) -> Report {
    let mut sum = Report::default();
    for seed in 1..=seeds {
        let report = run(plan, seed);
        let honest = plan.n - plan.dead.is_some() as usize - plan.two_faced.is_some() as usize;
        assert_eq!(report.disagreements(), 0, "seed {seed}: witnesses disagree: {report:#?}");
        assert_eq!(report.double_votes, 0, "seed {seed}: a witness voted twice");
        assert_eq!(report.forged, 0, "seed {seed}: a place holds what its store never signed");
        assert_eq!(report.bad_certificates, 0, "seed {seed}: a certificate proves nothing");
        assert_eq!(report.decided.len(), honest * plan.epochs as usize, "seed {seed}: an epoch stalls: {report:#?}");
        sum.crashes += report.crashes;
        sum.torn += report.torn;
        sum.refused_signatures += report.refused_signatures;
        sum.events += report.events;
        sum.time_ms += report.time_ms;
        sum.decided.extend(report.decided);
    }
    sum
}

fn is_full(report: &Report) -> bool {
    report.decided.values().all(|batches| batches.iter().all(Option::is_some))
}

#[test]
fn a_seed_repeats_exactly() {
    let plan = Plan { crashes: 6, two_faced: Some(1), ..rough() };
    for seed in 1..=3 {
        assert_eq!(run(&plan, seed), run(&plan, seed));
    }
}

#[test]
fn all_honest_seal_every_store() {
    for n in [4, 5, 6, 7] {
        let report = all_good(&Plan { n, ..calm() }, 5);
        assert!(is_full(&report), "nobody is left out");
    }
}

#[test]
fn a_late_store_keeps_its_place() {
    // Later than most, but within the wait.
    let report = all_good(&Plan { late_ms: 5_000, ..calm() }, 20);
    assert!(is_full(&report), "proposers wait for batches that are late");
}

#[test]
fn any_one_may_be_dead() {
    for dead in 0..4 {
        let report = all_good(&Plan { dead: Some(dead), ..calm() }, 5);
        assert!(report.decided.values().all(|batches| batches[dead].is_none()));
        assert!(report.decided.values().all(|batches| batches.iter().flatten().count() == 3));
    }
    all_good(&Plan { dead: Some(1), ..rough() }, 25);
}

#[test]
fn drops_delays_and_partial_views() {
    all_good(&rough(), 100);
    all_good(&Plan { n: 7, ..rough() }, 8);
}

#[test]
fn views_that_differ_for_ever() {
    all_good(&Plan { lost: true, ..rough() }, 60);
    all_good(&Plan { lost: true, gst_ms: 0, drop: 0, ..rough() }, 40);
}

#[test]
fn a_two_faced_witness() {
    all_good(&Plan { two_faced: Some(1), ..rough() }, 100);
    all_good(&Plan { two_faced: Some(1), lost: true, ..rough() }, 40);
}

#[test]
fn crashes_with_torn_logs() {
    let report = all_good(&Plan { crashes: 6, ..rough() }, 100);
    assert!(report.crashes > 200 && report.torn > 20, "it crashes often enough: {}, {}", report.crashes, report.torn);
    assert_eq!(report.refused_signatures, 0, "the replay derives what was signed");
    all_good(&Plan { crashes: 6, two_faced: Some(1), ..rough() }, 60);
}

#[test]
fn control_a_quorum_of_two_disagrees() {
    let plan = Plan { two_faced: Some(1), quorum: ThresholdParam::F_PLUS_ONE, late_ms: 0, ..rough() };
    let split = (1..=150).filter(|seed| run(&plan, *seed).disagreements() > 0).count();
    assert!(split > 0, "this simulation could not find a disagreement");
}

#[test]
fn control_without_log_and_guard_a_witness_votes_twice() {
    let plan = Plan { crashes: 6, two_faced: Some(1), guard: false, replay: false, ..rough() };
    let doubled = (1..=60).filter(|seed| run(&plan, *seed).double_votes > 0).count();
    assert!(doubled > 0, "this simulation could not find a double vote");
}

#[test]
fn the_guard_alone_and_the_log_alone_are_enough() {
    let crashes = Plan { crashes: 6, two_faced: Some(1), ..rough() };
    for (guard, replay) in [(true, false), (false, true)] {
        for seed in 1..=30 {
            let report = run(&Plan { guard, replay, ..crashes.clone() }, seed);
            assert_eq!((report.double_votes, report.disagreements()), (0, 0), "seed {seed}, guard {guard}");
        }
    }
}
