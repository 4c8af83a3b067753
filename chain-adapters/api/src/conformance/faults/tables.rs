//! The cases that are the same on every chain: the way to its node, and what chains do by themselves.
//!
//! A chain adds tables of its own, of what its node can say that is not so.

use serde_json::json;

use super::{Case, Kind, Meets, Stage, Weather};
use crate::conformance::{Fault, Rule};

/// A method, and the stage from which on it is asked.
pub type Point = (Stage, &'static str);

/// The failures of a way, by name, with what each looks like to an operator.
fn failures() -> [(&'static str, Fault, Kind); 8] {
    let busy = Fault::Error { code: -32_005, message: "limit exceeded" };
    [
        ("http-500", Fault::Status(500), Kind::Unreachable),
        ("http-429", Fault::Status(429), Kind::Unreachable),
        ("reset", Fault::Reset, Kind::Unreachable),
        ("silence", Fault::Silence, Kind::Unreachable),
        ("truncated", Fault::Truncated, Kind::Unreachable),
        ("rpc-error", busy, Kind::BadAnswer),
        ("garbage", Fault::Garbage, Kind::BadAnswer),
        ("other-form", Fault::answer(json!({ "neither": "this" })), Kind::BadAnswer),
    ]
}

/// Each failure of the way to the node and back at each point. `sends_with` is the method that sends a transaction: an
/// error in its answer is the node's refusal.
pub fn transport(points: &[Point], sends_with: &str) -> Vec<Case> {
    let case = |(stage, method): Point, (failure, fault, kind): (&str, Fault, Kind)| {
        let kind = if failure == "rpc-error" && method == sends_with { Kind::Rejected } else { kind };
        // silence takes as long as patience does
        let calls = if failure == "silence" { 0..2 } else { 0..usize::MAX };
        let name = format!("{method} from {stage:?} on: {failure}");
        Case::new(name, stage, Meets::Only(kind)).rule(Rule { calls, ..Rule::always(method, fault) })
    };
    points.iter().flat_map(|point| failures().map(|failure| case(*point, failure))).collect()
}

/// The process ends at the first request of each point, before the node has it and after; the next one goes on.
pub fn killed(points: &[Point]) -> Vec<Case> {
    let ends = |(stage, method): Point| {
        [("before", Fault::Silence), ("after", Fault::Unheard)].map(|(when, fault)| {
            let name = format!("killed {when} {method} at {stage:?}");
            Case::new(name, stage, Meets::Nothing).rule(Rule::once(method, fault)).killed()
        })
    };
    points.iter().flat_map(|point| ends(*point)).collect()
}

/// What the chain does by itself, alone, with a second operator, and while `status_with`, the first thing that is asked of
/// a transaction, fails for a while.
pub fn weather(status_with: &'static str) -> Vec<Case> {
    use Stage::{Included, Seen, Sent, Settled, Start};
    let nothing = Meets::Nothing;
    let begin = |name: &str, stage, meets, weather| Case::new(name, stage, meets).weather(stage, weather);
    let broken = |name: &str, stage, weather| {
        let rule = Rule { calls: 0..3, ..Rule::always(status_with, Fault::Reset) };
        begin(name, stage, Meets::Only(Kind::Unreachable), weather).rule(rule)
    };
    let mut cases = vec![
        Case::new("fair weather", Start, nothing),
        Case::new("two operators at once", Start, nothing).rival(),
        begin("the block goes away before it was seen", Included, nothing, Weather::Reorg),
        begin("the block goes away after it was seen", Seen, nothing, Weather::Reorg),
        begin("the block goes away, and another files", Seen, nothing, Weather::Reorg).rival(),
        broken("the block goes away, and no status can be had", Seen, Weather::Reorg),
        begin("a final-looking block goes away", Settled, nothing, Weather::FinalReorg),
        begin("a final-looking block goes away, and another files", Settled, nothing, Weather::FinalReorg).rival(),
        broken("a final-looking block goes away, and no status can be had", Settled, Weather::FinalReorg),
        begin("the node forgets what waits", Sent, nothing, Weather::Forgets),
        begin("the node forgets what waits, and another files", Sent, nothing, Weather::Forgets).rival(),
        begin("something else of the account takes the place", Sent, nothing, Weather::Replaced),
        begin("something else takes the place, and another files", Sent, nothing, Weather::Replaced).rival(),
        broken("something else takes the place, and no status can be had", Sent, Weather::Replaced),
        begin("the account is empty before it signs", Start, Meets::Only(Kind::Funds), Weather::Drained),
        begin("the account is empty, and another files", Start, Meets::Only(Kind::Funds), Weather::Drained).rival(),
        begin("the account is emptied while it waits", Sent, Meets::Perhaps(Kind::Rejected), Weather::Drained),
        begin("blocks are too dear to sign", Start, Meets::Only(Kind::FeeTooHigh), Weather::Dear),
        begin("blocks become too dear while it waits", Sent, Meets::Perhaps(Kind::Rejected), Weather::Dear),
    ];
    cases.extend(Stage::ALL.map(|stage| {
        let name = format!("another chain under the node's address at {stage:?}");
        begin(&name, stage, Meets::Only(Kind::WrongChain), Weather::AnotherChain)
    }));
    cases
}
