//! Transactions in blocks: one by its signature, and those of an address.

use serde_json::{Value, json};
use solana_address::Address;
use solana_rpc_client_types::config::{
    RpcContextConfig, RpcEncodingConfigWrapper, RpcSignaturesForAddressConfig, RpcTransactionConfig,
    UiTransactionEncoding,
};
use solana_rpc_client_types::request::MAX_GET_CONFIRMED_SIGNATURES_FOR_ADDRESS2_LIMIT as MAX_LIMIT;
use solana_rpc_client_types::response::RpcConfirmedTransactionStatusWithSignature;
use solana_signature::Signature;
use solana_transaction_status_client_types::EncodedConfirmedTransactionWithStatusMeta;

use super::encode;
use super::error::RpcError;
use super::params::signature;
use super::{Answer, Params, at_least_confirmed, bank_for};
use crate::chain::{Chain, Record};
use crate::node::Node;

/// `getTransaction(signature, config?)`
pub fn get_transaction(node: &Node, params: Params) -> Answer {
    let mut params = params.at_most(2)?;
    let signature = params.signature(0)?;
    let config: Option<RpcEncodingConfigWrapper<RpcTransactionConfig>> = params.optional(1)?;
    let config = config.map(|config| config.convert_to_current()).unwrap_or_default();
    let level = at_least_confirmed(config.commitment)?;
    let chain = node.chain();
    let record = chain.ledger().by_signature(&signature);
    match record.filter(|record| chain.reaches(record.height, level)) {
        Some(record) => Ok(json!(encoded(record, config)?)),
        None => Ok(Value::Null),
    }
}

fn encoded(
    record: &Record,
    config: RpcTransactionConfig,
) -> Result<EncodedConfirmedTransactionWithStatusMeta, RpcError> {
    let encoding = config.encoding.unwrap_or(UiTransactionEncoding::Json);
    Ok(EncodedConfirmedTransactionWithStatusMeta {
        slot: record.slot,
        transaction: encode::record(record, encoding, config.max_supported_transaction_version)?,
        block_time: Some(record.unix_time),
        transaction_index: Some(record.index),
    })
}

/// `getSignaturesForAddress(address, config?)`
pub fn get_signatures_for_address(node: &Node, params: Params) -> Answer {
    let mut params = params.at_most(2)?;
    let address = params.address(0)?;
    let config: RpcSignaturesForAddressConfig = params.optional(1)?.unwrap_or_default();
    let before = config.before.as_deref().map(signature).transpose()?;
    let until = config.until.as_deref().map(signature).transpose()?;
    let limit = config.limit.unwrap_or(MAX_LIMIT);
    if limit == 0 || limit > MAX_LIMIT {
        return Err(RpcError::invalid_params(format!("Invalid limit; max {MAX_LIMIT}")));
    }
    let level = at_least_confirmed(config.commitment)?;
    let chain = node.chain();
    bank_for(&chain, RpcContextConfig { commitment: config.commitment, min_context_slot: config.min_context_slot })?;
    let found = page(&chain, chain.height_at(level), address, before, until, limit);
    Ok(json!(found))
}

/// The newest first: those older than `before`, down to `until` without it, `limit` at most.
fn page(
    chain: &Chain,
    height: u64,
    address: Address,
    before: Option<Signature>,
    until: Option<Signature>,
    limit: usize,
) -> Vec<RpcConfirmedTransactionStatusWithSignature> {
    let place = |signature: &Signature| {
        let record = chain.ledger().by_signature(signature).filter(|record| record.height <= height)?;
        Some((record.height, record.index))
    };
    let upper = match before.as_ref().map(place) {
        // nothing is older than what is unknown
        Some(None) => return Vec::new(),
        Some(Some(place)) => place,
        None => (height + 1, 0),
    };
    let lower = until.as_ref().and_then(place);
    chain
        .ledger()
        .of_address(height, address)
        .skip_while(|record| (record.height, record.index) >= upper)
        .take_while(|record| lower.is_none_or(|lower| (record.height, record.index) > lower))
        .take(limit)
        .map(|record| RpcConfirmedTransactionStatusWithSignature {
            signature: record.signature.to_string(),
            slot: record.slot,
            err: record.err().cloned().map(Into::into),
            memo: None,
            block_time: Some(record.unix_time),
            confirmation_status: Some(chain.confirmation_of(record)),
            transaction_index: Some(record.index),
        })
        .collect()
}
