//! Answers about the chain that lag behind it or are not true.

use std::sync::Arc;

use liaise_chain_api::conformance::faults::{Case, Kind, Meets, Stage};
use liaise_chain_api::conformance::{Fault, Rule};
use serde_json::{Value, json};

fn answer(made: impl Fn(Value) -> Value + Send + Sync + 'static) -> Fault {
    Fault::Answer(Arc::new(move |_: &Value, result: Value| made(result)))
}

/// An answer with something else in its place.
fn put(pointer: &'static str, value: Value) -> Fault {
    answer(move |mut result| {
        if let Some(place) = result.pointer_mut(pointer) {
            *place = value.clone();
        }
        result
    })
}

fn always(name: &str, from: Stage, meets: Meets, method: &'static str, fault: Fault) -> Case {
    Case::new(name, from, meets).rule(Rule::always(method, fault))
}

fn start(name: &str, meets: Meets, method: &'static str, fault: Fault) -> Case {
    always(name, Stage::Start, meets, method, fault)
}

/// The chain changes at a stage, and at a request within a pass.
fn other_chains() -> impl Iterator<Item = Case> {
    let other = || Fault::answer(json!("4".repeat(44)));
    let meets = Meets::Only(Kind::WrongChain);
    let stages = Stage::ALL
        .into_iter()
        .map(move |stage| always(&format!("the chain changes at {stage:?}"), stage, meets, "getGenesisHash", other()));
    // connecting asks once; then each read, and broadcast and status before anything else
    let requests = (1..5).map(move |request| {
        let rule = Rule { calls: request..usize::MAX, ..Rule::always("getGenesisHash", other()) };
        Case::new(format!("the chain changes at request {request} for it"), Stage::Start, meets).rule(rule)
    });
    stages.chain(requests)
}

fn prices() -> Vec<Case> {
    let fees = |price: u64| Fault::answer(json!([{ "slot": 1, "prioritizationFee": price }]));
    let (bad, funds, dear) = (Meets::Only(Kind::BadAnswer), Meets::Only(Kind::Funds), Meets::Only(Kind::FeeTooHigh));
    vec![
        start("prices beyond all limits", dear, "getRecentPrioritizationFees", fees(u64::MAX)),
        start("no prices at all", Meets::Nothing, "getRecentPrioritizationFees", Fault::answer(json!([]))),
        start(
            "units beyond what a transaction has",
            Meets::Nothing,
            "simulateTransaction",
            put("/value/unitsConsumed", json!(u64::MAX)),
        ),
        start("a trial without its units", bad, "simulateTransaction", put("/value/unitsConsumed", Value::Null)),
        start("a trial without its accounts", bad, "simulateTransaction", put("/value/accounts", Value::Null)),
        start(
            "a trial that does not know the blockhash",
            bad,
            "simulateTransaction",
            put("/value/err", json!("BlockhashNotFound")),
        ),
        start(
            "a trial that the distributor would refuse",
            Meets::Only(Kind::Refused),
            "simulateTransaction",
            put("/value/err", json!({ "InstructionError": [1, { "Custom": 6034 }] })),
        ),
        start("the account looks empty", funds, "getBalance", put("/value", json!(0))),
        start("the account looks nearly empty", funds, "getBalance", put("/value", json!(5_000))),
        start("the account looks boundless", Meets::Nothing, "getBalance", put("/value", json!(u64::MAX))),
        start("rent beyond all means", funds, "getMinimumBalanceForRentExemption", Fault::answer(json!(u64::MAX))),
    ]
}

fn accounts() -> Vec<Case> {
    let (bad, foreign) = (Meets::Only(Kind::BadAnswer), Meets::Only(Kind::Foreign));
    let accounts = "getMultipleAccounts";
    let gone = || put("/value/0", Value::Null);
    let later = |fault| Rule { calls: 1..usize::MAX, ..Rule::always(accounts, fault) };
    vec![
        start("no distributor at the address", Meets::Only(Kind::NotDeployed), accounts, gone()),
        Case::new("the distributor is gone after connecting", Stage::Start, Meets::Only(Kind::NotDeployed))
            .rule(later(gone())),
        start(
            "another program's account there",
            foreign,
            accounts,
            put("/value/0/owner", json!("11111111111111111111111111111111")),
        ),
        start("an account of another kind there", foreign, accounts, put("/value/0/data/0", json!("AAAAAAAAAAAAAAAA"))),
        start("an account without data there", foreign, accounts, put("/value/0/data/0", json!(""))),
        start("data that are no base64", bad, accounts, put("/value/0/data/0", json!("#"))),
        start("an owner that is no address", bad, accounts, put("/value/0/owner", json!("0"))),
        start("fewer accounts than asked for", bad, accounts, put("/value", json!([]))),
        Case::new("no oracle set", Stage::Start, Meets::Only(Kind::NotDeployed))
            .rule(later(put("/value/1", Value::Null))),
        Case::new("no vault", Stage::Start, bad).rule(later(put("/value/2", Value::Null))),
        Case::new("no clock", Stage::Start, bad).rule(later(put("/value/3", Value::Null))),
        start("no program", foreign, "getAccountInfo", put("/value", Value::Null)),
        start("a program of another loader", foreign, "getAccountInfo", put("/value/data/0", json!("AgAAAA=="))),
    ]
}

fn blocks() -> Vec<Case> {
    let bad = Meets::Only(Kind::BadAnswer);
    let skipped = Fault::Error { code: -32_007, message: "Slot was skipped" };
    let not_yet = Fault::Error { code: -32_004, message: "Block not available" };
    let valid = "isBlockhashValid";
    let ended = |slot: u64| put("/value", json!(false)).then("/context/slot", json!(slot));
    vec![
        start("a slot without a block", bad, "getBlock", skipped),
        Case::new("a block that comes a moment later", Stage::Start, Meets::Nothing)
            .rule(Rule { calls: 0..3, ..Rule::always("getBlock", not_yet) }),
        start("a block without a time", bad, "getBlock", put("/blockTime", Value::Null)),
        start("a block with a hash that is none", bad, "getBlock", put("/blockhash", json!("0"))),
        start("a blockhash that is none", bad, "getLatestBlockhash", put("/value/blockhash", json!("0"))),
        start(
            "a blockhash of another chain",
            bad,
            "getLatestBlockhash",
            put("/value/blockhash", json!("5".repeat(44))),
        ),
        start(
            "a blockhash of a slot to come",
            Meets::Nothing,
            "getLatestBlockhash",
            put("/context/slot", json!(9_999_999)),
        ),
        always("a blockhash called ended by a slot to come", Stage::Sent, bad, valid, ended(9_999_999)),
        always("a blockhash called ended before it was known", Stage::Sent, Meets::Nothing, valid, ended(0)),
        always("a blockhash called valid for ever", Stage::Sent, Meets::Nothing, valid, put("/value", json!(true))),
        start("an empty history", Meets::Nothing, "getSignaturesForAddress", Fault::answer(json!([]))),
    ]
}

trait Then {
    /// And something else in another place.
    fn then(self, pointer: &'static str, value: Value) -> Fault;
}

impl Then for Fault {
    fn then(self, pointer: &'static str, value: Value) -> Fault {
        let (Fault::Answer(first), Fault::Answer(second)) = (self, put(pointer, value)) else {
            panic!("only answers can be changed twice")
        };
        Fault::Answer(Arc::new(move |params: &Value, result: Value| second(params, first(params, result))))
    }
}

/// All of them.
pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = other_chains().collect();
    cases.extend(prices());
    cases.extend(accounts());
    cases.extend(blocks());
    cases
}
