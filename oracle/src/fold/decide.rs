//! Who wins a task, who is paid for judging it, and whose job was done badly.

use std::collections::{BTreeMap, BTreeSet};

use liaise_ledger::genesis::Parameters;

use super::median;
use super::part::Place;
use super::people::Person;
use super::race::{Race, Ruling};
use super::reasons::ReasonCode;

/// The lowest score that accepts.
pub const ACCEPT_SCORE: u16 = 500;
/// How many accepting verdicts a result needs where nobody refuses it.
pub const ACCEPTING: usize = 2;
/// The most judges that a task pays.
pub const PAID_JUDGES: usize = 10;

/// What is decided about a racer's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Accepted,
    /// Accepted by the auditors: who refused it was wrong.
    AcceptedByAudit,
    RefusedByAudit,
    Open,
}

/// The outcome of a race.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Who won.
    pub winner: Option<Person>,
    /// Judges that are paid, in draw order.
    pub judges: Vec<Person>,
}

type Decisions = BTreeMap<Person, Decision>;
/// Whom an audit contradicts, with the message that shows it.
type Contradicted = BTreeMap<Person, (ReasonCode, Place)>;

/// Decides a race. What it says of each participant is added to the race's remarks.
pub fn decide(race: &mut Race<'_>, parameters: &Parameters) -> Outcome {
    let mut by_latency: Vec<(u64, Person)> =
        race.entries.iter().map(|(racer, entry)| (entry.latency_ns, *racer)).collect();
    // Ranks are hashes: they are asked for only where there is a tie.
    by_latency.sort_unstable_by(|(a, one), (b, other)| {
        a.cmp(b).then_with(|| race.tie_rank(*one).cmp(&race.tie_rank(*other)))
    });
    let mut decisions = Decisions::new();
    let mut refused_before = false;
    for (_, racer) in &by_latency {
        let decision = decision(race, *racer, refused_before);
        refused_before |= decision == Decision::RefusedByAudit;
        decisions.insert(*racer, decision);
    }
    let accepted = |racer: &Person| matches!(decisions[racer], Decision::Accepted | Decision::AcceptedByAudit);
    let in_race: Vec<_> = by_latency.iter().filter(|(_, racer)| accepted(racer)).collect();
    let winner = in_race.first().map(|(fastest, first)| {
        let window = (parameters.tie_ms * 1_000_000).max(fastest / 50);
        let tied = in_race.iter().take_while(|(latency, _)| latency - fastest <= window);
        let tied: Vec<Person> = tied.map(|(_, racer)| *racer).collect();
        let lowest = || tied.iter().copied().min_by_key(|racer| race.tie_rank(*racer));
        if tied.len() > 1 { lowest().expect("there are two") } else { *first }
    });
    let contradicted = contradicted(race, &decisions);
    let mut judges = agreeing(race, winner, &decisions, &contradicted);
    describe(race, winner, &judges, &decisions, &contradicted);
    judges.truncate(PAID_JUDGES);
    Outcome { winner, judges }
}

fn rulings<'r, 'a>(race: &'r Race<'a>, about: Person) -> impl Iterator<Item = &'r Ruling<'a>> {
    race.rulings.iter().filter(move |ruling| ruling.about == about)
}

/// Decides one result. After the auditors refused a faster one, only their verdict accepts.
fn decision(race: &Race<'_>, racer: Person, refused_before: bool) -> Decision {
    let is_refused = race.refusals.iter().any(|(_, about)| *about == racer);
    if !is_refused && !refused_before {
        return if race.accepting(racer) >= ACCEPTING { Decision::Accepted } else { Decision::Open };
    }
    let audits = rulings(race, racer).filter(|ruling| ruling.is_audit).map(|ruling| ruling.score).collect();
    match median::lower(audits) {
        Some(score) if score >= ACCEPT_SCORE => Decision::AcceptedByAudit,
        Some(_) => Decision::RefusedByAudit,
        None if refused_before => Decision::Open,
        None => {
            // No audit came: the task's verdicts decide, a standing refusal counting 0.
            let score = |ruling: &Ruling<'_>| if ruling.score < ACCEPT_SCORE { 0 } else { ruling.score };
            let all: Vec<u16> = rulings(race, racer).map(score).collect();
            if median::lower(all).is_some_and(|score| score >= ACCEPT_SCORE) {
                Decision::Accepted
            } else {
                Decision::Open
            }
        }
    }
}

fn contradicted(race: &Race<'_>, decisions: &Decisions) -> Contradicted {
    let mut out = Contradicted::new();
    for (racer, decision) in decisions {
        let accepted = match decision {
            Decision::AcceptedByAudit => true,
            Decision::RefusedByAudit => {
                out.insert(*racer, (ReasonCode::RefusedByAudit, race.entries[racer].event.place));
                false
            }
            _ => continue,
        };
        for ruling in rulings(race, *racer).filter(|ruling| (ruling.score >= ACCEPT_SCORE) != accepted) {
            out.entry(ruling.judge).or_insert((ReasonCode::Contradicted, ruling.event.place));
        }
    }
    out
}

/// Who judged in agreement with the outcome, in draw order: accepted the winner, or refused what the audit refused.
fn agreeing(
    race: &Race<'_>,
    winner: Option<Person>,
    decisions: &Decisions,
    contradicted: &Contradicted,
) -> Vec<Person> {
    let Some(winner) = winner else { return vec![] };
    let agrees = |ruling: &&Ruling<'_>| {
        let accepts = ruling.score >= ACCEPT_SCORE;
        let refused = decisions.get(&ruling.about) == Some(&Decision::RefusedByAudit);
        (accepts && ruling.about == winner) || (!accepts && refused)
    };
    let judges: BTreeSet<Person> = race.rulings.iter().filter(agrees).map(|ruling| ruling.judge).collect();
    let paid = judges.into_iter().filter(|judge| *judge != winner && !contradicted.contains_key(judge));
    let mut judges: Vec<Person> = paid.collect();
    judges.sort_by_key(|judge| race.place(*judge));
    judges
}

/// One remark for each participant: what it did and whether it counts as a job done well or badly.
fn describe(
    race: &mut Race<'_>,
    winner: Option<Person>,
    judges: &[Person],
    decisions: &Decisions,
    contradicted: &Contradicted,
) {
    let commits: BTreeMap<Person, Place> = race.commits().collect();
    let results: BTreeMap<Person, Place> =
        race.entries.iter().map(|(racer, entry)| (*racer, entry.event.place)).collect();
    let ruled: BTreeMap<Person, (Place, bool)> = race
        .rulings
        .iter()
        .map(|r| {
            let refused_alone = r.score < ACCEPT_SCORE && !r.is_audit && !results.contains_key(&r.judge);
            (r.judge, (r.event.place, refused_alone))
        })
        .collect();
    let everybody: BTreeSet<Person> =
        race.called().chain(commits.keys().copied()).chain(ruled.keys().copied()).collect();
    for who in everybody {
        let (scored, code, message) = if let Some((code, message)) = contradicted.get(&who) {
            (false, *code, Some(*message))
        } else if winner == Some(who) {
            (true, ReasonCode::Won, Some(results[&who]))
        } else if commits.contains_key(&who) && !results.contains_key(&who) {
            (false, ReasonCode::Unrevealed, Some(commits[&who]))
        } else if let Some(place) = judges.iter().position(|judge| *judge == who) {
            let code = if place < PAID_JUDGES { ReasonCode::Judged } else { ReasonCode::JudgesFull };
            (true, code, Some(ruled[&who].0))
        } else if let Some(result) = results.get(&who) {
            let accepted = matches!(decisions[&who], Decision::Accepted | Decision::AcceptedByAudit);
            let code = if accepted { ReasonCode::SlowerResult } else { ReasonCode::NotAccepted };
            (true, code, Some(*result))
        } else if let Some((message, refused_alone)) = ruled.get(&who) {
            let code = if *refused_alone { ReasonCode::RefusalWithoutResult } else { ReasonCode::VerdictUnpaid };
            (true, code, Some(*message))
        } else {
            (false, ReasonCode::Silent, None)
        };
        race.remark(who, Some(scored), code, message);
    }
}
