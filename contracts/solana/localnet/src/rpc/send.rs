//! Transactions on their way into a block.

use serde_json::json;
use solana_commitment_config::CommitmentLevel;
use solana_message::{Message, VersionedMessage};
use solana_rpc_client_types::config::{
    CommitmentConfig, RpcContextConfig, RpcRequestAirdropConfig, RpcSendTransactionConfig,
};
use solana_signer::Signer;
use solana_system_interface::instruction::transfer;
use solana_transaction::versioned::VersionedTransaction;

use super::error::RpcError;
use super::node::check_health;
use super::params::hash;
use super::simulate::{try_in, was_processed};
use super::wire::{is_signed, read_transaction, sanitize};
use super::{Answer, Params, bank_for, level};
use crate::node::{Mining, Node};

/// `sendTransaction(transaction, config?)`
pub fn send_transaction(node: &Node, params: Params) -> Answer {
    let mut params = params.at_most(2)?;
    let text: String = params.required(0)?;
    let config: RpcSendTransactionConfig = params.optional(1)?.unwrap_or_default();
    let transaction = read_transaction(&text, config.encoding)?;
    let commitment = match config.skip_preflight {
        true => Some(CommitmentConfig::processed()),
        false => config.preflight_commitment.map(|commitment| CommitmentConfig { commitment }),
    };
    let context = RpcContextConfig { commitment, min_context_slot: config.min_context_slot };
    let (bank, lag) = {
        let chain = node.chain();
        (bank_for(&chain, context)?, chain.lag())
    };
    sanitize(&transaction, &bank)?;
    let signature = transaction.signatures[0];
    let signed = is_signed(&transaction);
    if !config.skip_preflight {
        if !signed {
            return Err(RpcError::signature_verification_failure());
        }
        check_health(lag)?;
        let seen = was_processed(&node.chain(), &bank, &transaction);
        let tried = try_in(&bank, transaction.clone(), seen, false);
        if let Some(err) = tried.err {
            let message = format!("Transaction simulation failed: {err}");
            return Err(RpcError::preflight_failure(message, &tried.result));
        }
    }
    // one that is not signed is passed on without preflight, and no leader includes it
    if signed {
        submit(node, transaction, config.max_retries);
    }
    Ok(json!(signature.to_string()))
}

/// `requestAirdrop(address, lamports, config?)`
pub fn request_airdrop(node: &Node, params: Params) -> Answer {
    let mut params = params.at_most(3)?;
    let to = params.address(0)?;
    let lamports: u64 = params.required(1)?;
    let config: RpcRequestAirdropConfig = params.optional(2)?.unwrap_or_default();
    let (faucet, number, bank) = node.change(|chain| {
        let commitment = config.commitment.map_or(CommitmentLevel::Processed, |given| level(Some(given)));
        (chain.faucet(), chain.next_airdrop(), chain.bank_at(commitment))
    });
    let has = bank.svm.get_balance(&faucet.pubkey()).unwrap_or(0);
    if lamports > has {
        return Err(RpcError::refused(format!("the faucet has {has} lamports, not {lamports}")));
    }
    let blockhash = config.recent_blockhash.map_or(Ok(bank.blockhash()), |text| hash(&text))?;
    // what the faucet pays itself makes two airdrops in one slot two transactions
    let payments = [transfer(&faucet.pubkey(), &to, lamports), transfer(&faucet.pubkey(), &faucet.pubkey(), number)];
    let message = Message::new_with_blockhash(&payments, Some(&faucet.pubkey()), &blockhash);
    let transaction = VersionedTransaction::try_new(VersionedMessage::Legacy(message), &[&faucet])
        .map_err(|error| RpcError::refused(error.to_string()))?;
    let signature = transaction.signatures[0];
    submit(node, transaction, None);
    Ok(json!(signature.to_string()))
}

fn submit(node: &Node, transaction: VersionedTransaction, max_retries: Option<usize>) {
    let at_once = node.mining() == Mining::Instant;
    node.change(|chain| {
        chain.send(transaction, max_retries);
        if at_once && !chain.waiting().is_empty() {
            chain.mine(1);
        }
    });
}
