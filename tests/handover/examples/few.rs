//! Chooses the few schedules that show all that the first ones do, and writes few.json: `cargo run -p liaise-handover --example few`.
//! `LIAISE_SIMULATION_RUNS=n` looks at n schedules.

use std::collections::{BTreeMap, BTreeSet};

use liaise_handover::coverage::{Mark, choose};
use liaise_handover::schedule::record;
use serde::Serialize;

const LOOKED_AT: u64 = 20_000;

#[derive(Serialize)]
struct Few {
    seeds: Vec<u64>,
    marks: BTreeSet<Mark>,
}

fn marks(seed: u64) -> BTreeSet<Mark> {
    let world = record(seed).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
    world.record.expect("it is recorded").marks
}

fn main() {
    let count = std::env::var("LIAISE_SIMULATION_RUNS").map_or(LOOKED_AT, |text| text.parse().expect("a number"));
    let collected = |seed: u64| (seed, marks(seed));
    let shown: BTreeMap<u64, BTreeSet<Mark>> = (0..count).map(collected).collect();
    let seeds = choose(&shown);
    let marks: BTreeSet<Mark> = shown.into_values().flatten().collect();
    let outcomes: BTreeSet<&str> = marks.iter().map(Mark::call_and_outcome).collect();
    println!("{} schedules show {} marks, {} calls with their outcome", seeds.len(), marks.len(), outcomes.len());
    for outcome in outcomes {
        println!("  {outcome}");
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/few.json");
    let text = serde_json::to_string_pretty(&Few { seeds, marks }).expect("plain structs serialise");
    std::fs::write(path, text + "\n").unwrap_or_else(|error| panic!("{path}: {error}"));
}
