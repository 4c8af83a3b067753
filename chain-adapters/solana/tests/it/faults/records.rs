//! Statuses and records of transactions, and what a node says it knows of its blocks.

use std::sync::{Arc, Mutex};

use liaise_chain_api::conformance::faults::{Case, Kind, Meets, Stage, Weather};
use liaise_chain_api::conformance::{Fault, Rule};
use serde_json::{Value, json};

use super::points::{SEND, STATUSES};

/// A record's method.
const RECORD: &str = "getTransaction";

/// The one status of an answer with other fields; none stays none.
fn altered(fields: Value) -> Fault {
    Fault::Answer(Arc::new(move |_: &Value, mut answer: Value| {
        let status = answer["value"][0].as_object_mut();
        if let (Some(status), Some(fields)) = (status, fields.as_object()) {
            status.extend(fields.clone());
        }
        answer
    }))
}

/// No status, whatever the node knows.
fn none() -> Fault {
    Fault::Answer(Arc::new(|_: &Value, mut answer: Value| {
        answer["value"] = json!([null]);
        answer
    }))
}

/// A record with something else in its place.
fn record(pointer: &'static str, value: Value) -> Fault {
    Fault::Answer(Arc::new(move |_: &Value, mut answer: Value| {
        if let Some(place) = answer.pointer_mut(pointer) {
            *place = value.clone();
        }
        answer
    }))
}

/// The first answer with a status goes on being given, whatever happens to the transaction.
fn first_status_for_ever() -> Rule {
    let first = Mutex::new(Value::Null);
    let fault = Fault::Answer(Arc::new(move |_: &Value, answer: Value| {
        let mut first = first.lock().expect("not poisoned");
        if first.is_null() && answer["value"][0].is_object() {
            *first = answer.clone();
        }
        if first.is_null() { answer } else { first.clone() }
    }));
    Rule::always(STATUSES, fault)
}

fn lie(name: &str, from: Stage, meets: Meets, fields: Value) -> Case {
    Case::new(name, from, meets).rule(Rule::always(STATUSES, altered(fields)))
}

fn of_record(name: &str, fault: Fault) -> Case {
    Case::new(name, Stage::Final, Meets::Only(Kind::BadAnswer)).rule(Rule::always(RECORD, fault))
}

/// The records of what was before, which are read to know what was accepted.
fn of_history(name: &str, fault: Fault) -> Case {
    Case::new(name, Stage::Start, Meets::Only(Kind::BadAnswer)).rule(Rule::always(RECORD, fault))
}

/// What the program itself writes, and can't be read.
fn own_line() -> [String; 3] {
    let program = liaise_chain_solana::PROGRAM;
    [format!("Program {program} invoke [1]"), "Program data: ###".to_owned(), format!("Program {program} success")]
}

/// The operator's first sendings are lost, another's filing is included, and the operator's own comes to nothing.
fn beaten(name: &str, meets: Meets) -> Case {
    let swallowed = Fault::Swallowed(Arc::new(|_: &Value, _: Value| json!("2".repeat(87))));
    Case::new(name, Stage::Start, meets).rule(Rule { calls: 0..2, ..Rule::always(SEND, swallowed) }).rival()
}

/// All of them.
pub fn cases() -> Vec<Case> {
    let bad = Meets::Only(Kind::BadAnswer);
    let error = json!({ "InstructionError": [2, { "Custom": 6030 }] });
    let failed = json!({ "err": error, "status": { "Err": error } });
    vec![
        Case::new("no status of what is in a block", Stage::Included, Meets::Nothing)
            .rule(Rule::always(STATUSES, none())),
        Case::new("no status of what is final", Stage::Final, Meets::Nothing).rule(Rule::always(STATUSES, none())),
        Case::new("no status of what is final, while another files", Stage::Final, Meets::Nothing)
            .rule(Rule::always(STATUSES, none()))
            .rival(),
        lie("a success called failure before it is final", Stage::Included, bad, failed.clone()),
        lie("a success called failure once it is final", Stage::Final, bad, failed),
        lie("a slot that is not there yet", Stage::Included, bad, json!({ "slot": 99_999_999 })),
        lie("another final slot", Stage::Final, bad, json!({ "slot": 2 })),
        lie("called final at once", Stage::Included, bad, json!({ "confirmationStatus": "finalized" })),
        lie("called new for ever", Stage::Included, Meets::Nothing, json!({ "confirmationStatus": "processed" })),
        lie("without a commitment", Stage::Included, bad, json!({ "confirmationStatus": null })),
        Case::new("two statuses where one was asked for", Stage::Sent, bad)
            .rule(Rule::always(STATUSES, record("/value", json!([null, null])))),
        of_record("no record of what is final", Fault::answer(Value::Null)),
        of_record("a record without its outcome", record("/meta", Value::Null)),
        of_history("a history without a log", record("/meta/logMessages", Value::Null)),
        of_history("a history whose log is cut off", record("/meta/logMessages", json!(["Log truncated"]))),
        of_history("a history with a line that is no event", record("/meta/logMessages", json!(own_line()))),
        of_record("a record without balances", record("/meta/preBalances", json!([]))),
        of_record("a record of another slot", record("/slot", json!(2))),
        Case::new("the status of a block that went away", Stage::Included, Meets::Perhaps(Kind::BadAnswer))
            .rule(first_status_for_ever())
            .weather(Stage::Seen, Weather::Reorg),
        Case::new("no status of what could no longer be included", Stage::Sent, Meets::Nothing)
            .rule(Rule::always(STATUSES, none()))
            .weather(Stage::Sent, Weather::Replaced),
        beaten("beaten by another", Meets::Nothing),
        beaten("beaten by another, and no status", Meets::Nothing).rule(Rule::always(STATUSES, none())),
    ]
}
