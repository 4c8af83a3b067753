//! The few schedules that show all that many do: what is replayed on real chains.

use std::collections::BTreeSet;

use liaise_handover::coverage::Mark;
use liaise_handover::schedule::record;
use serde::Deserialize;

#[derive(Deserialize)]
struct Few {
    seeds: Vec<u64>,
    marks: BTreeSet<Mark>,
}

/// What is committed is what the seeds show, and nothing in it shows nothing of its own.
#[test]
fn the_few_schedules_show_every_call_and_every_refusal() {
    let few: Few = serde_json::from_str(include_str!("../../few.json")).expect("few.json");
    let mut shown = BTreeSet::new();
    for seed in &few.seeds {
        let world = record(*seed).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        let marks = world.record.expect("it is recorded").marks;
        assert!(!marks.is_subset(&shown), "seed {seed} shows nothing of its own");
        shown.extend(marks);
    }
    let remedy = "`cargo run -p liaise-handover --example few` chooses anew";
    assert_eq!(shown, few.marks, "{remedy}");
}
