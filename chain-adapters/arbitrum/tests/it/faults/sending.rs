//! Sending: what is swallowed, doubled, late, or refused although it was taken.

use std::sync::Arc;

use liaise_chain_api::conformance::faults::{Case, Kind, Meets, Stage, Weather};
use liaise_chain_api::conformance::{Fault, Rewrite, Rule};
use serde_json::{Value, json};

const SEND: &str = "eth_sendRawTransaction";

/// Any hash: what looks like success.
fn some_hash() -> Rewrite {
    Arc::new(|_: &Value, _: Value| json!(format!("0x{}", "33".repeat(32))))
}

fn denied(message: &'static str) -> Fault {
    Fault::Denied { code: -32_000, message }
}

fn refused(message: &'static str) -> Fault {
    Fault::Error { code: -32_000, message }
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
    let swallowed = || Fault::Swallowed(some_hash());
    let late = || Fault::Late(some_hash());
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
        once("sent, and called an internal error", nothing, denied("internal error")),
        once("sent, and called already known", nothing, denied("already known")),
        once("sent, and called too low a nonce", nothing, denied("nonce too low")),
        once("sent, and called underpriced", nothing, denied("replacement transaction underpriced")),
        once("sent, and called unfunded", nothing, denied("insufficient funds for gas * price + value")),
        once("sent, and another hash reported", nothing, Fault::answer(json!(format!("0x{}", "44".repeat(32))))),
        once("refused once", rejected, refused("txpool is full")),
        always("refused always", rejected, refused("txpool is full")),
        always("refused always as already known", rejected, refused("already known")),
        always("refused always as too low a nonce", rejected, refused("nonce too low")),
        always("refused always, while another files", rejected, refused("txpool is full")).rival(),
        once("swallowed, and the sequencer is another chain's later", Meets::Only(Kind::WrongChain), swallowed())
            .rule(Rule { calls: 5..usize::MAX, ..Rule::always("eth_chainId", Fault::answer(json!("0x1"))) }),
        once("swallowed, and the account's nonce is taken by something else", nothing, swallowed())
            .weather(Stage::Sent, Weather::Replaced),
        once("connection lost, and the block goes away", lost, Fault::Lost).weather(Stage::Seen, Weather::Reorg),
        once("sent twice, and the block goes away", nothing, Fault::Twice).weather(Stage::Seen, Weather::Reorg),
        once("late, and the block goes away", nothing, late()).weather(Stage::Seen, Weather::Reorg),
    ]
}
