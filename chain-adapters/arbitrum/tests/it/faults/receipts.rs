//! Receipts, and what a node says it knows of a transaction.

use std::sync::{Arc, Mutex};

use liaise_chain_api::conformance::faults::{Case, Kind, Meets, Stage, Weather};
use liaise_chain_api::conformance::{Fault, Rule};
use serde_json::{Value, json};

const RECEIPT: &str = "eth_getTransactionReceipt";
const TRANSACTION: &str = "eth_getTransactionByHash";

/// Whether a block is asked for by the tag of finality.
pub fn is_final_tag(params: &Value) -> bool {
    params[0] == "finalized"
}

/// A receipt with other fields; what is no receipt stays.
fn altered(fields: Value) -> Fault {
    Fault::Answer(Arc::new(move |_: &Value, mut receipt: Value| {
        if let (Some(receipt), Some(fields)) = (receipt.as_object_mut(), fields.as_object()) {
            receipt.extend(fields.clone());
        }
        receipt
    }))
}

fn missing(method: &'static str) -> Rule {
    Rule::always(method, Fault::answer(Value::Null))
}

/// The first answer that is none goes on being given, whatever happens to the transaction.
fn first_answer_for_ever(method: &'static str) -> Rule {
    let first = Mutex::new(Value::Null);
    let fault = Fault::Answer(Arc::new(move |_: &Value, result: Value| {
        let mut first = first.lock().expect("not poisoned");
        if first.is_null() {
            *first = result;
        }
        first.clone()
    }));
    Rule::always(method, fault)
}

fn lie(name: &str, from: Stage, meets: Meets, fields: Value) -> Case {
    Case::new(name, from, meets).rule(Rule::always(RECEIPT, altered(fields)))
}

/// The operator's first sending is lost, another's filing is included, and the operator's own comes to nothing.
fn beaten(name: &str, meets: Meets) -> Case {
    let swallowed = Fault::Swallowed(Arc::new(|_: &Value, _: Value| json!(format!("0x{}", "11".repeat(32)))));
    Case::new(name, Stage::Start, meets)
        .rule(Rule { calls: 0..2, ..Rule::always("eth_sendRawTransaction", swallowed) })
        .rival()
}

/// All of them.
pub fn cases() -> Vec<Case> {
    let bad = Meets::Only(Kind::BadAnswer);
    let hash = format!("0x{}", "22".repeat(32));
    let no_block = json!({ "blockHash": null, "blockNumber": null });
    let far = json!({ "blockNumber": "0xffffff" });
    let mut cases = Vec::new();
    for from in [Stage::Included, Stage::Final] {
        cases.extend([
            Case::new(format!("no receipt of what is in a block, from {from:?} on"), from, Meets::Nothing)
                .rule(missing(RECEIPT)),
            lie(&format!("another block's hash, from {from:?} on"), from, Meets::Nothing, json!({ "blockHash": hash })),
            lie(
                &format!("another block's number, from {from:?} on"),
                from,
                Meets::Nothing,
                json!({ "blockNumber": "0x2" }),
            ),
            lie(&format!("a block that is not there yet, from {from:?} on"), from, bad, far.clone()),
            lie(
                &format!("another transaction's receipt, from {from:?} on"),
                from,
                bad,
                json!({ "transactionHash": hash }),
            ),
            lie(&format!("a receipt outside any block, from {from:?} on"), from, bad, no_block.clone()),
            lie(&format!("a success called failure, from {from:?} on"), from, bad, json!({ "status": "0x0" })),
            lie(&format!("a success without its events, from {from:?} on"), from, bad, json!({ "logs": [] })),
            lie(
                &format!("a success called failure, without events, from {from:?} on"),
                from,
                bad,
                json!({ "status": "0x0", "logs": [] }),
            ),
        ]);
    }
    cases.extend([
        // one receipt a pass; the transaction is asked for again when the node refuses it as known
        Case::new("neither receipt nor transaction of what waits", Stage::Sent, Meets::Only(Kind::Rejected))
            .rule(Rule { calls: 0..2, ..missing(RECEIPT) })
            .rule(Rule { calls: 0..4, ..missing(TRANSACTION) }),
        Case::new("neither receipt nor transaction of what is in a block", Stage::Included, bad)
            .rule(missing(RECEIPT))
            .rule(missing(TRANSACTION)),
        Case::new("neither receipt nor transaction of what is final", Stage::Final, bad)
            .rule(missing(RECEIPT))
            .rule(missing(TRANSACTION)),
        Case::new("neither receipt nor transaction, while another files", Stage::Final, bad)
            .rule(missing(RECEIPT))
            .rule(missing(TRANSACTION))
            .rival(),
        Case::new("the receipt of a block that went away", Stage::Included, Meets::Nothing)
            .rule(first_answer_for_ever(RECEIPT))
            .weather(Stage::Seen, Weather::Reorg),
        Case::new("the transaction of a block that went away", Stage::Sent, Meets::Nothing)
            .rule(first_answer_for_ever(TRANSACTION))
            .weather(Stage::Seen, Weather::Reorg),
        Case::new("a forgotten transaction is called waiting", Stage::Start, Meets::Nothing)
            .rule(first_answer_for_ever(TRANSACTION))
            .weather(Stage::Sent, Weather::Forgets),
        Case::new("no receipt of what was replaced", Stage::Sent, Meets::Nothing)
            .rule(missing(RECEIPT))
            .weather(Stage::Sent, Weather::Replaced),
        Case::new("a block does not list the transaction of a receipt", Stage::Included, bad)
            .rule(Rule::always("eth_getBlockByNumber", altered(json!({ "transactions": [] })))),
        beaten("beaten by another", Meets::Nothing),
        beaten("beaten by another, and no receipt", bad).rule(missing(RECEIPT)).rule(missing(TRANSACTION)),
        beaten("beaten by another, and the failure is called success", bad)
            .rule(Rule::always(RECEIPT, altered(json!({ "status": "0x1" })))),
    ]);
    cases
}
