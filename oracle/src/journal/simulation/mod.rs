//! Seeded runs of whole operators: oracles that sign, journals that send, a chain that does everything a chain may do, a
//! virtual clock, and a crash between any two steps. A failure names its seed; the seed repeats the run.
//!
//! The journals are the real ones, driver and machine, over a [twin](liaise_chain_api::conformance::twin) of the chain that
//! the adapter's tests hold against the real one. Every request takes its time, so the steps of all operators interleave;
//! a process that ends is dropped between two of its steps, or in the middle of a write, and starts again from its disk.
//!
//! Each question may be answered by another node, which lags or has no receipts; a request may not arrive, or its answer
//! may not. Blocks go away, nodes forget, an operator's key is used elsewhere. After a while the weather turns calm, and
//! everything must come to its end.
//!
//! `LIAISE_SIMULATION_SEED=n` runs one seed of each test, `LIAISE_SIMULATION_RUNS=n` as many as are wanted.

mod book;
mod broken;
mod disk;
mod operator;
mod process;
mod run;
mod shared;

use super::driver::Rules;
use super::machine::step;
use run::{Report, run};

/// How many seeds the two tests of what must hold run together.
const RUNS: u64 = 100_000;
/// How many seeds a broken rule may take to be found.
const FOUND_WITHIN: u64 = 2_000;

/// What a run is like; how many operators, epochs and claims it has follows from its seed.
#[derive(Clone, Copy)]
struct Plan {
    /// Blocks that were final go away too, and only what was filed is followed.
    final_reorgs: bool,
    /// The journal's table.
    rules: Rules,
    /// Whether an oracle's guard keeps what it is told.
    guard: bool,
    /// Whether only a final block proves a transaction dead; otherwise the newest does.
    final_proof: bool,
}

const RIGHT: Plan = Plan { final_reorgs: false, rules: step, guard: true, final_proof: true };

/// Runs seeds until one fails, or all have passed.
fn first_failure(plan: &Plan, seeds: impl Iterator<Item = u64>) -> (Report, Option<(u64, String)>) {
    let mut sum = Report::default();
    for seed in seeds {
        match run(plan, seed) {
            Ok(report) => sum.add(&report),
            Err(why) => return (sum, Some((seed, why))),
        }
    }
    (sum, None)
}

fn number_from(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")))
}

/// One of `parts` equal parts of the seeds, or the one that the environment names.
fn all_good(test: &str, plan: &Plan, part: u64, parts: u64) -> Option<Report> {
    let runs = number_from("LIAISE_SIMULATION_RUNS").unwrap_or(RUNS);
    let one = number_from("LIAISE_SIMULATION_SEED");
    let seeds = match one {
        Some(seed) => seed..seed + 1,
        None => 1 + runs * part / parts..1 + runs * (part + 1) / parts,
    };
    let (report, failure) = first_failure(plan, seeds);
    println!("{test}: {report:?}");
    if let Some((seed, why)) = failure {
        panic!("seed {seed}: {why}\nrepeat it: LIAISE_SIMULATION_SEED={seed} cargo test -p liaise-oracle {test}");
    }
    // a single seed need not show everything
    (one.is_none() && runs >= 1_000).then_some(report)
}

/// Nothing is sent twice, nothing acknowledged is lost, no oracle signs two contents for one head, everything ends.
fn nothing_twice_and_nothing_lost(test: &str, part: u64) {
    let Some(report) = all_good(test, &RIGHT, part, 3) else { return };
    // what is asserted above would mean nothing if none of this had happened
    assert!(report.crashes > report.runs && report.torn > 0, "{report:?}");
    assert!(report.dead > 0 && report.reverted > 0 && report.reorganised > 0, "{report:?}");
    assert!(report.refused > 0, "no oracle was tempted to sign a second content: {report:?}");
}

#[test]
fn nothing_twice_and_nothing_lost_1() {
    nothing_twice_and_nothing_lost("nothing_twice_and_nothing_lost_1", 0);
}

#[test]
fn nothing_twice_and_nothing_lost_2() {
    nothing_twice_and_nothing_lost("nothing_twice_and_nothing_lost_2", 1);
}

/// Finality is a node's word: when blocks that it called final go away, what was done is done again, once.
#[test]
fn what_looked_final_and_went_away_is_filed_again() {
    let plan = Plan { final_reorgs: true, ..RIGHT };
    let Some(report) = all_good("what_looked_final_and_went_away_is_filed_again", &plan, 2, 3) else { return };
    assert!(report.final_reorgs > 0, "{report:?}");
}

#[test]
fn a_seed_repeats_its_run() {
    let twice = [run(&RIGHT, 7), run(&RIGHT, 7)];
    assert_eq!(twice[0], twice[1]);
    assert_ne!(run(&RIGHT, 8), twice[0]);
}
