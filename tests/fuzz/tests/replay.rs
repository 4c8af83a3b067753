//! The committed corpora, the seeds and the hostile inputs, through the same functions that the fuzzer calls.

use liaise_fuzz::{TARGETS, Target, corpus};
use peak_alloc::PeakAlloc;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

#[global_allocator]
static COUNTED: PeakAlloc = PeakAlloc;

/// Memory is counted for the whole process: one input at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn check(target: &Target, input: &[u8]) -> bool {
    let _only_one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    catch_unwind(AssertUnwindSafe(|| target.check(input))).unwrap_or_else(|_| {
        let shown: String = input.iter().take(4096).map(|byte| format!("{byte:02x}")).collect();
        panic!("target {} breaks its promise for {} bytes: {shown}", target.name, input.len())
    })
}

/// Leaves no store behind.
struct Closing;

impl Drop for Closing {
    fn drop(&mut self) {
        liaise_fuzz::close();
    }
}

#[test]
fn seeds_are_accepted() {
    let _closing = Closing;
    for target in TARGETS {
        let seeds = target.seeds();
        assert!(!seeds.is_empty(), "{} has no seed", target.name);
        for (number, seed) in seeds.iter().enumerate() {
            assert!(check(target, seed), "seed {number} of {} is refused: {}", target.name, seed.escape_ascii());
            assert!(seed.len() <= target.longest, "seed {number} of {} is longer than what is tried", target.name);
        }
    }
}

#[test]
fn hostile_inputs_are_refused_in_bounded_memory() {
    let _closing = Closing;
    for target in TARGETS {
        for (number, input) in target.hostile().iter().enumerate() {
            assert!(!check(target, input), "hostile input {number} of {} is accepted", target.name);
        }
    }
}

/// Cut and altered seeds: the fuzzer's first steps, taken in every run.
#[test]
fn seeds_may_be_cut_and_altered() {
    let _closing = Closing;
    for target in TARGETS {
        for seed in target.seeds() {
            let step = (seed.len() / 24).max(1);
            for at in (0..seed.len()).step_by(step) {
                check(target, &seed[..at]);
                let mut altered = seed.clone();
                altered[at] ^= 1 << (at % 8);
                check(target, &altered);
            }
        }
    }
}

#[test]
fn corpora_keep_their_promises() {
    let _closing = Closing;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for target in TARGETS {
        let file = corpus::file(&folder, target.name);
        let inputs = corpus::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let accepted = inputs.iter().filter(|input| check(target, input)).count();
        assert!(accepted > 0, "{} accepts nothing of its corpus of {} inputs", target.name, inputs.len());
    }
    let known: Vec<_> = TARGETS.iter().map(|target| corpus::file(&folder, target.name)).collect();
    for entry in std::fs::read_dir(&folder).expect("the corpora's folder") {
        let path = entry.expect("an entry").path();
        assert!(known.contains(&path), "{} is no target's corpus", path.display());
    }
}
