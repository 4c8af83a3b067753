//! Slots, blocks, their times and their hashes.

use serde_json::{Value, json};
use solana_clock::Slot;
use solana_commitment_config::CommitmentLevel;
use solana_epoch_schedule::EpochSchedule;
use solana_hash::Hash;
use solana_rpc_client_types::response::RpcBlockhash;

use super::error::RpcError;
use super::{Answer, Params, bank_for, with_context};
use crate::chain::{Bank, MAX_AGE};
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
        Some((height, block)) if chain.reaches(height, CommitmentLevel::Processed) => Ok(json!(block.time_ms / 1000)),
        _ if slot <= chain.bank_at(CommitmentLevel::Finalized).slot => Err(RpcError::slot_skipped(slot)),
        _ => Err(RpcError::block_not_available(slot)),
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
