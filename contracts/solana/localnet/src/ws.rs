//! The WebSocket side: subscriptions to a transaction's fate.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use solana_commitment_config::CommitmentLevel;
use solana_rpc_client_types::config::RpcSignatureSubscribeConfig;
use solana_signature::Signature;

use crate::chain::Chain;
use crate::node::Node;
use crate::rpc::{self, Params, RpcError};

/// The longest message, in bytes.
const MAX_MESSAGE: usize = 50 * 1024;
/// How many subscriptions a connection holds at most.
const MAX_SUBSCRIPTIONS: usize = 1024;

/// Subscriptions are counted over all connections.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// The service on the WebSocket port.
pub fn router(node: Arc<Node>) -> Router {
    Router::new().fallback(handle).with_state(node)
}

async fn handle(State(node): State<Arc<Node>>, request: Request) -> Response {
    let (mut head, _) = request.into_parts();
    match WebSocketUpgrade::from_request_parts(&mut head, &node).await {
        Ok(upgrade) => upgrade.max_message_size(MAX_MESSAGE).on_upgrade(|socket| serve(node, socket)),
        Err(_) => (StatusCode::UPGRADE_REQUIRED, "This port speaks WebSocket only\n").into_response(),
    }
}

struct Subscription {
    signature: Signature,
    level: CommitmentLevel,
    /// Whether it is still to be told when the node has the transaction.
    tells_received: bool,
}

async fn serve(node: Arc<Node>, mut socket: WebSocket) {
    let mut changes = node.changes();
    let mut subscriptions = BTreeMap::new();
    loop {
        let out = tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => answers(&node, &mut subscriptions, text.as_bytes()),
                Some(Ok(Message::Binary(bytes))) => answers(&node, &mut subscriptions, &bytes),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => Vec::new(),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            changed = changes.changed() => match changed {
                Ok(()) => news(&node.chain(), &mut subscriptions),
                Err(_) => return,
            },
        };
        for value in out {
            if socket.send(Message::text(value.to_string())).await.is_err() {
                return;
            }
        }
    }
}

/// The answer to a message, then what is to be said at once to a new subscription.
fn answers(node: &Node, subscriptions: &mut BTreeMap<u64, Subscription>, message: &[u8]) -> Vec<Value> {
    let Ok(request) = serde_json::from_slice(message) else {
        return vec![json!({ "jsonrpc": "2.0", "error": RpcError::parse_error(), "id": null })];
    };
    let answer = rpc::answer_to(request, |method, params| match method {
        "signatureSubscribe" => subscribe(subscriptions, Params::new(params, false)?),
        "signatureUnsubscribe" => unsubscribe(subscriptions, Params::new(params, false)?),
        _ => Err(RpcError::method_not_found()),
    });
    answer.into_iter().chain(news(&node.chain(), subscriptions)).collect()
}

fn subscribe(subscriptions: &mut BTreeMap<u64, Subscription>, params: Params) -> Result<Value, RpcError> {
    let mut params = params.at_most(2)?;
    let signature = params.signature(0)?;
    let config: RpcSignatureSubscribeConfig = params.optional(1)?.unwrap_or_default();
    if subscriptions.len() >= MAX_SUBSCRIPTIONS {
        return Err(RpcError::refused(format!("a connection holds {MAX_SUBSCRIPTIONS} subscriptions at most")));
    }
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    let level = config.commitment.unwrap_or_default().commitment;
    let tells_received = config.enable_received_notification.unwrap_or(false);
    subscriptions.insert(id, Subscription { signature, level, tells_received });
    Ok(json!(id))
}

fn unsubscribe(subscriptions: &mut BTreeMap<u64, Subscription>, params: Params) -> Result<Value, RpcError> {
    let id: u64 = params.at_most(1)?.required(0)?;
    let removed = subscriptions.remove(&id).map(|_| json!(true));
    removed.ok_or_else(|| RpcError::invalid_params("Invalid subscription id."))
}

/// What the subscriptions are to be told now. One whose transaction has got where it should ends.
fn news(chain: &Chain, subscriptions: &mut BTreeMap<u64, Subscription>) -> Vec<Value> {
    let mut news = Vec::new();
    subscriptions.retain(|id, subscription| {
        let record = chain.ledger().by_signature(&subscription.signature);
        let seen = record.filter(|record| chain.reaches(record.height, CommitmentLevel::Processed));
        let waits = || chain.waiting().iter().any(|waiting| waiting.signature == subscription.signature);
        if subscription.tells_received && (seen.is_some() || waits()) {
            subscription.tells_received = false;
            news.push(notification(*id, chain.bank_at(CommitmentLevel::Processed).slot, json!("receivedSignature")));
        }
        let reached = seen.filter(|record| chain.reaches(record.height, subscription.level));
        if let Some(record) = reached {
            let err = record.err().cloned().map(solana_transaction_status_client_types::UiTransactionError::from);
            news.push(notification(*id, chain.bank_at(subscription.level).slot, json!({ "err": err })));
        }
        reached.is_none()
    });
    news
}

fn notification(id: u64, slot: u64, value: Value) -> Value {
    json!({
        "jsonrpc": "2.0",
        "method": "signatureNotification",
        "params": { "result": { "context": { "slot": slot }, "value": value }, "subscription": id },
    })
}
