//! A transaction that a node tries before it is signed: what it would use, and what it would leave.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use liaise_chain_api::{At, ChainError};
use serde_json::json;
use solana_rpc_client_api::client_error::TransactionError;
use solana_rpc_client_api::request::RpcRequest;
use solana_rpc_client_api::response::{Response, RpcSimulateTransactionResult};
use solana_sdk::message::VersionedMessage;
use solana_sdk::signature::Signature;
use solana_transaction::versioned::VersionedTransaction;

use crate::endpoint::{Endpoint, commitment};
use crate::transaction;

/// What a trial that went well showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trial {
    /// Compute units that it used.
    pub(crate) units: u64,
    /// Lamports that the payer has left.
    pub(crate) left: u64,
}

/// Tries a message on the newest accounts; the inner error is the chain's.
///
/// # Errors
/// [`ChainError::Input`] for one that fits no transaction, and what the node's failures mean.
pub(crate) async fn trial(
    endpoint: &Endpoint,
    message: VersionedMessage,
) -> Result<Result<Trial, TransactionError>, ChainError> {
    let payer = message.static_account_keys().first().map(ToString::to_string);
    let signatures = vec![Signature::default(); transaction::signatures(&message)];
    let wire = transaction::wire(&VersionedTransaction { signatures, message })?;
    let config = json!({
        "encoding": "base64",
        "sigVerify": false,
        "commitment": commitment(At::Latest),
        "accounts": {"encoding": "base64", "addresses": [payer]},
    });
    let params = json!([BASE64_STANDARD.encode(wire), config]);
    let answer: Response<RpcSimulateTransactionResult> = endpoint.ask(RpcRequest::SimulateTransaction, params).await?;
    if let Some(error) = answer.value.err {
        return Ok(Err(error.into()));
    }
    let left = answer.value.accounts.as_deref().and_then(|accounts| accounts.first());
    let units = answer.value.units_consumed;
    let (units, left) = units.zip(left).ok_or_else(|| endpoint.nonsense("a trial without its costs"))?;
    // an account with nothing left is none
    Ok(Ok(Trial { units, left: left.as_ref().map_or(0, |account| account.lamports) }))
}
