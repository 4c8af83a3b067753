//! What transactions cost.

use std::collections::HashMap;

use serde_json::{Value, json};
use solana_address::Address;
use solana_commitment_config::CommitmentLevel;
use solana_message::VersionedMessage;
use solana_rpc_client_types::response::RpcPrioritizationFee;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;

use super::error::RpcError;
use super::params::address;
use super::wire::{read_message, sanitize};
use super::{Answer, Params, bank_for, with_context};
use crate::chain::{MAX_AGE, Record};
use crate::node::Node;

/// Over how many blocks prices are told.
const PRICED_BLOCKS: usize = 150;
/// How many accounts a transaction can lock.
const MAX_LOCKS: usize = 128;

/// `getFeeForMessage(message, config?)`
pub fn get_fee_for_message(node: &Node, params: Params) -> Answer {
    let mut params = params.at_most(2)?;
    let message = read_message(&params.required::<String>(0)?)?;
    let bank = bank_for(&node.chain(), params.optional(1)?.unwrap_or_default())?;
    let transaction = unsigned(message);
    sanitize(&transaction, &bank)?;
    if bank.check_age(&transaction.message, MAX_AGE).is_err() {
        return with_context(&bank, Value::Null);
    }
    let tried = bank.simulate(transaction);
    // every transaction costs something: none was worked out where the message is not even one
    match tried.result {
        Err(error) if tried.meta.fee == 0 => {
            Err(RpcError::invalid_params(format!("invalid transaction message: {error}")))
        }
        _ => with_context(&bank, tried.meta.fee),
    }
}

fn unsigned(message: VersionedMessage) -> VersionedTransaction {
    let signatures = vec![Signature::default(); usize::from(message.header().num_required_signatures)];
    VersionedTransaction { signatures, message }
}

/// `getRecentPrioritizationFees(addresses?)`
pub fn get_recent_prioritization_fees(node: &Node, params: Params) -> Answer {
    let texts: Vec<String> = params.at_most(1)?.optional(0)?.unwrap_or_default();
    if texts.len() > MAX_LOCKS {
        return Err(RpcError::invalid_params(format!("Too many inputs provided; max {MAX_LOCKS}")));
    }
    let addresses = texts.iter().map(|text| address(text)).collect::<Result<Vec<_>, _>>()?;
    let chain = node.chain();
    let newest = chain.height_at(CommitmentLevel::Processed);
    let blocks = chain.ledger().newest_first(newest).take(PRICED_BLOCKS);
    let price = |records: &[_]| lowest_price(records, &addresses).max(chain.price_floor());
    let mut prices: Vec<_> = blocks
        .map(|block| RpcPrioritizationFee { slot: block.slot, prioritization_fee: price(&block.records) })
        .collect();
    prices.reverse();
    Ok(json!(prices))
}

/// The lowest price that got a transaction into a block which writes to all of the addresses.
fn lowest_price(records: &[std::sync::Arc<Record>], addresses: &[Address]) -> u64 {
    let mut of_account: HashMap<Address, u64> = HashMap::new();
    for record in records {
        for key in &record.writable {
            let lowest = of_account.entry(*key).or_insert(record.price);
            *lowest = record.price.min(*lowest);
        }
    }
    let of_block = records.iter().map(|record| record.price).min().unwrap_or(0);
    let of_addresses = addresses.iter().filter_map(|address| of_account.get(address).copied());
    of_addresses.fold(of_block, u64::max)
}
