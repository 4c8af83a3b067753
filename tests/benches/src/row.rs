//! A figure, and the way to it.

use serde::Serialize;
use std::time::{Duration, Instant};

/// Times that each side runs; the median counts.
const ROUNDS: usize = 5;

/// A figure of one run.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Its name, for ever.
    pub name: &'static str,
    /// This project's figure.
    pub ours: f64,
    /// What it is held against, in the same run; null where a figure stands alone.
    pub reference: Option<f64>,
    /// How many times better ours is; null without a reference.
    pub ratio: Option<f64>,
    /// The unit of both.
    pub unit: &'static str,
    /// What was measured, and on what.
    pub conditions: String,
    /// What repeats it.
    pub command: String,
}

/// Prints a row for `cargo xtask bench`, which runs the binary of this name.
pub fn print(binary: &str, mut row: Row) {
    row.conditions = format!("{}; {}", row.conditions, machine());
    row.command = format!("cargo xtask bench {binary}");
    row.ours = rounded(row.ours);
    row.reference = row.reference.map(rounded);
    row.ratio = row.ratio.map(rounded);
    println!("{}", serde_json::to_string(&row).expect("numbers and words"));
}

/// Three significant digits: more is noise.
fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().expect("a number was written")
}

/// The median times of two ways, each run in turn with the other.
pub fn versus(mut ours: impl FnMut(), mut reference: impl FnMut()) -> (Duration, Duration) {
    let (first, second): (Vec<_>, Vec<_>) = (0..ROUNDS).map(|_| (timed(&mut ours), timed(&mut reference))).unzip();
    (median(first), median(second))
}

/// The median time of one way.
pub fn alone(mut work: impl FnMut()) -> Duration {
    median((0..ROUNDS).map(|_| timed(&mut work)).collect())
}

fn timed(work: &mut impl FnMut()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

/// The middle one of an odd number of times.
pub fn median<T: PartialOrd>(mut times: Vec<T>) -> T {
    times.sort_unstable_by(|a, b| a.partial_cmp(b).expect("times are numbers"));
    times.swap_remove(times.len() / 2)
}

/// What this process's threads have taken of processors so far, in steps of 10 ms; Linux only.
///
/// # Panics
/// Elsewhere.
pub fn processor_time() -> Duration {
    used("/proc/self/stat")
}

/// [`processor_time`] of the thread that asks.
///
/// # Panics
/// Not on Linux.
pub fn thread_time() -> Duration {
    used("/proc/thread-self/stat")
}

fn used(path: &str) -> Duration {
    let text = std::fs::read_to_string(path).expect("Linux says how much a process has used");
    // The second field is the program's name in parentheses; user and system time are fields 14 and 15, in hundredths.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().expect("a number of ticks")).sum();
    Duration::from_millis(10 * ticks)
}

/// The processor and how many of its cores this process has.
pub fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    format!("{cores} cores of {}", model.map_or("an unknown processor", |(_, model)| model))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits() {
        assert_eq!([0.0123456, 1.0, 3.1666, 41.449, 117_345.0].map(rounded), [0.0123, 1.0, 3.17, 41.4, 117_000.0]);
        assert_eq!(rounded(0.0), 0.0);
    }
}
