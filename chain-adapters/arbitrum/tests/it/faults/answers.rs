//! Answers about the chain that lag behind it or are not true.

use std::sync::Arc;

use liaise_chain_api::conformance::faults::{Case, Kind, Meets, Stage, Weather};
use liaise_chain_api::conformance::{Fault, Rule};
use serde_json::{Value, json};

use super::receipts::is_final_tag;

fn ask(made: impl Fn(&Value) -> Value + Send + Sync + 'static) -> Fault {
    Fault::Ask(Arc::new(move |params: &Value, _: Value| made(params)))
}

fn answer(made: impl Fn(Value) -> Value + Send + Sync + 'static) -> Fault {
    Fault::Answer(Arc::new(move |_: &Value, result: Value| made(result)))
}

fn is_latest_block(params: &Value) -> bool {
    params[0] == "latest"
}

fn is_latest_count(params: &Value) -> bool {
    params[1] == "latest"
}

fn is_pending_count(params: &Value) -> bool {
    params[1] == "pending"
}

/// An answer about an old block where the newest was asked for.
fn lagging(method: &'static str, at: usize, block: &'static str) -> Rule {
    let fault = ask(move |params| {
        let mut older = params.clone();
        older[at] = json!(block);
        older
    });
    Rule::always(method, fault).when(if at == 0 { is_latest_block } else { is_latest_count })
}

fn always(name: &str, from: Stage, meets: Meets, method: &'static str, fault: Fault) -> Case {
    Case::new(name, from, meets).rule(Rule::always(method, fault))
}

/// The chain's id changes at a stage, and at a request within a pass.
fn other_chains() -> impl Iterator<Item = Case> {
    let other = || Fault::answer(json!("0xa4b1"));
    let meets = Meets::Only(Kind::WrongChain);
    let stages = Stage::ALL.into_iter().map(move |stage| {
        Case::new(format!("the chain id changes at {stage:?}"), stage, meets).rule(Rule::always("eth_chainId", other()))
    });
    // connecting asks once; then each read, and broadcast and status before anything else
    let requests = (1..5).map(move |request| {
        let rule = Rule { calls: request..usize::MAX, ..Rule::always("eth_chainId", other()) };
        Case::new(format!("the chain id changes at request {request} for it"), Stage::Start, meets).rule(rule)
    });
    let before_final = Rule { calls: 2..usize::MAX, ..Rule::always("eth_chainId", other()) };
    let last = Case::new("the chain id changes before a transaction is called final", Stage::Final, meets);
    stages.chain(requests).chain([last.rule(before_final)])
}

fn prices() -> Vec<Case> {
    let start = Stage::Start;
    let without_base_fee = answer(|mut block| {
        block.as_object_mut().map(|block| block.remove("baseFeePerGas"));
        block
    });
    let dear = answer(|mut block| {
        block["baseFeePerGas"] = json!("0xde0b6b3a7640000");
        block
    });
    vec![
        always(
            "gas is estimated too high",
            start,
            Meets::Only(Kind::FeeTooHigh),
            "eth_estimateGas",
            Fault::answer(json!("0xffffffffff")),
        ),
        always("gas is estimated too low", start, Meets::Nothing, "eth_estimateGas", Fault::answer(json!("0xd6d8"))),
        always(
            "a tip beyond all limits",
            start,
            Meets::Only(Kind::FeeTooHigh),
            "eth_maxPriorityFeePerGas",
            Fault::answer(json!("0xde0b6b3a7640000")),
        ),
        always("no tip at all", start, Meets::Nothing, "eth_maxPriorityFeePerGas", Fault::answer(json!("0x0"))),
        always("a base fee beyond all limits", start, Meets::Only(Kind::FeeTooHigh), "eth_getBlockByNumber", dear),
        always(
            "a block without a base fee",
            start,
            Meets::Only(Kind::BadAnswer),
            "eth_getBlockByNumber",
            without_base_fee,
        ),
        always(
            "the account looks empty",
            start,
            Meets::Only(Kind::Funds),
            "eth_getBalance",
            Fault::answer(json!("0x0")),
        ),
        always(
            "the account looks nearly empty",
            start,
            Meets::Only(Kind::Funds),
            "eth_getBalance",
            Fault::answer(json!("0xffff")),
        ),
        always(
            "the account looks boundless",
            start,
            Meets::Nothing,
            "eth_getBalance",
            Fault::answer(json!(format!("0x{}", "f".repeat(64)))),
        ),
    ]
}

fn counts() -> Vec<Case> {
    let count = |number: &str| Fault::answer(json!(number));
    let rule = |when, number| Rule::always("eth_getTransactionCount", count(number)).when(when);
    let start = Stage::Start;
    vec![
        Case::new("a used nonce is called free", start, Meets::Only(Kind::Rejected)).rule(rule(is_latest_count, "0x0")),
        Case::new("a nonce beyond the next is called free", start, Meets::Only(Kind::BadAnswer))
            .rule(rule(is_latest_count, "0x9")),
        Case::new("fewer nonces are pending than used", start, Meets::Only(Kind::BadAnswer))
            .rule(rule(is_pending_count, "0x0")),
        Case::new("more nonces are pending than there are", start, Meets::Nothing).rule(rule(is_pending_count, "0x9")),
        Case::new("the count of nonces lags", start, Meets::Only(Kind::Rejected)).rule(lagging(
            "eth_getTransactionCount",
            1,
            "0x1",
        )),
        Case::new("a waiting transaction's nonce looks free", Stage::Sent, Meets::Nothing)
            .rule(rule(is_pending_count, "0x1")),
        Case::new("a waiting transaction looks blocked", Stage::Sent, Meets::Only(Kind::Blocked))
            .rule(rule(is_pending_count, "0x0")),
    ]
}

fn contracts() -> Vec<Case> {
    let start = Stage::Start;
    let other_id = json!(format!("0x{}", "ab".repeat(32)));
    let id_alone = |fault| Rule::once("eth_call", fault);
    // connecting makes thirteen calls
    let empty_later = Rule { calls: 13..14, ..Rule::always("eth_call", Fault::answer(json!("0x"))) };
    let gone_later = Rule { calls: 1..usize::MAX, ..Rule::always("eth_getCode", Fault::answer(json!("0x"))) };
    vec![
        always(
            "no code at the address",
            start,
            Meets::Only(Kind::NotDeployed),
            "eth_getCode",
            Fault::answer(json!("0x")),
        ),
        always(
            "the code is gone once it waits",
            Stage::Sent,
            Meets::Only(Kind::NotDeployed),
            "eth_getCode",
            Fault::answer(json!("0x")),
        ),
        Case::new("the code is gone at the block that is read", start, Meets::Only(Kind::NotDeployed)).rule(gone_later),
        Case::new("another distributor's id", start, Meets::Only(Kind::Foreign))
            .rule(id_alone(Fault::answer(other_id))),
        Case::new("no distributor's id", start, Meets::Only(Kind::Foreign)).rule(id_alone(Fault::answer(json!("0x")))),
        Case::new("a call that reverts where the id should be", start, Meets::Only(Kind::Foreign))
            .rule(id_alone(Fault::Error { code: 3, message: "execution reverted" })),
        Case::new("views without data", start, Meets::Only(Kind::BadAnswer)).rule(empty_later),
    ]
}

fn blocks() -> Vec<Case> {
    let null = || Fault::answer(Value::Null);
    let finals = |fault| Rule::always("eth_getBlockByNumber", fault).when(is_final_tag);
    let to_latest = || ask(|params| json!(["latest", params[1]]));
    let to_early = ask(|params| json!(["0x1", params[1]]));
    vec![
        Case::new("the newest block lags", Stage::Start, Meets::Nothing).rule(lagging(
            "eth_getBlockByNumber",
            0,
            "0x4",
        )),
        Case::new("the newest block lags, from its block on", Stage::Included, Meets::Nothing).rule(lagging(
            "eth_getBlockByNumber",
            0,
            "0x4",
        )),
        always("no newest block", Stage::Start, Meets::Only(Kind::BadAnswer), "eth_getBlockByNumber", null()),
        Case::new("no final block", Stage::Included, Meets::Only(Kind::BadAnswer)).rule(finals(null())),
        Case::new("finality lags for ever", Stage::Included, Meets::Nothing).rule(finals(to_early)),
        Case::new("the newest block is called final, and goes away", Stage::Included, Meets::Nothing)
            .rule(finals(to_latest()))
            .weather(Stage::Seen, Weather::Reorg),
        Case::new(
            "the newest block is called final, and goes away, and another files",
            Stage::Included,
            Meets::Nothing,
        )
        .rule(finals(to_latest()))
        .weather(Stage::Seen, Weather::Reorg)
        .rival(),
        always("no events", Stage::Start, Meets::Only(Kind::BadAnswer), "eth_getLogs", Fault::answer(json!([]))),
        always(
            "no events in the final block",
            Stage::Final,
            Meets::Only(Kind::BadAnswer),
            "eth_getLogs",
            Fault::answer(json!([])),
        ),
        Case::new("reads lag while another files", Stage::Start, Meets::Perhaps(Kind::Refused))
            .rule(lagging("eth_getBlockByNumber", 0, "0x4"))
            .rival(),
    ]
}

/// All of them.
pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = other_chains().collect();
    cases.extend(prices());
    cases.extend(counts());
    cases.extend(contracts());
    cases.extend(blocks());
    cases
}
