//! What an account is told of an epoch, and what became of a task. Rows of the artefact.

use cid::Cid;
use liaise_ledger::{Account, Hash};
use serde::{Deserialize, Serialize};

use super::reasons::Reason;

/// An account's statement of an epoch, or a part of it, see [`Statement::joined`]. Amounts are base units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Whose.
    pub account: Account,
    /// Share of the 90 % for results that won.
    pub won: u64,
    /// Share of the 7 % for judging in agreement.
    pub judged: u64,
    /// Share of the 3 % for asking.
    pub prompted: u64,
    /// All three together.
    pub gross: u64,
    /// What the length gate lets through of `prompted`, in thousandths.
    pub gate_permille: u16,
    /// What the gate left of `gross`; the rest is unemitted.
    pub gated: u64,
    /// What is held back of `gated`, in thousandths.
    pub hold_permille: u16,
    /// Held back: enters owed.
    pub held: u64,
    /// `gated - held`: what this epoch earned it.
    pub net: u64,
    /// Why, each with the messages that it rests on.
    pub reasons: Vec<Reason>,
    /// Tasks of this epoch in which it had a part, by id.
    pub tasks: Vec<Cid>,
}

impl Statement {
    /// Puts together what stands in several rows: an account that is told very much has one row after the other, the amounts
    /// in the first.
    pub fn joined(rows: Vec<Statement>) -> Vec<Statement> {
        let mut all: Vec<Statement> = Vec::with_capacity(rows.len());
        for row in rows {
            match all.last_mut().filter(|last| last.account == row.account) {
                Some(last) => {
                    last.reasons.extend(row.reasons);
                    last.tasks.extend(row.tasks);
                }
                None => all.push(row),
            }
        }
        all
    }
}

/// What became of a task. Every participant's part is a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRow {
    /// The prompt or retrieval-add.
    pub task: Cid,
    /// Its ticket.
    pub ticket: Cid,
    /// Who asked.
    pub user: Account,
    /// The adapter.
    pub adapter: Hash,
    /// When it was asked, milliseconds since 1970.
    pub asked_ms: u64,
    /// Who won, or null.
    pub winner: Option<Account>,
    /// The result that won, or null.
    pub result: Option<Cid>,
    /// The winner's latency, nanoseconds, or null.
    pub latency_ns: Option<u64>,
    /// Work units of the result: at most the ticket's and the adapter's.
    pub units: u64,
    /// Units that count under the user's cap of the epoch.
    pub counted: u64,
    /// The user's unlocked thousandths.
    pub unlock_permille: u16,
    /// The user's used tickets, thousandths.
    pub used_permille: u16,
    /// Judges that are paid, in draw order.
    pub judges: Vec<Account>,
    /// Auditors that a refusal called, in draw order.
    pub auditors: Vec<Account>,
    /// What each participant did and how it was taken, by account.
    pub lines: Vec<TaskLine>,
}

/// A participant's part in a task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskLine {
    /// Whose.
    pub account: Account,
    /// Whether it counts as a job: null where it counts for nothing, else whether it was done well.
    pub scored: Option<bool>,
    /// What happened.
    pub reason: Reason,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::ReasonCode;
    use liaise_ledger::hash::block_cid;

    #[test]
    fn rows_of_one_account_are_one_statement() {
        let row = |account: u8, net: u64, named: &[u8]| Statement {
            account: Account::evm(1, [account; 20]),
            won: net,
            judged: 0,
            prompted: 0,
            gross: net,
            gate_permille: 1_000,
            gated: net,
            hold_permille: 0,
            held: 0,
            net,
            reasons: named
                .iter()
                .map(|n| Reason { code: ReasonCode::Won, value: None, messages: vec![block_cid(&[*n])] })
                .collect(),
            tasks: named.iter().map(|n| block_cid(&[*n])).collect(),
        };
        let rows = vec![row(1, 5, &[1]), row(2, 7, &[2, 3]), row(2, 0, &[4]), row(2, 0, &[]), row(3, 0, &[5])];
        assert_eq!(Statement::joined(rows), [row(1, 5, &[1]), row(2, 7, &[2, 3, 4]), row(3, 0, &[5])]);
    }
}
