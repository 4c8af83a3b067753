//! Transactions and messages as they are sent.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use solana_message::VersionedMessage;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;
use solana_transaction_status_client_types::{TransactionBinaryEncoding, UiTransactionEncoding};
use wincode::{SchemaRead, config::DefaultConfig};

use super::error::RpcError;
use crate::chain::Bank;

/// What fits into a packet, in bytes, and what that is at most in base64 and base58.
const MAX_LEN: usize = 1232;
const MAX_BASE64_LEN: usize = 1644;
const MAX_BASE58_LEN: usize = 1683;

/// A transaction in the encoding that a request names; base58 if it names none.
pub fn read_transaction(text: &str, encoding: Option<UiTransactionEncoding>) -> Result<VersionedTransaction, RpcError> {
    let encoding = encoding.unwrap_or(UiTransactionEncoding::Base58);
    let binary = encoding.into_binary_encoding().ok_or_else(|| {
        RpcError::invalid_params(format!("unsupported encoding: {encoding}. Supported encodings: base58, base64"))
    })?;
    parse("transaction", &decode("transaction", text, binary)?)
}

/// A message in base64.
pub fn read_message(text: &str) -> Result<VersionedMessage, RpcError> {
    parse("message", &decode("message", text, TransactionBinaryEncoding::Base64)?)
}

/// A transaction's bytes.
pub fn to_wire(transaction: &VersionedTransaction) -> Vec<u8> {
    wincode::serialize(transaction).expect("what was read can be written")
}

/// Refuses a transaction that no bank could load, by the rules that come before its execution.
pub fn sanitize(transaction: &VersionedTransaction, bank: &Bank) -> Result<(), RpcError> {
    let refused = |error: TransactionError| RpcError::invalid_params(format!("invalid transaction: {error}"));
    // mainnet has not switched version 1 on
    if matches!(transaction.message, VersionedMessage::V1(_)) {
        return Err(refused(TransactionError::UnsupportedVersion));
    }
    transaction.sanitize().map_err(|_| refused(TransactionError::SanitizeFailure))?;
    bank.loaded_addresses(&transaction.message).map(|_| ()).map_err(refused)
}

/// Whether every signature is that of its account.
pub fn is_signed(transaction: &VersionedTransaction) -> bool {
    transaction.verify_with_results().into_iter().all(|good| good)
}

fn decode(what: &str, text: &str, encoding: TransactionBinaryEncoding) -> Result<Vec<u8>, RpcError> {
    let (name, max) = match encoding {
        TransactionBinaryEncoding::Base58 => ("base58", MAX_BASE58_LEN),
        TransactionBinaryEncoding::Base64 => ("base64", MAX_BASE64_LEN),
    };
    if text.len() > max {
        let len = text.len();
        let message = format!("{name} encoded {what} too large: {len} bytes (max: encoded/raw {max}/{MAX_LEN})");
        return Err(RpcError::invalid_params(message));
    }
    let bytes = match encoding {
        TransactionBinaryEncoding::Base58 => bs58::decode(text).into_vec().map_err(|error| format!("{error:?}")),
        TransactionBinaryEncoding::Base64 => BASE64_STANDARD.decode(text).map_err(|error| format!("{error:?}")),
    };
    let bytes = bytes.map_err(|error| RpcError::invalid_params(format!("invalid {name} encoding: {error}")))?;
    if bytes.len() > MAX_LEN {
        let len = bytes.len();
        let message = format!("decoded {what} too large: {len} bytes (max: {MAX_LEN} bytes)");
        return Err(RpcError::invalid_params(message));
    }
    Ok(bytes)
}

fn parse<T>(what: &str, bytes: &[u8]) -> Result<T, RpcError>
where
    T: for<'a> SchemaRead<'a, DefaultConfig, Dst = T>,
{
    wincode::deserialize(bytes)
        .map_err(|error| RpcError::invalid_params(format!("failed to deserialize {what}: {error}")))
}
