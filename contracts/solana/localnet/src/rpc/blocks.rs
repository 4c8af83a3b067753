//! Slots, blocks, their times and their hashes.

use std::sync::Arc;

use serde_json::{Value, json};
use solana_clock::Slot;
use solana_commitment_config::CommitmentLevel;
use solana_epoch_schedule::EpochSchedule;
use solana_hash::Hash;
use solana_rpc_client_types::config::{RpcBlockConfig, RpcEncodingConfigWrapper};
use solana_rpc_client_types::response::RpcBlockhash;
use solana_transaction_status_client_types::{TransactionDetails, UiConfirmedBlock, UiTransactionEncoding};

use super::error::RpcError;
use super::{Answer, Params, at_least_confirmed, bank_for, encode, with_context};
use crate::chain::{Bank, Chain, MAX_AGE, Record};
use crate::node::Node;

/// `getSlot(config?)`
pub fn get_slot(node: &Node, params: Params) -> Answer {
    let bank = bank_for(&node.chain(), params.at_most(1)?.optional(0)?.unwrap_or_default())?;
    Ok(json!(bank.slot))
}

/// `getBlockHeight(config?)`
pub fn get_block_height(node: &Node, params: Params) -> Answer {
    let bank = bank_for(&node.chain(), params.at_most(1)?.optional(0)?.unwrap_or_default())?;
    Ok(json!(bank.height))
}

/// `getEpochInfo(config?)`
pub fn get_epoch_info(node: &Node, params: Params) -> Answer {
    let bank = bank_for(&node.chain(), params.at_most(1)?.optional(0)?.unwrap_or_default())?;
    let schedule = EpochSchedule::without_warmup();
    let (epoch, slot_index) = schedule.get_epoch_and_slot_index(bank.slot);
    Ok(json!({
        "absoluteSlot": bank.slot,
        "blockHeight": bank.height,
        "epoch": epoch,
        "slotIndex": slot_index,
        "slotsInEpoch": schedule.get_slots_in_epoch(epoch),
        "transactionCount": bank.transactions,
    }))
}

/// `getBlockTime(slot)`
pub fn get_block_time(node: &Node, params: Params) -> Answer {
    let slot: Slot = params.at_most(1)?.required(0)?;
    let chain = node.chain();
    if slot == 0 {
        return Ok(json!(chain.genesis_time()));
    }
    match chain.ledger().at_slot(slot) {
        Some((height, block)) if chain.reaches(height, CommitmentLevel::Processed) => Ok(json!(block.unix_time())),
        _ => Err(no_block(&chain, slot)),
    }
}

/// `getBlock(slot, config?)`
pub fn get_block(node: &Node, params: Params) -> Answer {
    let mut params = params.at_most(2)?;
    let slot: Slot = params.required(0)?;
    let config: Option<RpcEncodingConfigWrapper<RpcBlockConfig>> = params.optional(1)?;
    let config = config.map(|config| config.convert_to_current()).unwrap_or_default();
    let level = at_least_confirmed(config.commitment)?;
    let chain = node.chain();
    let Some((height, block)) = chain.ledger().at_slot(slot).filter(|(height, _)| chain.reaches(*height, level)) else {
        return Err(no_block(&chain, slot));
    };
    let parent = height.checked_sub(1).and_then(|parent| chain.ledger().at_height(parent));
    let encoding = config.encoding.unwrap_or(UiTransactionEncoding::Json);
    let (mut transactions, mut signatures) = (None, None);
    match config.transaction_details.unwrap_or_default() {
        TransactionDetails::Full => {
            let one = |record: &Arc<Record>| encode::record(record, encoding, config.max_supported_transaction_version);
            transactions = Some(block.records.iter().map(one).collect::<Result<_, _>>()?);
        }
        TransactionDetails::Signatures => {
            signatures = Some(block.records.iter().map(|record| record.signature.to_string()).collect());
        }
        TransactionDetails::None => {}
        TransactionDetails::Accounts => {
            let message = "solana-localnet does not list accounts alone: ask for full, signatures or none";
            return Err(RpcError::invalid_params(message));
        }
    }
    Ok(json!(UiConfirmedBlock {
        previous_blockhash: parent.map_or_else(Hash::default, |parent| parent.hash).to_string(),
        blockhash: block.hash.to_string(),
        parent_slot: parent.map_or(0, |parent| parent.slot),
        transactions,
        signatures,
        // nobody is rewarded here
        rewards: config.rewards.unwrap_or(true).then(Vec::new),
        num_reward_partitions: None,
        block_time: Some(block.unix_time()),
        block_height: Some(height),
    }))
}

/// What is said of a slot without a block: skipped once later ones are final, else not there yet.
fn no_block(chain: &Chain, slot: Slot) -> RpcError {
    if slot <= chain.bank_at(CommitmentLevel::Finalized).slot {
        RpcError::slot_skipped(slot)
    } else {
        RpcError::block_not_available(slot)
    }
}

/// `getLatestBlockhash(config?)`
pub fn get_latest_blockhash(node: &Node, params: Params) -> Answer {
    let bank = bank_for(&node.chain(), params.at_most(1)?.optional(0)?.unwrap_or_default())?;
    with_context(&bank, latest_blockhash(&bank))
}

/// `isBlockhashValid(blockhash, config?)`
pub fn is_blockhash_valid(node: &Node, params: Params) -> Answer {
    let mut params = params.at_most(2)?;
    let text: String = params.required(0)?;
    let hash: Hash = text.parse().map_err(|error| RpcError::invalid_params(format!("{error:?}")))?;
    let bank = bank_for(&node.chain(), params.optional(1)?.unwrap_or_default())?;
    with_context(&bank, Value::Bool(bank.age(&hash).is_some_and(|age| age <= MAX_AGE)))
}

/// A bank's own hash, and how long it can be named.
pub fn latest_blockhash(bank: &Bank) -> RpcBlockhash {
    let hash = bank.blockhash();
    RpcBlockhash {
        blockhash: hash.to_string(),
        last_valid_block_height: bank.last_valid_height(&hash).expect("a bank knows its own hash"),
    }
}
