//! JSON-RPC errors, with Agave's codes and words where a validator has the same error.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use solana_clock::Slot;
use solana_rpc_client_types::response::RpcSimulateTransactionResult;

/// What `error` says in an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RpcError {
    pub code: i64,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl RpcError {
    fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    pub fn parse_error() -> Self {
        Self::new(-32700, "Parse error")
    }

    pub fn invalid_request() -> Self {
        Self::new(-32600, "Invalid request")
    }

    /// Base58 is for small data.
    pub fn too_long_for_base58(max: usize) -> Self {
        let message =
            format!("Encoded binary (base 58) data should be less than {max} bytes, please use Base64 encoding.");
        Self::new(-32600, message)
    }

    pub fn method_not_found() -> Self {
        Self::new(-32601, "Method not found")
    }

    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(-32602, message)
    }

    /// A step that the chain can't take now.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(-32603, message)
    }

    pub fn preflight_failure(message: String, result: &RpcSimulateTransactionResult) -> Self {
        Self { data: Some(json!(result)), ..Self::new(-32002, message) }
    }

    pub fn signature_verification_failure() -> Self {
        Self::new(-32003, "Transaction signature verification failure")
    }

    pub fn block_not_available(slot: Slot) -> Self {
        Self::new(-32004, format!("Block not available for slot {slot}"))
    }

    pub fn node_behind(slots: u64) -> Self {
        let data = json!({ "numSlotsBehind": slots });
        Self { data: Some(data), ..Self::new(-32005, format!("Node is behind by {slots} slots")) }
    }

    pub fn slot_skipped(slot: Slot) -> Self {
        Self::new(-32007, format!("Slot {slot} was skipped, or missing due to ledger jump to recent snapshot"))
    }

    pub fn unsupported_transaction_version(version: u8) -> Self {
        let message = format!(
            "Transaction version ({version}) is not supported by the requesting client. Please try the request again \
             with the following configuration parameter: \"maxSupportedTransactionVersion\": {version}"
        );
        Self::new(-32015, message)
    }

    pub fn min_context_slot_not_reached(context_slot: Slot) -> Self {
        let data = json!({ "contextSlot": context_slot });
        Self { data: Some(data), ..Self::new(-32016, "Minimum context slot has not been reached") }
    }
}
