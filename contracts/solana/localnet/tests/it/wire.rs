//! What is no call that the node knows: broken JSON, unknown methods, wrong parameters, too much of anything.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use solana_signer::Signer;

use crate::harness::{Localnet, SOL, refusal, somebody};

async fn answer(net: &Localnet, body: impl Into<String>) -> Value {
    let (status, text) = net.post(body.into()).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

#[tokio::test]
async fn what_is_no_request_is_told_so() {
    let net = Localnet::start();
    let error = |code: i64, message: &str| json!({ "jsonrpc": "2.0", "error": { "code": code, "message": message }, "id": null });
    for broken in ["", "{", "nonsense", "\u{0}", "[1,", "{\"jsonrpc\":\"2.0\""] {
        assert_eq!(answer(&net, broken).await, error(-32700, "Parse error"), "{broken}");
    }
    let bytes = net.post(vec![0xff, 0xfe]).await;
    assert!(bytes.1.contains("-32700"));
    for malformed in [
        "1",
        "null",
        "\"getSlot\"",
        "[]",
        "{}",
        r#"{"jsonrpc":"1.0","id":1,"method":"getSlot"}"#,
        r#"{"id":1,"method":"getSlot"}"#,
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":3}"#,
        r#"{"jsonrpc":"2.0","id":[],"method":"getSlot"}"#,
    ] {
        assert_eq!(answer(&net, malformed).await, error(-32600, "Invalid request"), "{malformed}");
    }
}

#[tokio::test]
async fn unknown_methods_are_not_found() {
    let net = Localnet::start();
    for method in ["", "getslot", "getBlocks", "getVoteAccounts", "localnet_", "localnet_explode", "eth_chainId"] {
        let error = net.call(method, json!([])).await.expect_err("unknown");
        assert_eq!(error, json!({ "code": -32601, "message": "Method not found" }), "{method}");
    }
}

#[tokio::test]
async fn every_method_refuses_parameters_that_are_not_its_own() {
    let net = Localnet::start();
    let methods = [
        "getAccountInfo",
        "getBalance",
        "getMultipleAccounts",
        "getProgramAccounts",
        "getTokenAccountBalance",
        "getMinimumBalanceForRentExemption",
        "getBlockHeight",
        "getBlockTime",
        "getEpochInfo",
        "getLatestBlockhash",
        "getSlot",
        "isBlockhashValid",
        "getFeeForMessage",
        "getRecentPrioritizationFees",
        "getSignaturesForAddress",
        "getTransaction",
        "getGenesisHash",
        "getHealth",
        "getVersion",
        "getSignatureStatuses",
        "requestAirdrop",
        "sendTransaction",
        "simulateTransaction",
    ];
    for method in methods {
        for params in [json!("text"), json!(7), json!({ "named": 1 }), json!([1, 2, 3, 4]), json!([[{}], [], true])] {
            assert_eq!(net.code(method, params.clone()).await, -32602, "{method} {params}");
        }
    }
    let steps = [
        "localnet_info",
        "localnet_waiting",
        "localnet_mine",
        "localnet_advanceTo",
        "localnet_skip",
        "localnet_finalise",
        "localnet_rollback",
        "localnet_expire",
        "localnet_drop",
        "localnet_dropNext",
        "localnet_lag",
        "localnet_fail",
        "localnet_setMining",
        "localnet_setAccount",
        "localnet_setPriceFloor",
        "localnet_setGenesisHash",
        "localnet_save",
        "localnet_restore",
    ];
    for method in steps {
        for params in [json!("text"), json!([{ "other": 1 }]), json!([{}, {}]), json!({ "other": 1 })] {
            assert_eq!(net.code(method, params.clone()).await, -32602, "{method} {params}");
        }
    }
    assert_eq!(net.rpc.get_slot().await.expect("nothing was done"), 0);
}

#[tokio::test]
async fn a_batch_is_answered_in_its_order() {
    let net = Localnet::start();
    let batch = json!([
        { "jsonrpc": "2.0", "id": "a", "method": "localnet_mine", "params": { "slots": 2 } },
        { "jsonrpc": "2.0", "id": "b", "method": "getSlot", "params": [{ "commitment": "processed" }] },
        7,
        { "jsonrpc": "2.0", "method": "localnet_mine", "params": { "slots": 1 } },
        { "jsonrpc": "2.0", "id": null, "method": "nothing" },
    ]);
    let answers = answer(&net, batch.to_string()).await;
    assert_eq!(answers.as_array().map(Vec::len), Some(4));
    assert_eq!((&answers[0]["id"], &answers[1]["result"]), (&json!("a"), &json!(2)));
    assert_eq!((&answers[2]["error"]["code"], &answers[3]["error"]["code"]), (&json!(-32600), &json!(-32601)));
    // what has no id is done and not answered
    assert_eq!(net.rpc.get_slot().await.expect("a slot"), 3);
    let quiet = json!({ "jsonrpc": "2.0", "method": "localnet_mine", "params": { "slots": 1 } });
    assert_eq!(net.post(quiet.to_string()).await, (200, String::new()));
    assert_eq!(net.post(json!([quiet]).to_string()).await, (200, String::new()));
    assert_eq!(net.rpc.get_slot().await.expect("a slot"), 5);
}

#[tokio::test]
async fn a_body_may_be_fifty_kibibytes_long() {
    let net = Localnet::start();
    let request = |padding: usize| {
        let request =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "getSlot", "params": null, "padding": "" }).to_string();
        request.replace("\"padding\":\"\"", &format!("\"padding\":\"{}\"", " ".repeat(padding)))
    };
    let fits = request(50 * 1024 - request(0).len());
    assert_eq!(fits.len(), 50 * 1024);
    assert_eq!(answer(&net, fits).await["result"], 0);
    let (status, text) = net.post(request(50 * 1024 + 1 - request(0).len())).await;
    assert_eq!(status, 413, "{text}");
}

#[tokio::test]
async fn a_request_is_json_by_its_header_and_posted() {
    let net = Localnet::start();
    let client = reqwest::Client::new();
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"getSlot"}"#;
    let plain = client.post(&net.url).body(body).send().await.expect("an answer");
    assert_eq!(plain.status().as_u16(), 415);
    let charset = client.post(&net.url).header("content-type", "application/json; charset=utf-8").body(body);
    assert_eq!(charset.send().await.expect("an answer").status().as_u16(), 200);
    let got = client.get(&net.url).send().await.expect("an answer");
    assert_eq!(got.status().as_u16(), 405);
    let health = client.get(format!("{}/health", net.url)).send().await.expect("an answer");
    assert_eq!(health.text().await.expect("text"), "ok");
}

#[tokio::test]
async fn what_is_no_transaction_is_refused_by_what_is_wrong_with_it() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let transaction = net.payment(&payer, &somebody(1), SOL).await;
    let bytes = wincode::serialize(&transaction).expect("bytes");
    let refused = async |bytes: &[u8]| {
        let config = json!({ "encoding": "base64", "preflightCommitment": "processed" });
        let error = net.call("sendTransaction", json!([BASE64_STANDARD.encode(bytes), config])).await;
        let error = error.expect_err("it is none");
        assert_eq!(error["code"], -32602, "{error}");
        error["message"].as_str().expect("words").to_owned()
    };
    assert!(refused(&[]).await.starts_with("failed to deserialize transaction"));
    for cut in 1..bytes.len() {
        refused(&bytes[..cut]).await;
    }
    assert!(refused(&[0; 1233]).await.starts_with("decoded transaction too large: 1233 bytes"));
    assert!(refused(&[0; 2000]).await.starts_with("base64 encoded transaction too large"));
    // an instruction that names an account which is not there
    let mut message = transaction.clone();
    if let solana_message::VersionedMessage::Legacy(message) = &mut message.message {
        message.instructions[0].accounts[0] = 99;
    }
    let message = refused(&wincode::serialize(&message).expect("bytes")).await;
    assert!(message.starts_with("invalid transaction: "), "{message}");
    let mut unsigned = transaction.clone();
    unsigned.signatures.clear();
    refused(&wincode::serialize(&unsigned).expect("bytes")).await;
    assert_eq!(net.code("sendTransaction", json!(["0OIl"])).await, -32602);
    assert_eq!(net.waiting().await, 0);
}

#[tokio::test]
async fn transactions_of_version_one_are_refused() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let header = solana_message::MessageHeader { num_required_signatures: 1, ..Default::default() };
    let config = solana_message::v1::TransactionConfig::empty();
    let keys = vec![payer.pubkey()];
    let message = solana_message::v1::Message::new(header, config, net.blockhash().await, keys, vec![]);
    let message = solana_message::VersionedMessage::V1(message);
    let transaction = solana_transaction::versioned::VersionedTransaction {
        signatures: vec![payer.sign_message(&message.serialize())],
        message,
    };
    let error = net.rpc.send_transaction(&transaction).await.expect_err("it is not understood");
    assert_eq!(refusal(&error), (-32602, "invalid transaction: Transaction version is unsupported".to_owned()));
}

#[tokio::test]
async fn any_bytes_can_be_tried() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let bytes = wincode::serialize(&net.payment(&payer, &somebody(1), SOL).await).expect("bytes");
    let config = json!({ "encoding": "base64", "commitment": "processed" });
    let mut answers = 0;
    for index in 0..bytes.len() {
        for flipped in [0x01, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[index] ^= flipped;
            match net.call("simulateTransaction", json!([BASE64_STANDARD.encode(&changed), config])).await {
                Ok(answer) => answers += usize::from(answer["value"]["logs"].is_array()),
                Err(error) => assert_eq!(error["code"], -32602, "{error}"),
            }
        }
    }
    assert!(answers > bytes.len(), "{answers}");
}

#[tokio::test]
async fn bytes_of_a_transaction_that_were_changed_are_never_included() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let bytes = wincode::serialize(&net.payment(&payer, &somebody(1), SOL).await).expect("bytes");
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1;
        let config = json!({ "encoding": "base64", "skipPreflight": true });
        let _ = net.call("sendTransaction", json!([BASE64_STANDARD.encode(&changed), config])).await;
    }
    assert_eq!(net.waiting().await, 0);
}
