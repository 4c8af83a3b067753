//! What happens to a purpose, as a pure function: (state, event) -> (state, effect).

use liaise_chain_api::{Outcome, Prepared, Status, SubmissionId};
use serde::{Deserialize, Serialize};

use super::row::Row;

/// A purpose's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// How far it is.
    pub stage: Stage,
    /// Earlier transactions that came to nothing, oldest first.
    pub past: Vec<Past>,
}

/// How far a purpose is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing that could be included exists.
    Idle,
    /// Signed, or to be taken up again, in memory alone: must not be sent before it is on disk as live. After a crash
    /// what was on disk before counts.
    Signed(Prepared),
    /// On disk: may have been sent, and may be sent again.
    Live(Prepared),
    /// Achieved.
    Ended(End),
}

/// How a purpose was achieved. Looked up again whenever it is wanted again: a node may have lied, and a block that looked
/// final may have gone away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// By our own transaction, finally as far as the node knew.
    Ours {
        /// Which.
        id: SubmissionId,
        /// The transaction, to be sent again should its block go away; rows of version 1 lack it.
        sent: Option<Prepared>,
    },
    /// By somebody else's, as far as the newest block shows.
    Others,
}

/// A transaction that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// Which.
    pub id: SubmissionId,
    /// Why.
    pub why: String,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody wants it achieved, or comes back to see.
    Wanted,
    /// Whether the chain shows it as achieved already, by whomever.
    Looked {
        /// Whether it does.
        achieved: bool,
    },
    /// The adapter signed; nothing is sent.
    Signed(Prepared),
    /// The row of the last [`Effect::Store`] is on disk.
    Stored,
    /// How the live transaction stands.
    Observed(Status),
}

/// What to do next; each has one event as its answer, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// See whether it is achieved already; answer with [`Event::Looked`].
    Look,
    /// Have it signed; answer with [`Event::Signed`].
    Prepare,
    /// Make the row durable; answer with [`Event::Stored`].
    Store(Row),
    /// Send it. No answer: the status tells.
    Broadcast(Prepared),
    /// Ask how it stands; answer with [`Event::Observed`].
    AskStatus(Prepared),
}

/// One step. An event that its state does not wait for changes nothing.
pub fn step(state: State, event: Event) -> (State, Option<Effect>) {
    let State { stage, past } = state;
    match (stage, event) {
        (Stage::Idle | Stage::Ended(End::Others), Event::Wanted) => stay(Stage::Idle, past, Effect::Look),
        (Stage::Idle, Event::Looked { achieved: true }) => store(Stage::Ended(End::Others), past),
        (Stage::Idle, Event::Looked { achieved: false }) => stay(Stage::Idle, past, Effect::Prepare),
        (Stage::Idle, Event::Signed(prepared)) => {
            let row = Row { stage: Stage::Live(prepared.clone()), past: past.clone() };
            stay(Stage::Signed(prepared), past, Effect::Store(row))
        }
        // after a transaction that came to nothing: begin again
        (Stage::Idle, Event::Stored) => stay(Stage::Idle, past, Effect::Look),

        (Stage::Signed(prepared), Event::Stored) => {
            stay(Stage::Live(prepared.clone()), past, Effect::Broadcast(prepared))
        }

        (Stage::Live(prepared), Event::Wanted) => {
            stay(Stage::Live(prepared.clone()), past, Effect::AskStatus(prepared))
        }
        (Stage::Live(prepared), Event::Observed(status)) => observed(prepared, status, past),

        (Stage::Ended(ours), Event::Wanted) => stay(Stage::Ended(ours), past, Effect::Look),
        (Stage::Ended(End::Ours { id, sent: Some(sent) }), Event::Looked { achieved: false }) => {
            let ended = Stage::Ended(End::Ours { id, sent: Some(sent.clone()) });
            stay(ended, past, Effect::AskStatus(sent))
        }
        (Stage::Ended(End::Ours { id, sent: Some(sent) }), Event::Observed(status)) => {
            taken_up_again(id, sent, status, past)
        }

        (stage, _) => (State { stage, past }, None),
    }
}

/// What was ours and final, and the chain does not show: only what its own transaction says counts, and until it is dead
/// nothing but the same bytes is sent.
fn taken_up_again(id: SubmissionId, sent: Prepared, status: Status, past: Vec<Past>) -> (State, Option<Effect>) {
    match status {
        Status::Unseen | Status::Pending | Status::Included { .. } => {
            let row = Row { stage: Stage::Live(sent.clone()), past: past.clone() };
            stay(Stage::Signed(sent), past, Effect::Store(row))
        }
        // undone since, by a veto or by whoever has the right
        Status::Final { outcome: Outcome::Succeeded, .. } => {
            (State { stage: Stage::Ended(End::Ours { id, sent: Some(sent) }), past }, None)
        }
        Status::Final { outcome: Outcome::Reverted, .. } | Status::Dead { .. } => observed(sent, status, past),
    }
}

fn observed(prepared: Prepared, status: Status, mut past: Vec<Past>) -> (State, Option<Effect>) {
    match status {
        Status::Unseen => stay(Stage::Live(prepared.clone()), past, Effect::Broadcast(prepared)),
        Status::Pending | Status::Included { .. } => (State { stage: Stage::Live(prepared), past }, None),
        Status::Final { outcome: Outcome::Succeeded, .. } => {
            store(Stage::Ended(End::Ours { id: prepared.id.clone(), sent: Some(prepared) }), past)
        }
        Status::Final { outcome: Outcome::Reverted, .. } => {
            past.push(Past { id: prepared.id, why: "reverted".to_owned() });
            store(Stage::Idle, past)
        }
        Status::Dead { reason } => {
            past.push(Past { id: prepared.id, why: reason.to_string() });
            store(Stage::Idle, past)
        }
    }
}

fn stay(stage: Stage, past: Vec<Past>, effect: Effect) -> (State, Option<Effect>) {
    (State { stage, past }, Some(effect))
}

fn store(stage: Stage, past: Vec<Past>) -> (State, Option<Effect>) {
    let row = Row { stage: stage.clone(), past: past.clone() };
    stay(stage, past, Effect::Store(row))
}

impl State {
    /// A purpose that was never tried.
    pub const NEW: Self = Self { stage: Stage::Idle, past: Vec::new() };

    /// The transaction that may be on its way.
    pub fn live(&self) -> Option<&Prepared> {
        match &self.stage {
            Stage::Live(prepared) => Some(prepared),
            Stage::Idle | Stage::Signed(_) | Stage::Ended(_) => None,
        }
    }
}

impl From<Row> for State {
    /// What a restart finds. A signed transaction that was not yet on disk is gone, and was never sent.
    fn from(row: Row) -> Self {
        Self { stage: row.stage, past: row.past }
    }
}
