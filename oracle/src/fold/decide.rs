//! Who wins a task, who is paid for judging it, and whose job was done badly.

use liaise_ledger::genesis::Parameters;

use super::few::Few;
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

type Decisions = Few<Person, Decision>;
/// Whom an audit contradicts, with the message that shows it.
type Contradicted = Few<Person, (ReasonCode, Place)>;

/// Decides a race. What it says of each participant is added to the race's remarks.
pub fn decide(race: &mut Race<'_>, parameters: &Parameters) -> Outcome {
    let mut by_latency: Vec<(u64, Person)> =
        race.entries.iter().map(|(racer, entry)| (entry.latency_ns, *racer)).collect();
    // Ranks are hashes: they are asked for only where there is a tie.
    by_latency.sort_unstable_by(|(a, one), (b, other)| {
        a.cmp(b).then_with(|| race.tie_rank(*one).cmp(&race.tie_rank(*other)))
    });
    let mut decisions = Decisions::default();
    let mut refused_before = false;
    for (_, racer) in &by_latency {
        let decision = decision(race, *racer, refused_before);
        refused_before |= decision == Decision::RefusedByAudit;
        decisions.put(*racer, decision);
    }
    let accepted = |racer: &Person| is_accepted(&decisions, racer);
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

fn is_accepted(decisions: &Decisions, racer: &Person) -> bool {
    matches!(decisions.get(racer), Some(Decision::Accepted | Decision::AcceptedByAudit))
}

fn rulings<'r, 'a>(race: &'r Race<'a>, about: Person) -> impl Iterator<Item = &'r Ruling<'a>> {
    race.rulings.iter().filter(move |ruling| ruling.about == about)
}

/// Decides one result. After the auditors refused a faster one, only their verdict accepts.
fn decision(race: &Race<'_>, racer: Person, refused_before: bool) -> Decision {
    let is_refused = race.refusals.iter().any(|((_, about), ())| *about == racer);
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
    let mut out = Contradicted::default();
    for (racer, decision) in decisions.iter() {
        let accepted = match decision {
            Decision::AcceptedByAudit => true,
            Decision::RefusedByAudit => {
                // More than that it judged others wrongly.
                out.replace(*racer, (ReasonCode::RefusedByAudit, race.entry(*racer).event.place));
                false
            }
            _ => continue,
        };
        for ruling in rulings(race, *racer).filter(|ruling| (ruling.score >= ACCEPT_SCORE) != accepted) {
            out.put(ruling.judge, (ReasonCode::Contradicted, ruling.event.place));
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
    let judges = race.rulings.iter().filter(agrees).map(|ruling| ruling.judge);
    let mut judges: Vec<Person> = judges.filter(|judge| *judge != winner && !contradicted.has(judge)).collect();
    judges.sort_unstable_by_key(|judge| (race.place(*judge), *judge));
    judges.dedup();
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
    let mut everybody: Vec<Person> = race.called().collect();
    everybody.extend(race.commits().map(|(who, _)| who).chain(race.rulings.iter().map(|ruling| ruling.judge)));
    everybody.sort_unstable();
    everybody.dedup();
    for who in everybody {
        let result = race.entries.get(&who).map(|entry| entry.event.place);
        // Its last one.
        let ruling = race.rulings.iter().rfind(|ruling| ruling.judge == who);
        let (scored, code, message) = if let Some((code, message)) = contradicted.get(&who) {
            (false, *code, Some(*message))
        } else if winner == Some(who) {
            (true, ReasonCode::Won, result)
        } else if let (Some(commit), None) = (race.commit(who), result) {
            (false, ReasonCode::Unrevealed, Some(commit))
        } else if let Some(place) = judges.iter().position(|judge| *judge == who) {
            let code = if place < PAID_JUDGES { ReasonCode::Judged } else { ReasonCode::JudgesFull };
            (true, code, ruling.map(|ruling| ruling.event.place))
        } else if result.is_some() {
            let accepted = is_accepted(decisions, &who);
            let code = if accepted { ReasonCode::SlowerResult } else { ReasonCode::NotAccepted };
            (true, code, result)
        } else if let Some(ruling) = ruling {
            // It has no result of its own.
            let refused_alone = ruling.score < ACCEPT_SCORE && !ruling.is_audit;
            let code = if refused_alone { ReasonCode::RefusalWithoutResult } else { ReasonCode::VerdictUnpaid };
            (true, code, Some(ruling.event.place))
        } else {
            (false, ReasonCode::Silent, None)
        };
        race.remark(who, Some(scored), code, message);
    }
}
