//! A node that lies, lags or fails, before the real one.

use std::sync::Arc;

use liaise_chain_api::conformance::{Fault, FaultProxy, LocalChain, Role, Rule, World};
use liaise_chain_api::{At, ChainError, DistributorReader, Status, Submitter};
use liaise_chain_bch::{BchConfig, BchReader, BchSubmitter};
use liaise_summary::Hash32;
use serde_json::{Value, json};

use crate::harness::{DevnetChain, DevnetHarness, FEE, keys};

/// A world with a filed epoch, a proxy before its node, and a configuration that goes through it.
async fn behind_a_proxy() -> (World<DevnetChain>, FaultProxy, BchConfig) {
    let world = World::opened::<DevnetHarness>().await;
    world.file_payable(&world.pay(&[(0, 100), (1, 200)]).await).await;
    let node = world.chain.devnet.url().strip_prefix("http://").expect("it listens on http").to_owned();
    let proxy = FaultProxy::start(&node).await;
    let config = BchConfig { endpoint: proxy.url().to_owned(), timeout_ms: 2_000, ..world.chain.config.clone() };
    (world, proxy, config)
}

fn rewritten(change: impl Fn(Value) -> Value + Send + Sync + 'static) -> Fault {
    Fault::Answer(Arc::new(move |_: &Value, honest: Value| change(honest)))
}

#[tokio::test]
async fn answers_that_cannot_be_true_are_refused() {
    let (world, proxy, config) = behind_a_proxy().await;
    let honest = world.state().await;
    let genesis_hex = json!({ "hex": "00", "blockhash": "00" });
    let lies: Vec<(&'static str, Fault)> = vec![
        ("getblockchaininfo", Fault::answer(json!({ "chain": "regtest" }))),
        ("getblockheader", Fault::answer(Value::Null)),
        (
            "getblockheader",
            rewritten(|mut header| {
                header["hash"] = json!("00".repeat(32));
                header
            }),
        ),
        ("scantxoutset", Fault::answer(json!([]))),
        (
            "scantxoutset",
            rewritten(|mut scan| {
                scan["unspents"][0]["amount"] = json!(0.000000001);
                scan
            }),
        ),
        (
            "scantxoutset",
            rewritten(|mut scan| {
                scan["unspents"][0]["txid"] = json!("zz");
                scan
            }),
        ),
        // a block that it does not name as newest, again and again
        (
            "scantxoutset",
            rewritten(|mut scan| {
                scan["bestblock"] = json!("11".repeat(32));
                scan
            }),
        ),
        ("getrawtransaction", Fault::answer(genesis_hex)),
        (
            "getrawtransaction",
            rewritten(|mut found| {
                // another transaction than was asked for: one byte of its last output
                let text = found["hex"].as_str().expect("hex").to_owned();
                let at = text.len() - 12;
                let flipped = if &text[at..=at] == "0" { "1" } else { "0" };
                found["hex"] = json!([&text[..at], flipped, &text[at + 1..]].concat());
                found
            }),
        ),
        ("getrawtransaction", Fault::Error { code: -5, message: "No such mempool or blockchain transaction" }),
    ];
    for (number, (method, lie)) in lies.into_iter().enumerate() {
        proxy.arm(Rule::always(method, lie));
        match BchReader::connect(config.clone()).await {
            Err(error @ ChainError::BadAnswer { .. }) => assert!(error.to_string().contains("127.0.0.1"), "{error}"),
            other => panic!("lie {number} of {method} should be noticed, and gives {other:?}"),
        }
        proxy.lift().await;
    }
    let reader = BchReader::connect(config).await.expect("an honest node");
    assert_eq!(reader.distributor(At::Latest).await.expect("readable"), honest);
}

#[tokio::test]
async fn a_distributor_that_is_not_there_is_not_invented() {
    let (world, proxy, config) = behind_a_proxy().await;
    proxy.arm(Rule::always(
        "scantxoutset",
        rewritten(|mut scan| {
            scan["unspents"] = json!([]);
            scan
        }),
    ));
    match BchReader::connect(config.clone()).await {
        Err(error @ ChainError::NotDeployed { .. }) => assert!(error.to_string().contains("bchreg:r"), "{error}"),
        other => panic!("nothing is there, and it gives {other:?}"),
    }
    proxy.lift().await;
    // the same terms under another category, and the same category with other founders
    let mut other = config.clone();
    other.distributor.0[0] ^= 1;
    assert!(matches!(BchReader::connect(other).await, Err(ChainError::NotDeployed { .. })));
    let mut other = config.clone();
    other.founders.guardian = keys(Role::Rival).public();
    assert!(matches!(BchReader::connect(other).await, Err(ChainError::ForeignDistributor { .. })));
    let mut other = config;
    other.terms.notice_epochs += 1;
    assert!(matches!(BchReader::connect(other).await, Err(ChainError::NotDeployed { .. })));
    assert_eq!(world.state().await.next.0, 1);
}

#[tokio::test]
async fn failures_of_the_way_are_told_apart_and_pass() {
    let (_world, proxy, config) = behind_a_proxy().await;
    let reader = BchReader::connect(config.clone()).await.expect("an honest node");
    let honest = reader.distributor(At::Final).await.expect("readable");
    for fault in [Fault::Status(500), Fault::Status(401), Fault::Reset, Fault::Truncated, Fault::Silence] {
        proxy.arm(Rule::once("getblockchaininfo", fault));
        let failed = reader.distributor(At::Final).await;
        assert!(matches!(failed, Err(ChainError::Unreachable { .. })), "{failed:?}");
    }
    for fault in [Fault::Garbage, Fault::Error { code: -28, message: "Loading block index..." }] {
        proxy.arm(Rule::once("getblockchaininfo", fault));
        let failed = reader.distributor(At::Final).await;
        assert!(matches!(failed, Err(ChainError::BadAnswer { .. })), "{failed:?}");
    }
    assert_eq!(reader.distributor(At::Final).await.expect("readable"), honest);
}

#[tokio::test]
async fn coins_are_what_their_transactions_say() {
    let (world, proxy, config) = behind_a_proxy().await;
    let submitter = BchSubmitter::connect(config, keys(Role::Operator)).await.expect("an honest node");
    let statement = world.filing(&world.tree(&[(0, 300)]), 0).await;
    world.pass_epoch(statement.epoch).await;
    let action = world.signed_filing(statement);
    // a coin that is worth less than it says would burn the difference as fee
    proxy.arm(Rule::always(
        "scantxoutset",
        rewritten(|mut scan| {
            for unspent in scan["unspents"].as_array_mut().expect("a list") {
                unspent["amount"] = json!(0.5);
            }
            scan
        }),
    ));
    match submitter.prepare(&action, FEE, &[]).await {
        Err(ChainError::BadAnswer { .. }) => {}
        other => panic!("no coin is worth half a BCH, and it gives {other:?}"),
    }
    proxy.lift().await;
    submitter.prepare(&action, FEE, &[]).await.expect("an honest node");
}

/// What a node forgets, denies or loses is asked for again, and what it kept from us is found.
#[tokio::test]
async fn a_sending_that_fails_is_looked_up() {
    let (world, proxy, config) = behind_a_proxy().await;
    let submitter = BchSubmitter::connect(config, keys(Role::Operator)).await.expect("an honest node");
    let statement = world.filing(&world.tree(&[(0, 300)]), 0).await;
    world.pass_epoch(statement.epoch).await;
    let prepared = submitter.prepare(&world.signed_filing(statement), FEE, &[]).await.expect("an acceptable filing");

    let told = Fault::Swallowed(Arc::new(|_: &Value, _: Value| json!("00")));
    proxy.arm(Rule::once("sendrawtransaction", told));
    submitter.broadcast(&prepared).await.expect("it says that it took it");
    assert_eq!(submitter.status(&prepared).await.expect("readable"), Status::Unseen);
    proxy.lift().await;
    proxy.arm(Rule::once("sendrawtransaction", Fault::Error { code: -26, message: "busy (code 66)" }));
    match submitter.broadcast(&prepared).await {
        Err(ChainError::Rejected { detail, .. }) => assert!(detail.contains("busy"), "{detail}"),
        other => panic!("the node refuses, and it gives {other:?}"),
    }
    proxy.lift().await;
    proxy.arm(Rule::once("sendrawtransaction", Fault::Denied { code: -26, message: "no" }));
    submitter.broadcast(&prepared).await.expect("the node has it, whatever it says");
    assert_eq!(submitter.status(&prepared).await.expect("readable"), Status::Pending);
    world.chain.mine(1).await;
    submitter.broadcast(&prepared).await.expect("it is in a block");
    assert_ne!(world.state().await.head, Hash32::ZERO);
    assert_eq!(world.state().await.head, statement.digest());
}

#[tokio::test]
async fn another_chain_under_the_same_address_is_noticed() {
    let (world, _proxy, config) = behind_a_proxy().await;
    let submitter = BchSubmitter::connect(config, keys(Role::Operator)).await.expect("an honest node");
    let statement = world.filing(&world.tree(&[(0, 300)]), 0).await;
    world.pass_epoch(statement.epoch).await;
    let action = world.signed_filing(statement);
    let prepared = submitter.prepare(&action, FEE, &[]).await.expect("an acceptable filing");
    world.chain.devnet.rename("main").await.expect("the devnet obeys");
    let results = [
        submitter.distributor(At::Latest).await.err(),
        submitter.prepare(&action, FEE, &[]).await.err(),
        submitter.broadcast(&prepared).await.err(),
        submitter.status(&prepared).await.err(),
        submitter.balance().await.err(),
    ];
    for error in results {
        assert!(matches!(&error, Some(ChainError::WrongChain { .. })), "{error:?}");
    }
}
