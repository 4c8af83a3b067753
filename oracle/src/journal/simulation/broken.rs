//! The simulation must be able to fail: each of these breaks one rule, and a run finds it.

use liaise_chain_api::{DeadReason, Outcome, Status};

use super::{FOUND_WITHIN, Plan, RIGHT, first_failure};
use crate::journal::{Effect, End, Event, Row, Stage, State, step};

/// Runs seeds until one shows what is expected.
fn finds(plan: Plan, expected: &str) {
    let (report, failure) = first_failure(&plan, 1..=FOUND_WITHIN);
    let (seed, why) = failure.unwrap_or_else(|| panic!("{FOUND_WITHIN} runs show nothing: {report:?}"));
    assert!(why.contains(expected), "seed {seed} shows something else: {why}");
}

fn with_rules(rules: fn(State, Event) -> (State, Option<Effect>)) -> Plan {
    Plan { rules, ..RIGHT }
}

/// What no node knows is taken for dead, and another is signed.
#[test]
fn another_transaction_without_proof_of_death() {
    fn rules(state: State, event: Event) -> (State, Option<Effect>) {
        match event {
            Event::Observed(Status::Unseen) => {
                step(state, Event::Observed(Status::Dead { reason: DeadReason::Expired }))
            }
            event => step(state, event),
        }
    }
    finds(with_rules(rules), "twice");
}

/// What was signed is sent at once, and written down afterwards.
#[test]
fn sent_before_it_is_written_down() {
    fn rules(state: State, event: Event) -> (State, Option<Effect>) {
        match (state.stage.clone(), event) {
            (Stage::Idle, Event::Signed(prepared)) => {
                (State { stage: Stage::Live(prepared.clone()), ..state }, Some(Effect::Broadcast(prepared)))
            }
            (_, event) => step(state, event),
        }
    }
    finds(with_rules(rules), "twice");
}

/// A failure in a block that is not final is believed.
#[test]
fn given_up_before_its_failure_is_final() {
    fn rules(state: State, event: Event) -> (State, Option<Effect>) {
        match event {
            Event::Observed(Status::Included { block, outcome: Outcome::Reverted }) => {
                step(state, Event::Observed(Status::Final { block, outcome: Outcome::Reverted, fee_paid: 0 }))
            }
            event => step(state, event),
        }
    }
    finds(with_rules(rules), "twice");
}

/// What the nodes forgot is waited for.
#[test]
fn never_sent_again() {
    fn rules(state: State, event: Event) -> (State, Option<Effect>) {
        match event {
            Event::Observed(Status::Unseen) => (state, None),
            event => step(state, event),
        }
    }
    finds(with_rules(rules), "does not come to its end");
}

/// What a node called final is never looked at again.
#[test]
fn an_end_that_is_never_looked_at_again() {
    fn rules(state: State, event: Event) -> (State, Option<Effect>) {
        match (&state.stage, &event) {
            (Stage::Ended(End::Ours { .. }), Event::Wanted) => (state, None),
            _ => step(state, event),
        }
    }
    finds(Plan { final_reorgs: true, ..with_rules(rules) }, "does not come to its end");
}

/// What came to nothing is forgotten instead of being written down as such.
#[test]
fn a_past_that_is_not_kept() {
    fn rules(state: State, event: Event) -> (State, Option<Effect>) {
        let (state, effect) = step(state, event);
        let state = State { past: Vec::new(), ..state };
        match effect {
            Some(Effect::Store(row)) => (state, Some(Effect::Store(Row { past: Vec::new(), ..row }))),
            effect => (state, effect),
        }
    }
    finds(with_rules(rules), "no longer knows");
}

/// An adapter that takes the newest block's word for a death.
#[test]
fn dead_before_it_is_final() {
    finds(Plan { final_proof: false, ..RIGHT }, "twice");
}

/// An oracle whose guard forgets what it was told.
#[test]
fn signed_before_it_is_written_down() {
    finds(Plan { guard: false, ..RIGHT }, "two contents");
}
