//! What a schedule shows: which calls, in which state, with which outcome. A few schedules that together show all that many do are
//! replayed on real chains.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::calls::{Call, Refusal};
use crate::distributor::Distributor;
use crate::network::CHAINS;
use crate::trace::Event;

/// A call, in a class of states, with its outcome.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mark(pub String);

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Mark {
    /// What a call showed that met this state.
    pub fn new(before: &Distributor, now_s: u64, call: &Call, outcome: Result<(), Refusal>) -> Self {
        let view = before.view(now_s);
        let range = match view.standing.range {
            None => "unopened",
            Some((_, None)) => "open",
            Some((_, Some(end))) if view.standing.next < end => "ending",
            Some(_) => "complete",
        };
        let waits = if view.busy { "waiting" } else { "idle" };
        let chain = if before.is_utxo() { "utxo" } else { "account" };
        let outcome = match outcome {
            Ok(()) => "accepted".to_owned(),
            Err(refusal) => {
                let name = serde_json::to_value(refusal).expect("a name");
                name.as_str().expect("a string").to_owned()
            }
        };
        Self(format!("{chain} {} {outcome} {range} {waits}", call.name()))
    }

    /// Chain, call and outcome, without the class of states.
    pub fn call_and_outcome(&self) -> &str {
        let end = self.0.match_indices(' ').nth(2).map_or(self.0.len(), |(at, _)| at);
        &self.0[..end]
    }
}

/// What a schedule showed, and what happened on each chain.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// See [`Mark`].
    pub marks: BTreeSet<Mark>,
    /// By chain.
    pub events: [Vec<Event>; CHAINS],
}

/// Schedules, by seed, that together show all marks: at each step the one that shows most of what is missing, the lowest seed first.
pub fn choose(shown: &BTreeMap<u64, BTreeSet<Mark>>) -> Vec<u64> {
    let mut missing: BTreeSet<&Mark> = shown.values().flatten().collect();
    let mut chosen = Vec::new();
    while !missing.is_empty() {
        let gain = |marks: &BTreeSet<Mark>| marks.iter().filter(|mark| missing.contains(mark)).count();
        let best = shown.iter().map(|(seed, marks)| (gain(marks), std::cmp::Reverse(*seed))).max();
        let Some((_, std::cmp::Reverse(seed))) = best else { break };
        for mark in &shown[&seed] {
            missing.remove(mark);
        }
        chosen.push(seed);
    }
    chosen
}
