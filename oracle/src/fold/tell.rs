//! Statements: what everybody who took part in an epoch is told.

use std::collections::{BTreeMap, BTreeSet};

use cid::Cid;
use liaise_ledger::Account;
use liaise_ledger::genesis::Parameters;

use super::account::Split;
use super::advance::Note;
use super::apportion::Shares;
use super::reasons::{Reason, ReasonCode};
use super::state::AccountState;
use super::statement::{Statement, TaskRow};

/// Until gates are in force everything passes.
const GATE_PERMILLE: u16 = 1_000;
/// Until holds are in force nothing is held.
const HOLD_PERMILLE: u16 = 0;
/// How many messages a reason names that rests on all of an account's.
const NAMED: usize = 8;

/// What a statement is made of.
#[derive(Default)]
struct Draft {
    tasks: BTreeSet<Cid>,
    messages: BTreeSet<Cid>,
    reasons: Vec<Reason>,
}

/// Writes the statements, by account.
pub fn statements(
    tasks: &BTreeMap<Cid, TaskRow>,
    split: &Split,
    notes: BTreeMap<Account, Note>,
    accounts: &BTreeMap<Account, AccountState>,
    parameters: &Parameters,
) -> Vec<Statement> {
    let mut drafts: BTreeMap<Account, Draft> = BTreeMap::new();
    for (account, note) in notes {
        let draft = drafts.entry(account).or_default();
        draft.messages = note.messages;
        draft.reasons = note.reasons;
    }
    for row in tasks.values() {
        for line in &row.lines {
            let draft = drafts.entry(line.account.clone()).or_default();
            draft.tasks.insert(row.task);
            draft.reasons.push(line.reason.clone());
        }
    }
    let ramp = split.ramp_permille(parameters.ramp_weight);
    drafts.into_iter().map(|(account, draft)| write(account, draft, tasks, split, accounts, ramp)).collect()
}

fn permille(amount: u64, permille: u16) -> u64 {
    u64::try_from(u128::from(amount) * u128::from(permille) / 1_000).expect("at most the amount")
}

fn write(
    account: Account,
    mut draft: Draft,
    tasks: &BTreeMap<Cid, TaskRow>,
    split: &Split,
    accounts: &BTreeMap<Account, AccountState>,
    ramp: u64,
) -> Statement {
    let of = |shares: &Shares| shares.shares.get(&account).copied().unwrap_or(0);
    let (won, judged, prompted) = (of(&split.winners), of(&split.judges), of(&split.users));
    let gross = won + judged + prompted;
    let gated = won + judged + permille(prompted, GATE_PERMILLE);
    let held = permille(gated, HOLD_PERMILLE);
    let mine = draft.tasks.iter().map(|id| &tasks[id]).filter(|row| row.user == account);
    let scaled: Vec<Reason> = mine.flat_map(scaling).collect();
    draft.reasons.extend(scaled);
    let named = draft.reasons.iter().flat_map(|reason| reason.messages.iter().copied());
    let rests_on: Vec<Cid> = named.chain(draft.messages).collect::<BTreeSet<Cid>>().into_iter().take(NAMED).collect();
    if gross == 0 {
        let earns = |code| matches!(code, ReasonCode::Won | ReasonCode::Judged | ReasonCode::Prompted);
        let counted = draft.reasons.iter().any(|reason| earns(reason.code));
        let code = if counted { ReasonCode::BelowOneUnit } else { ReasonCode::NothingCounted };
        draft.reasons.push(Reason::of(code, rests_on.iter().copied()));
    }
    draft.reasons.extend(neutral(accounts.get(&account), ramp, &rests_on));
    draft.reasons.sort();
    draft.reasons.dedup();
    Statement {
        won,
        judged,
        prompted,
        gross,
        gate_permille: GATE_PERMILLE,
        gated,
        hold_permille: HOLD_PERMILLE,
        held,
        net: gated - held,
        reasons: draft.reasons,
        tasks: draft.tasks.into_iter().collect(),
        account,
    }
}

/// What scaled a user's own task.
fn scaling(row: &TaskRow) -> Vec<Reason> {
    if row.winner.is_none() {
        return vec![];
    }
    let mut reasons = vec![
        Reason::with(ReasonCode::Unlock, row.unlock_permille.into(), [row.task]),
        Reason::with(ReasonCode::TicketsUsed, row.used_permille.into(), [row.ticket]),
    ];
    if row.counted < row.units {
        reasons.push(Reason::with(ReasonCode::OverCap, row.counted, [row.task]));
    }
    reasons
}

/// What is not in force yet, and says so; with the messages that it would judge.
fn neutral(state: Option<&AccountState>, ramp: u64, rests_on: &[Cid]) -> Vec<Reason> {
    let with = |code, value| Reason::with(code, value, rests_on.iter().copied());
    let mut reasons =
        vec![with(ReasonCode::GateNeutral, GATE_PERMILLE.into()), with(ReasonCode::HoldNeutral, HOLD_PERMILLE.into())];
    if ramp < 1_000 {
        reasons.push(with(ReasonCode::Ramp, ramp));
    }
    if let Some(state) = state.filter(|state| state.scored_jobs > 0) {
        reasons.push(with(ReasonCode::ReliabilityNeutral, state.failed_jobs));
    }
    if let Some(capability) = state.and_then(|state| state.capability.as_ref()) {
        reasons.push(Reason::with(ReasonCode::SlotsNeutral, 1, [capability.message]));
        reasons.push(Reason::of(ReasonCode::StorageNeutral, [capability.message]));
    }
    reasons
}
