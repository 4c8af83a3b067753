//! Sending: what is swallowed, doubled, late, or refused although it was taken.

use std::sync::Arc;

use liaise_chain_api::conformance::faults::{Case, Kind, Meets, Stage, Weather};
use liaise_chain_api::conformance::{Fault, Rewrite, Rule};
use serde_json::{Value, json};

use super::points::SEND;

/// Any signature: what looks like success.
fn some_id() -> Rewrite {
    Arc::new(|_: &Value, _: Value| json!("3".repeat(87)))
}

fn denied(code: i64, message: &'static str) -> Fault {
    Fault::Denied { code, message }
}

fn refused(code: i64, message: &'static str) -> Fault {
    Fault::Error { code, message }
}

fn once(name: &str, meets: Meets, fault: Fault) -> Case {
    Case::new(name, Stage::Start, meets).rule(Rule::once(SEND, fault))
}

fn always(name: &str, meets: Meets, fault: Fault) -> Case {
    Case::new(name, Stage::Start, meets).rule(Rule::always(SEND, fault))
}

/// All of them.
pub fn cases() -> Vec<Case> {
    let (nothing, rejected, lost) = (Meets::Nothing, Meets::Only(Kind::Rejected), Meets::Only(Kind::Unreachable));
    let swallowed = || Fault::Swallowed(some_id());
    let late = || Fault::Late(some_id());
    vec![
        once("swallowed once, success reported", nothing, swallowed()),
        always("swallowed always, success reported", nothing, swallowed()),
        always("swallowed always, while another files", nothing, swallowed()).rival(),
        once("late: kept back until the next one", nothing, late()),
        always("late: kept back until all is over", nothing, late()),
        always("late: kept back until another has filed", nothing, late()).rival(),
        once("sent twice", nothing, Fault::Twice),
        always("sent twice, every time", nothing, Fault::Twice),
        once("sent, and the connection is lost", lost, Fault::Lost),
        always("sent, and the connection is lost every time", lost, Fault::Lost),
        once("sent, and the connection is lost, while another files", lost, Fault::Lost).rival(),
        once("sent, and no answer", lost, Fault::Unheard),
        // what waits is told by no node: the refusal is believed until the transaction is in a block
        once("sent, and called an internal error", rejected, denied(-32_603, "Internal error")),
        once(
            "sent, and called processed already",
            rejected,
            denied(-32_002, "This transaction has already been processed"),
        ),
        once("sent, and its blockhash called unknown", rejected, denied(-32_002, "Blockhash not found")),
        once("sent, and the node called behind", rejected, denied(-32_005, "Node is behind by 42 slots")),
        once("sent, and another id reported", nothing, Fault::Answer(some_id())),
        once("refused once", rejected, refused(-32_005, "Node is unhealthy")),
        always("refused always", rejected, refused(-32_005, "Node is unhealthy")),
        always("refused always as processed already", rejected, refused(-32_002, "already been processed")),
        always("refused always as too late", rejected, refused(-32_002, "Blockhash not found")),
        always("refused always, while another files", rejected, refused(-32_005, "Node is unhealthy")).rival(),
        once("swallowed, and the node is another chain's later", Meets::Only(Kind::WrongChain), swallowed()).rule(
            Rule { calls: 5..usize::MAX, ..Rule::always("getGenesisHash", Fault::answer(json!("1".repeat(44)))) },
        ),
        once("swallowed, and its time goes by", nothing, swallowed()).weather(Stage::Sent, Weather::Replaced),
        once("connection lost, and the block goes away", lost, Fault::Lost).weather(Stage::Seen, Weather::Reorg),
        once("sent twice, and the block goes away", nothing, Fault::Twice).weather(Stage::Seen, Weather::Reorg),
        once("late, and the block goes away", nothing, late()).weather(Stage::Seen, Weather::Reorg),
    ]
}
