//! Solana's JSON-RPC: one request or a batch in, one answer out.

mod accounts;
mod blocks;
mod control;
mod encode;
mod error;
mod fees;
mod history;
mod node;
mod params;
mod program_accounts;
mod send;
mod simulate;
mod status;
mod wire;

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use solana_commitment_config::{CommitmentConfig, CommitmentLevel};
use solana_rpc_client_types::config::RpcContextConfig;
use solana_rpc_client_types::response::{Response, RpcResponseContext};

use crate::chain::{Bank, Chain};
use crate::node::Node;

pub use error::RpcError;
pub use params::Params;

type Answer = Result<Value, RpcError>;
type Method = fn(&Node, Params) -> Answer;

/// What to answer to a request's body; nothing to a notification.
pub fn answer(node: &Node, body: &[u8]) -> Option<Value> {
    match serde_json::from_slice(body) {
        Ok(request) => answer_to(request, |method, params| call(node, method, params)),
        Err(_) => Some(failed(Value::Null, &RpcError::parse_error())),
    }
}

/// The same for what is parsed already, with `call` for the methods.
pub fn answer_to(request: Value, mut call: impl FnMut(&str, Option<Value>) -> Answer) -> Option<Value> {
    match request {
        Value::Array(batch) if !batch.is_empty() => {
            let answers: Vec<_> = batch.into_iter().filter_map(|request| one(request, &mut call)).collect();
            (!answers.is_empty()).then_some(Value::Array(answers))
        }
        request => one(request, &mut call),
    }
}

fn one(mut request: Value, call: &mut impl FnMut(&str, Option<Value>) -> Answer) -> Option<Value> {
    let Some(fields) = request.as_object_mut() else {
        return Some(failed(Value::Null, &RpcError::invalid_request()));
    };
    let id = fields.remove("id");
    let params = fields.remove("params");
    let method = fields.get("method").and_then(Value::as_str);
    let well_formed = fields.get("jsonrpc").and_then(Value::as_str) == Some("2.0")
        && matches!(id, None | Some(Value::Null | Value::Number(_) | Value::String(_)));
    let Some(method) = method.filter(|_| well_formed) else {
        return Some(failed(Value::Null, &RpcError::invalid_request()));
    };
    let result = call(method, params);
    id.map(|id| match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "result": result, "id": id }),
        Err(error) => failed(id, &error),
    })
}

fn failed(id: Value, error: &RpcError) -> Value {
    json!({ "jsonrpc": "2.0", "error": error, "id": id })
}

/// Calls a method.
pub fn call(node: &Node, method: &str, params: Option<Value>) -> Answer {
    let steers = control::method(method);
    let called = steers.or_else(|| self::method(method)).ok_or_else(RpcError::method_not_found)?;
    if let Some(error) = node.failure(method) {
        return Err(error);
    }
    called(node, Params::new(params, steers.is_some())?)
}

fn method(name: &str) -> Option<Method> {
    Some(match name {
        "getAccountInfo" => accounts::get_account_info,
        "getBalance" => accounts::get_balance,
        "getMultipleAccounts" => accounts::get_multiple_accounts,
        "getProgramAccounts" => program_accounts::get_program_accounts,
        "getTokenAccountBalance" => accounts::get_token_account_balance,
        "getMinimumBalanceForRentExemption" => accounts::get_minimum_balance_for_rent_exemption,
        "getBlock" => blocks::get_block,
        "getBlockHeight" => blocks::get_block_height,
        "getBlockTime" => blocks::get_block_time,
        "getEpochInfo" => blocks::get_epoch_info,
        "getLatestBlockhash" => blocks::get_latest_blockhash,
        "getSlot" => blocks::get_slot,
        "isBlockhashValid" => blocks::is_blockhash_valid,
        "getFeeForMessage" => fees::get_fee_for_message,
        "getRecentPrioritizationFees" => fees::get_recent_prioritization_fees,
        "getSignaturesForAddress" => history::get_signatures_for_address,
        "getTransaction" => history::get_transaction,
        "getGenesisHash" => node::get_genesis_hash,
        "getHealth" => node::get_health,
        "getVersion" => node::get_version,
        "getSignatureStatuses" => status::get_signature_statuses,
        "requestAirdrop" => send::request_airdrop,
        "sendTransaction" => send::send_transaction,
        "simulateTransaction" => simulate::simulate_transaction,
        _ => return None,
    })
}

/// A commitment as configurations carry it; finalized if they don't.
fn level(commitment: Option<CommitmentConfig>) -> CommitmentLevel {
    commitment.unwrap_or_default().commitment
}

/// The same for what blocks hold, which nobody is told before it is confirmed.
fn at_least_confirmed(commitment: Option<CommitmentConfig>) -> Result<CommitmentLevel, RpcError> {
    match level(commitment) {
        CommitmentLevel::Processed => {
            Err(RpcError::invalid_params("Method does not support commitment below `confirmed`"))
        }
        level => Ok(level),
    }
}

/// The bank that a request wants to be answered from.
fn bank_for(chain: &Chain, config: RpcContextConfig) -> Result<Arc<Bank>, RpcError> {
    let bank = chain.bank_at(level(config.commitment));
    match config.min_context_slot {
        Some(slot) if bank.slot < slot => Err(RpcError::min_context_slot_not_reached(bank.slot)),
        _ => Ok(bank),
    }
}

/// A value with the slot that it is of.
fn with_context(bank: &Bank, value: impl Serialize) -> Answer {
    Ok(json!(Response { context: RpcResponseContext::new(bank.slot), value: json!(value) }))
}
