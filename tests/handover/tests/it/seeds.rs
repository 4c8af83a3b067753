//! Seeds, run until one fails.

use liaise_handover::schedule::{Report, run};
use liaise_handover::{Mode, Rules};

/// How many schedules all tests of what must hold run together.
pub const SCHEDULES: u64 = 100_000;

/// Runs seeds of some modes until one fails, or all have passed.
pub fn first_failure(
    rules: Rules,
    modes: &[Mode],
    seeds: impl Iterator<Item = u64>,
) -> (Report, Option<(u64, String)>) {
    let mut sum = Report::default();
    for seed in seeds.filter(|seed| modes.contains(&Mode::of(*seed))) {
        match run(seed, rules) {
            Ok(report) => sum.add(&report),
            Err(why) => return (sum, Some((seed, why))),
        }
    }
    (sum, None)
}

/// A number that the environment gives.
pub fn number_from(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")))
}

/// All seeds of a mode, or the one that the environment names; nothing where it names one of another mode.
pub fn all_good(test: &str, mode: Mode) -> Option<Report> {
    let one = number_from("LIAISE_SIMULATION_SEED");
    let count = number_from("LIAISE_SIMULATION_RUNS").unwrap_or(SCHEDULES);
    let seeds = match one {
        Some(seed) => seed..seed + 1,
        None => 0..count,
    };
    let (report, failure) = first_failure(Rules::ALL, &[mode], seeds);
    println!("{test}: {report:?}");
    if let Some((seed, why)) = failure {
        panic!("seed {seed}: {why}\nrepeat it: LIAISE_SIMULATION_SEED={seed} cargo test -p liaise-handover {test}");
    }
    // a single seed need not show everything
    (one.is_none() && count >= 3_000).then_some(report)
}
