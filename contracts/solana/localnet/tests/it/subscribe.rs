//! Subscriptions to a transaction's fate, over a WebSocket.

use std::time::Duration;

use futures::StreamExt;
use serde_json::json;
use solana_commitment_config::CommitmentConfig;
use solana_pubsub_client::nonblocking::pubsub_client::PubsubClient;
use solana_rpc_client_api::config::RpcSignatureSubscribeConfig;
use solana_rpc_client_api::response::{ProcessedSignatureResult, ReceivedSignatureResult, RpcSignatureResult};
use solana_transaction_error::TransactionError;

use crate::harness::{CONFIRMED, FINALIZED, Localnet, PROCESSED, SOL, somebody};

/// Longer than any machine needs to pass on what is there.
const PATIENCE: Duration = Duration::from_secs(60);

fn at(commitment: CommitmentConfig) -> Option<RpcSignatureSubscribeConfig> {
    Some(RpcSignatureSubscribeConfig { commitment: Some(commitment), enable_received_notification: None })
}

const GOOD: RpcSignatureResult = RpcSignatureResult::ProcessedSignature(ProcessedSignatureResult { err: None });

#[tokio::test]
async fn each_commitment_is_told_when_it_is_reached() {
    let net = Localnet::with(&["--manual", "--confirm-slots", "2"]);
    let payer = net.funded().await;
    let pubsub = PubsubClient::new(&net.ws).await.expect("it connects");
    let transaction = net.payment(&payer, &somebody(1), SOL).await;
    let signature = transaction.signatures[0];
    let (mut processed, _unsubscribe) = pubsub.signature_subscribe(&signature, at(PROCESSED)).await.expect("an id");
    let (mut confirmed, _unsubscribe) = pubsub.signature_subscribe(&signature, at(CONFIRMED)).await.expect("an id");
    let (mut last, _unsubscribe) = pubsub.signature_subscribe(&signature, at(FINALIZED)).await.expect("an id");
    net.rpc.send_transaction(&transaction).await.expect("it is taken");
    net.mine(1).await;
    let told = tokio::time::timeout(PATIENCE, processed.next()).await.expect("in time").expect("a notification");
    assert_eq!((told.context.slot, told.value), (2, GOOD));
    net.mine(2).await;
    let told = tokio::time::timeout(PATIENCE, confirmed.next()).await.expect("in time").expect("a notification");
    assert_eq!((told.context.slot, told.value), (2, GOOD));
    net.finalise().await;
    let told = tokio::time::timeout(PATIENCE, last.next()).await.expect("in time").expect("a notification");
    assert_eq!((told.context.slot, told.value), (4, GOOD));
}

#[tokio::test]
async fn what_is_there_already_is_told_at_once_and_with_its_error() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let signature = net.send_blindly(&net.payment(&payer, &somebody(1), 11 * SOL).await).await;
    net.mine(1).await;
    let pubsub = PubsubClient::new(&net.ws).await.expect("it connects");
    let (mut stream, _unsubscribe) = pubsub.signature_subscribe(&signature, at(CONFIRMED)).await.expect("an id");
    let told = tokio::time::timeout(PATIENCE, stream.next()).await.expect("in time").expect("a notification");
    let RpcSignatureResult::ProcessedSignature(ProcessedSignatureResult { err: Some(err) }) = told.value else {
        panic!("it failed")
    };
    assert!(matches!(TransactionError::from(err), TransactionError::InstructionError(0, _)));
}

#[tokio::test]
async fn receipt_is_told_when_asked_for() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let pubsub = PubsubClient::new(&net.ws).await.expect("it connects");
    let transaction = net.payment(&payer, &somebody(1), SOL).await;
    let config = RpcSignatureSubscribeConfig { commitment: Some(PROCESSED), enable_received_notification: Some(true) };
    let subscribed = pubsub.signature_subscribe(&transaction.signatures[0], Some(config)).await;
    let (mut stream, _unsubscribe) = subscribed.expect("an id");
    net.rpc.send_transaction(&transaction).await.expect("it is taken");
    let told = tokio::time::timeout(PATIENCE, stream.next()).await.expect("in time").expect("a notification");
    assert_eq!(told.value, RpcSignatureResult::ReceivedSignature(ReceivedSignatureResult::ReceivedSignature));
    net.mine(1).await;
    let told = tokio::time::timeout(PATIENCE, stream.next()).await.expect("in time").expect("a notification");
    assert_eq!(told.value, GOOD);
}

#[tokio::test]
async fn a_block_that_is_taken_back_is_not_told_as_final() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let pubsub = PubsubClient::new(&net.ws).await.expect("it connects");
    let signature = net.pay(&payer, &somebody(1), SOL).await;
    let (mut lost, _unsubscribe) = pubsub.signature_subscribe(&signature, at(FINALIZED)).await.expect("an id");
    net.roll_back(1).await;
    net.finalise().await;
    // one that comes after it on the same connection is told, and nothing was told before
    let second = net.pay(&payer, &somebody(2), SOL).await;
    let (mut kept, _unsubscribe) = pubsub.signature_subscribe(&second, at(PROCESSED)).await.expect("an id");
    tokio::time::timeout(PATIENCE, kept.next()).await.expect("in time").expect("a notification");
    let nothing = futures::FutureExt::now_or_never(lost.next());
    assert!(nothing.is_none(), "{nothing:?}");
}

#[tokio::test]
async fn a_subscription_can_be_given_up() {
    let net = Localnet::start();
    let mut plain = Plain::connect(&net).await;
    let signature = solana_signature::Signature::from([3; 64]).to_string();
    let id = plain.ask("signatureSubscribe", json!([signature])).await["result"].clone();
    assert!(id.is_u64());
    assert_eq!(plain.ask("signatureUnsubscribe", json!([id])).await["result"], true);
    let again = plain.ask("signatureUnsubscribe", json!([id])).await;
    assert_eq!(again["error"], json!({ "code": -32602, "message": "Invalid subscription id." }));
}

#[tokio::test]
async fn whatever_else_is_asked_gets_an_error() {
    let net = Localnet::start();
    let mut plain = Plain::connect(&net).await;
    assert_eq!(plain.ask("slotSubscribe", json!([])).await["error"]["code"], -32601);
    assert_eq!(plain.ask("getSlot", json!([])).await["error"]["code"], -32601);
    assert_eq!(plain.ask("signatureSubscribe", json!([])).await["error"]["code"], -32602);
    assert_eq!(plain.ask("signatureSubscribe", json!(["zero"])).await["error"]["code"], -32602);
    assert_eq!(plain.say("{").await["error"]["code"], -32700);
    let page = reqwest::get(net.ws.replace("ws://", "http://")).await.expect("an answer");
    assert_eq!(page.status().as_u16(), 426);
}

#[tokio::test]
async fn a_connection_has_its_limits() {
    let net = Localnet::start();
    let mut plain = Plain::connect(&net).await;
    let signature = solana_signature::Signature::from([3; 64]).to_string();
    for _ in 0..1024 {
        assert!(plain.ask("signatureSubscribe", json!([signature])).await["result"].is_u64());
    }
    assert_eq!(plain.ask("signatureSubscribe", json!([signature])).await["error"]["code"], -32603);
    let too_long = " ".repeat(50 * 1024 + 1);
    futures::SinkExt::send(&mut plain.0, too_long.as_str().into()).await.expect("it is sent");
    while let Some(Ok(message)) = tokio::time::timeout(PATIENCE, plain.0.next()).await.expect("in time") {
        assert!(message.is_close(), "{message}");
    }
    // other connections are not concerned
    assert!(Plain::connect(&net).await.ask("signatureSubscribe", json!([signature])).await["result"].is_u64());
}

/// A WebSocket without Solana's client over it.
struct Plain(tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>);

impl Plain {
    async fn connect(net: &Localnet) -> Self {
        Self(tokio_tungstenite::connect_async(&net.ws).await.expect("it connects").0)
    }

    async fn say(&mut self, text: &str) -> serde_json::Value {
        futures::SinkExt::send(&mut self.0, text.into()).await.expect("it is sent");
        let answer = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("in time");
        let answer = answer.expect("it stays open").expect("a message");
        serde_json::from_str(answer.to_text().expect("text")).expect("JSON")
    }

    async fn ask(&mut self, method: &str, params: serde_json::Value) -> serde_json::Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.say(&request.to_string()).await
    }
}
