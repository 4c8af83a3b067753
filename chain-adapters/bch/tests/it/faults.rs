//! Named fault cases on the local chain: its node fails, lags, lies and forgets while an epoch is filed.
//!
//! `liaise_chain_api::conformance::faults` says what must hold in every case, and brings those that are the same on every
//! chain. Each test has a chain of its own, which goes back to the same block before each case.

use std::sync::Arc;

use async_trait::async_trait;
use liaise_chain_api::conformance::faults::{Case, FaultyChain, Kind, Meets, Point, Stage, Weather, run_all, tables};
use liaise_chain_api::conformance::{Fault, LocalChain, Rewrite, Role, Rule, World};
use liaise_chain_api::{ChainError, Prepared, Submitter};
use liaise_chain_bch::{BchConfig, BchSubmitter, account_of_key};
use serde_json::{Value, json};

use crate::harness::{COIN_SATS, COINS, DevnetChain, DevnetHarness, Saved, keys};
use crate::patient::Patient;

const SEND: &str = "sendrawtransaction";
const TRANSACTION: &str = "getrawtransaction";

/// What is asked until a filing is sent.
const UNTIL_SENT: [Point; 8] = [
    (Stage::Start, "getblockchaininfo"),
    (Stage::Start, "scantxoutset"),
    (Stage::Start, TRANSACTION),
    (Stage::Start, "getblockheader"),
    (Stage::Start, "gettxout"),
    (Stage::Start, "getnetworkinfo"),
    (Stage::Start, "testmempoolaccept"),
    (Stage::Start, SEND),
];

/// What is asked of a filing that was sent.
const WHEN_SENT: [Point; 4] = [
    (Stage::Sent, "getblockchaininfo"),
    (Stage::Sent, TRANSACTION),
    (Stage::Included, "getblockheader"),
    (Stage::Final, TRANSACTION),
];

/// More satoshis for 1 000 bytes than any limit of the suite allows.
const DEAR_SATS: u64 = 10_000_000;

async fn run(cases: Vec<Case>) {
    let world = World::opened::<DevnetHarness>().await;
    run_all::<_, Patient>(world, cases).await;
}

#[tokio::test]
async fn transport_while_it_is_prepared_and_sent() {
    run(tables::transport(&UNTIL_SENT, SEND)).await;
}

#[tokio::test]
async fn transport_while_it_is_followed() {
    run(tables::transport(&WHEN_SENT, SEND)).await;
}

#[tokio::test]
async fn killed_at_a_request() {
    run(tables::killed(&[&UNTIL_SENT[..], &WHEN_SENT[..]].concat())).await;
}

#[tokio::test]
async fn weather_of_the_chain() {
    run(tables::weather(TRANSACTION)).await;
}

#[tokio::test]
async fn sending_that_goes_astray() {
    run(sending()).await;
}

#[tokio::test]
async fn answers_that_lag_or_lie() {
    run(answers()).await;
}

/// Any id: what looks like success.
fn some_id() -> Rewrite {
    Arc::new(|_: &Value, _: Value| json!("33".repeat(32)))
}

fn sending() -> Vec<Case> {
    let (nothing, rejected, lost) = (Meets::Nothing, Meets::Only(Kind::Rejected), Meets::Only(Kind::Unreachable));
    let swallowed = || Fault::Swallowed(some_id());
    let late = || Fault::Late(some_id());
    let denied = |code, message| Fault::Denied { code, message };
    let refused = |code, message| Fault::Error { code, message };
    let once = |name: &str, meets, fault| Case::new(name, Stage::Start, meets).rule(Rule::once(SEND, fault));
    let always = |name: &str, meets, fault| Case::new(name, Stage::Start, meets).rule(Rule::always(SEND, fault));
    vec![
        once("swallowed once, success reported", nothing, swallowed()),
        always("swallowed always, success reported", nothing, swallowed()),
        always("swallowed always, while another files", nothing, swallowed()).rival(),
        once("late: kept back until the next one", nothing, late()),
        always("late: kept back until another has filed", nothing, late()).rival(),
        always("sent twice, every time", nothing, Fault::Twice),
        once("sent, and the connection is lost", lost, Fault::Lost),
        always("sent, and the connection is lost every time", lost, Fault::Lost),
        once("sent, and no answer", lost, Fault::Unheard),
        once("sent, and called missing inputs", nothing, denied(-25, "Missing inputs")),
        once("sent, and called a conflict", nothing, denied(-26, "txn-mempool-conflict (code 18)")),
        once("sent, and called in the chain", nothing, denied(-27, "transaction already in block chain")),
        once("refused once as a conflict", rejected, refused(-26, "txn-mempool-conflict (code 18)")),
        always("refused always for its fee", rejected, refused(-26, "min relay fee not met (code 66)")),
        always("refused always as missing inputs", rejected, refused(-25, "Missing inputs")),
        always("called in the chain always, while another files", nothing, refused(-27, "already")).rival(),
        once("swallowed, and its coin is spent by something else", nothing, swallowed())
            .weather(Stage::Sent, Weather::Replaced),
        once("connection lost, and the block goes away", lost, Fault::Lost).weather(Stage::Seen, Weather::Reorg),
        once("late, and the block goes away", nothing, late()).weather(Stage::Seen, Weather::Reorg),
    ]
}

fn answers() -> Vec<Case> {
    let (nothing, bad) = (Meets::Nothing, Meets::Only(Kind::BadAnswer));
    let always =
        |name: &str, stage, meets, method, fault| Case::new(name, stage, meets).rule(Rule::always(method, fault));
    let changed = |change: fn(&mut Value)| {
        Fault::Answer(Arc::new(move |_: &Value, mut honest: Value| {
            change(&mut honest);
            honest
        }))
    };
    let forgotten = || Fault::Error { code: -5, message: "No such mempool or blockchain transaction" };
    vec![
        // what it denies to have it had: never dead, for the thread holds it
        always("no transaction is known once it is in a block", Stage::Included, bad, TRANSACTION, forgotten()),
        always(
            "a waiting transaction is unknown",
            Stage::Sent,
            Meets::Perhaps(Kind::BadAnswer),
            TRANSACTION,
            forgotten(),
        ),
        always("its block is unknown", Stage::Included, Meets::Perhaps(Kind::BadAnswer), "getblockheader", forgotten()),
        always("all outputs are spent", Stage::Start, nothing, "gettxout", Fault::answer(Value::Null)),
        always(
            "a block of another hash",
            Stage::Included,
            bad,
            "getblockheader",
            changed(|header| {
                header["hash"] = json!("22".repeat(32));
            }),
        ),
        always(
            "blocks of before they were",
            Stage::Start,
            bad,
            "scantxoutset",
            changed(|scan| {
                scan["bestblock"] = json!("22".repeat(32));
            }),
        ),
        always(
            "another chain's name",
            Stage::Seen,
            Meets::Only(Kind::WrongChain),
            "getblockchaininfo",
            changed(|info| {
                info["chain"] = json!("main");
            }),
        ),
        always(
            "a chain that no one knows",
            Stage::Start,
            Meets::Only(Kind::WrongChain),
            "getblockchaininfo",
            changed(|info| {
                info["chain"] = json!("scratch");
            }),
        ),
        always(
            "refused before it is signed",
            Stage::Start,
            Meets::Only(Kind::Refused),
            "testmempoolaccept",
            changed(|answer| {
                answer[0] = json!({ "txid": "00", "allowed": false, "reject-reason": "16: mandatory-script-verify-flag-failed" });
            }),
        ),
        always(
            "a fee without end",
            Stage::Start,
            Meets::Only(Kind::FeeTooHigh),
            "getnetworkinfo",
            changed(|info| {
                info["relayfee"] = json!(1);
            }),
        ),
        always(
            "a fee of no satoshis",
            Stage::Start,
            bad,
            "getnetworkinfo",
            changed(|info| {
                info["relayfee"] = json!(-1);
            }),
        ),
    ]
}

#[async_trait]
impl FaultyChain for DevnetChain {
    fn node(&self) -> &str {
        self.devnet.url().strip_prefix("http://").expect("it listens on http")
    }

    fn sends_with(&self) -> &'static str {
        SEND
    }

    async fn connect_over(&self, role: Role, url: &str, patience_ms: u64) -> Result<Box<dyn Submitter>, ChainError> {
        let config = BchConfig { endpoint: url.to_owned(), timeout_ms: patience_ms, ..self.config.clone() };
        Ok(Box::new(BchSubmitter::connect(config, keys(role)).await?))
    }

    async fn save(&mut self) {
        let height = self.devnet.height().await.expect("the devnet answers");
        let time_s = self.submitter(Role::Stranger).await;
        let time_s = time_s.distributor(liaise_chain_api::At::Latest).await.expect("readable").at.time_s;
        self.saved = Some(Saved { height, time_s });
    }

    async fn restore(&mut self) {
        let Saved { height, time_s } = self.saved.expect("something was saved");
        self.devnet.cut(height + 1).await.expect("the devnet obeys");
        self.devnet.set_time(time_s + 1).await.expect("the devnet obeys");
    }

    async fn begin(&self, weather: Weather, prepared: Option<&Prepared>) {
        match weather {
            Weather::Reorg => self.reorg(1).await,
            // the block of the transaction and those that made it final
            Weather::FinalReorg => self.reorg(BchConfig::DEPTH + 1).await,
            Weather::Forgets => self.forget(prepared.expect("something waits")).await,
            Weather::Replaced => self.replace(Role::Operator, prepared.expect("something waits")).await,
            Weather::Drained => {
                self.devnet.drain(&keys(Role::Operator)).await.expect("the devnet obeys");
                if prepared.is_none() {
                    self.mine(1).await;
                }
            }
            Weather::Dear => self.devnet.set_relay_fee(DEAR_SATS).await.expect("the devnet obeys"),
            Weather::AnotherChain => self.devnet.rename("main").await.expect("the devnet obeys"),
        }
    }

    async fn end(&self, weather: Weather) {
        match weather {
            Weather::Reorg | Weather::FinalReorg | Weather::Forgets | Weather::Replaced => {}
            Weather::Drained => {
                let account = account_of_key(&self.config.chain, &keys(Role::Operator).public());
                self.devnet.fund(&[account], COINS, COIN_SATS).await.expect("the devnet obeys");
                self.mine(BchConfig::DEPTH + 1).await;
            }
            Weather::Dear => self.devnet.set_relay_fee(1000).await.expect("the devnet obeys"),
            Weather::AnotherChain => self.devnet.rename("regtest").await.expect("the devnet obeys"),
        }
    }
}
