//! The machine's table.

use liaise_chain_api::{BlockRef, DeadReason, FeeLimit, Outcome, Prepared, Status, SubmissionId};

use crate::journal::{Effect, End, Event, Past, Row, Stage, State, step};

fn prepared(id: &str) -> Prepared {
    let chain = "eip155:1".parse().expect("a chain");
    Prepared { chain, id: SubmissionId(id.to_owned()), bytes: vec![1, 2, 3], fee_max: FeeLimit(7) }
}

fn live(id: &str) -> State {
    State { stage: Stage::Live(prepared(id)), past: vec![] }
}

fn finally(outcome: Outcome) -> Event {
    let block = BlockRef { number: 1, hash: [0; 32], time_s: 2 };
    Event::Observed(Status::Final { block, outcome, fee_paid: 3 })
}

/// Between signing and the disk nothing is sent.
#[test]
fn nothing_is_sent_before_it_is_on_disk() {
    let (state, effect) = step(State::NEW, Event::Wanted);
    assert_eq!(effect, Some(Effect::Look));
    let (state, effect) = step(state, Event::Looked { achieved: false });
    assert_eq!(effect, Some(Effect::Prepare));
    let (state, effect) = step(state, Event::Signed(prepared("a")));
    assert_eq!(effect, Some(Effect::Store(Row { stage: Stage::Live(prepared("a")), past: vec![] })));
    assert_eq!(state.live(), None);
    for early in [Event::Wanted, Event::Looked { achieved: false }, Event::Observed(Status::Unseen)] {
        assert_eq!(step(state.clone(), early), (state.clone(), None));
    }
    let (state, effect) = step(state, Event::Stored);
    assert_eq!((state, effect), (live("a"), Some(Effect::Broadcast(prepared("a")))));
}

/// While one may be included, no second one is signed, whatever comes.
#[test]
fn a_live_transaction_is_only_asked_for_and_sent_again() {
    let block = BlockRef { number: 1, hash: [0; 32], time_s: 2 };
    let outcome = Outcome::Reverted;
    assert_eq!(step(live("a"), Event::Wanted).1, Some(Effect::AskStatus(prepared("a"))));
    assert_eq!(step(live("a"), Event::Observed(Status::Unseen)).1, Some(Effect::Broadcast(prepared("a"))));
    for waiting in [Status::Pending, Status::Included { block, outcome }] {
        assert_eq!(step(live("a"), Event::Observed(waiting)), (live("a"), None));
    }
    for out_of_place in [Event::Looked { achieved: false }, Event::Signed(prepared("b")), Event::Stored] {
        assert_eq!(step(live("a"), out_of_place), (live("a"), None));
    }
}

#[test]
fn dead_or_reverted_it_begins_again_and_remembers() {
    let dead = Event::Observed(Status::Dead { reason: DeadReason::NonceUsed { nonce: 4 } });
    for (event, why) in
        [(finally(Outcome::Reverted), "reverted"), (dead, "nonce 4 was used by another final transaction")]
    {
        let (state, effect) = step(live("a"), event);
        let past = vec![Past { id: SubmissionId("a".to_owned()), why: why.to_owned() }];
        assert_eq!(state, State { stage: Stage::Idle, past: past.clone() });
        assert_eq!(effect, Some(Effect::Store(Row { stage: Stage::Idle, past })));
        assert_eq!(step(state, Event::Stored).1, Some(Effect::Look));
    }
}

fn ended(id: &str) -> Stage {
    Stage::Ended(End::Ours { id: SubmissionId(id.to_owned()), sent: Some(prepared(id)) })
}

#[test]
fn our_own_success_is_the_end_as_long_as_the_chain_shows_it() {
    let (state, effect) = step(live("a"), finally(Outcome::Succeeded));
    assert_eq!(effect, Some(Effect::Store(Row { stage: ended("a"), past: vec![] })));
    assert_eq!(state.stage, ended("a"));
    assert_eq!(step(state.clone(), Event::Wanted), (state.clone(), Some(Effect::Look)));
    assert_eq!(step(state.clone(), Event::Looked { achieved: true }), (state, None));
}

/// A receipt that lied, or a block that looked final and went away: the same bytes again, and others only when they are
/// dead.
#[test]
fn what_the_chain_no_longer_shows_is_taken_up_again_with_the_same_bytes() {
    let state = State { stage: ended("a"), past: vec![] };
    let (state, effect) = step(state, Event::Looked { achieved: false });
    assert_eq!((state.stage.clone(), effect), (ended("a"), Some(Effect::AskStatus(prepared("a")))));
    // undone since, not lost
    assert_eq!(step(state.clone(), finally(Outcome::Succeeded)), (state.clone(), None));

    let (lost, effect) = step(state.clone(), Event::Observed(Status::Unseen));
    assert_eq!(effect, Some(Effect::Store(Row { stage: Stage::Live(prepared("a")), past: vec![] })));
    assert_eq!(step(lost, Event::Stored), (live("a"), Some(Effect::Broadcast(prepared("a")))));

    let (lied, effect) = step(state, finally(Outcome::Reverted));
    let past = vec![Past { id: SubmissionId("a".to_owned()), why: "reverted".to_owned() }];
    assert_eq!(effect, Some(Effect::Store(Row { stage: Stage::Idle, past })));
    assert_eq!(step(lied, Event::Stored).1, Some(Effect::Look));
}

/// Rows of version 1 do not have the bytes: nothing can be sent again, and nothing else is.
#[test]
fn an_end_without_its_bytes_stays_the_end() {
    let state = State { stage: Stage::Ended(End::Ours { id: SubmissionId("a".to_owned()), sent: None }), past: vec![] };
    for event in [Event::Looked { achieved: false }, Event::Observed(Status::Unseen)] {
        assert_eq!(step(state.clone(), event), (state.clone(), None));
    }
}

/// What others did may be reorganised away: it is looked up again.
#[test]
fn others_success_is_looked_up_again() {
    let (state, effect) = step(State::NEW, Event::Looked { achieved: true });
    assert_eq!(effect, Some(Effect::Store(Row { stage: Stage::Ended(End::Others), past: vec![] })));
    let (state, effect) = step(state, Event::Wanted);
    assert_eq!(effect, Some(Effect::Look));
    assert_eq!(step(state, Event::Looked { achieved: false }).1, Some(Effect::Prepare));
}
