//! Who wins a task, who is paid for judging it, and whose job was done badly.

use std::collections::{BTreeMap, BTreeSet};

use cid::Cid;
use liaise_ledger::Account;
use liaise_ledger::genesis::Parameters;

use super::median;
use super::race::{Race, Ruling};
use super::reasons::{Reason, ReasonCode};

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
    /// Who won, with its result and latency.
    pub winner: Option<(Account, Cid, u64)>,
    /// Judges that are paid, in draw order.
    pub judges: Vec<Account>,
}

/// Decides a race. What it says of each participant is added to the race's lines.
pub fn decide(race: &mut Race<'_>, parameters: &Parameters, tie_rank: impl Fn(&Account) -> [u8; 32]) -> Outcome {
    let mut by_latency: Vec<(u64, [u8; 32], Account, Cid)> = race
        .entries
        .iter()
        .map(|(account, entry)| (entry.latency_ns, tie_rank(account), (*account).clone(), entry.id))
        .collect();
    by_latency.sort();
    let mut decisions = BTreeMap::new();
    let mut refused_before = false;
    for (_, _, account, _) in &by_latency {
        let decision = decision(race, account, refused_before);
        refused_before |= decision == Decision::RefusedByAudit;
        decisions.insert(account.clone(), decision);
    }
    let accepted =
        |account: &Account| matches!(decisions.get(account), Some(Decision::Accepted | Decision::AcceptedByAudit));
    let in_race: Vec<_> = by_latency.iter().filter(|(_, _, account, _)| accepted(account)).collect();
    let winner = in_race.first().map(|(fastest, ..)| {
        let window = (parameters.tie_ms * 1_000_000).max(fastest / 50);
        let tied = in_race.iter().filter(|(latency, ..)| latency - fastest <= window);
        let (latency, _, account, result) =
            tied.min_by_key(|(_, rank, ..)| *rank).expect("the fastest ties with itself");
        (account.clone(), *result, *latency)
    });
    let contradicted = contradicted(race, &decisions);
    let judges = agreeing(race, winner.as_ref().map(|(account, ..)| account), &decisions, &contradicted);
    describe(race, winner.as_ref().map(|(account, ..)| account), &judges, &decisions, &contradicted);
    Outcome { winner, judges: judges.into_iter().take(PAID_JUDGES).collect() }
}

fn rulings<'r>(race: &'r Race<'_>, about: &'r Account) -> impl Iterator<Item = &'r Ruling> {
    race.rulings.iter().filter(move |ruling| ruling.about == *about)
}

/// Decides one result. After the auditors refused a faster one, only their verdict accepts.
fn decision(race: &Race<'_>, racer: &Account, refused_before: bool) -> Decision {
    let is_refused = race.refusals.iter().any(|(_, about)| about == racer);
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
            let score = |ruling: &Ruling| if ruling.score < ACCEPT_SCORE { 0 } else { ruling.score };
            let all: Vec<u16> = rulings(race, racer).map(score).collect();
            if median::lower(all).is_some_and(|score| score >= ACCEPT_SCORE) {
                Decision::Accepted
            } else {
                Decision::Open
            }
        }
    }
}

/// Whom an audit contradicts: with one of the messages that show it.
fn contradicted(race: &Race<'_>, decisions: &BTreeMap<Account, Decision>) -> BTreeMap<Account, (ReasonCode, Cid)> {
    let mut out = BTreeMap::new();
    for (racer, decision) in decisions {
        let accepted = match decision {
            Decision::AcceptedByAudit => true,
            Decision::RefusedByAudit => {
                out.insert(racer.clone(), (ReasonCode::RefusedByAudit, race.entries[racer].id));
                false
            }
            _ => continue,
        };
        for ruling in rulings(race, racer).filter(|ruling| (ruling.score >= ACCEPT_SCORE) != accepted) {
            out.entry(ruling.account.clone()).or_insert((ReasonCode::Contradicted, ruling.id));
        }
    }
    out
}

/// Who judged in agreement with the outcome, in draw order: accepted the winner, or refused what the audit refused.
fn agreeing(
    race: &Race<'_>,
    winner: Option<&Account>,
    decisions: &BTreeMap<Account, Decision>,
    contradicted: &BTreeMap<Account, (ReasonCode, Cid)>,
) -> Vec<Account> {
    let Some(winner) = winner else { return vec![] };
    let agrees = |ruling: &&Ruling| {
        let accepts = ruling.score >= ACCEPT_SCORE;
        let refused = decisions.get(&ruling.about) == Some(&Decision::RefusedByAudit);
        (accepts && ruling.about == *winner) || (!accepts && refused)
    };
    let accounts: BTreeSet<&Account> = race.rulings.iter().filter(agrees).map(|ruling| &ruling.account).collect();
    let mut judges: Vec<Account> = accounts
        .into_iter()
        .filter(|account| *account != winner && !contradicted.contains_key(*account))
        .cloned()
        .collect();
    judges.sort_by_key(|account| race.place(account));
    judges
}

/// One line for each participant: what it did and whether it counts as a job done well or badly.
fn describe(
    race: &mut Race<'_>,
    winner: Option<&Account>,
    judges: &[Account],
    decisions: &BTreeMap<Account, Decision>,
    contradicted: &BTreeMap<Account, (ReasonCode, Cid)>,
) {
    let called: Vec<Account> = race.called().cloned().collect();
    let commits: BTreeMap<Account, Cid> = race.commits().map(|(account, id)| (account.clone(), id)).collect();
    let results: BTreeMap<Account, Cid> =
        race.entries.iter().map(|(account, entry)| ((*account).clone(), entry.id)).collect();
    let ruled: BTreeMap<Account, (Cid, bool)> = race
        .rulings
        .iter()
        .map(|r| {
            let refused_alone = r.score < ACCEPT_SCORE && !r.is_audit && !results.contains_key(&r.account);
            (r.account.clone(), (r.id, refused_alone))
        })
        .collect();
    let everybody: BTreeSet<Account> =
        called.iter().cloned().chain(commits.keys().cloned()).chain(ruled.keys().cloned()).collect();
    for account in everybody {
        let (scored, reason) = if let Some((code, message)) = contradicted.get(&account) {
            (Some(false), Reason::of(*code, [*message]))
        } else if winner == Some(&account) {
            (Some(true), Reason::of(ReasonCode::Won, [results[&account]]))
        } else if commits.contains_key(&account) && !results.contains_key(&account) {
            (Some(false), Reason::of(ReasonCode::Unrevealed, [commits[&account]]))
        } else if let Some(place) = judges.iter().position(|judge| *judge == account) {
            let code = if place < PAID_JUDGES { ReasonCode::Judged } else { ReasonCode::JudgesFull };
            (Some(true), Reason::of(code, [ruled[&account].0]))
        } else if let Some(result) = results.get(&account) {
            let accepted = matches!(decisions[&account], Decision::Accepted | Decision::AcceptedByAudit);
            let code = if accepted { ReasonCode::SlowerResult } else { ReasonCode::NotAccepted };
            (Some(true), Reason::of(code, [*result]))
        } else if let Some((message, refused_alone)) = ruled.get(&account) {
            let code = if *refused_alone { ReasonCode::RefusalWithoutResult } else { ReasonCode::VerdictUnpaid };
            (Some(true), Reason::of(code, [*message]))
        } else {
            (Some(false), Reason::of(ReasonCode::Silent, []))
        };
        race.line(&account, scored, reason);
    }
}
