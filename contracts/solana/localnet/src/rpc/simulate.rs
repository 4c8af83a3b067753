//! Trying a transaction without sending it.

use std::collections::HashMap;
use std::sync::Arc;

use solana_account::Account;
use solana_account_decoder_client_types::UiAccount;
use solana_address::Address;
use solana_clock::MAX_TRANSACTION_FORWARDING_DELAY;
use solana_rpc_client_types::config::{
    RpcContextConfig, RpcSimulateTransactionAccountsConfig, RpcSimulateTransactionConfig, UiAccountEncoding,
};
use solana_rpc_client_types::response::RpcSimulateTransactionResult;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;

use super::blocks::latest_blockhash;
use super::encode::account as encode;
use super::error::RpcError;
use super::params::address;
use super::wire::{is_signed, read_transaction, sanitize};
use super::{Answer, Params, bank_for, with_context};
use crate::chain::{Bank, Chain, MAX_AGE, inner_instructions};
use crate::node::Node;

/// How old a blockhash may be that a transaction is tried with: some blocks will pass before it is included.
const MAX_AGE_TO_TRY: u64 = MAX_AGE - MAX_TRANSACTION_FORWARDING_DELAY as u64;

/// What trying showed, with the accounts afterwards.
pub struct Tried {
    pub result: RpcSimulateTransactionResult,
    pub err: Option<TransactionError>,
    accounts: Vec<(Address, Account)>,
}

/// `simulateTransaction(transaction, config?)`
pub fn simulate_transaction(node: &Node, params: Params) -> Answer {
    let mut params = params.at_most(2)?;
    let text: String = params.required(0)?;
    let config: RpcSimulateTransactionConfig = params.optional(1)?.unwrap_or_default();
    let mut transaction = read_transaction(&text, config.encoding)?;
    if config.replace_recent_blockhash && config.sig_verify {
        return Err(RpcError::invalid_params("sigVerify may not be used with replaceRecentBlockhash"));
    }
    let context = RpcContextConfig { commitment: config.commitment, min_context_slot: config.min_context_slot };
    let bank = bank_for(&node.chain(), context)?;
    if config.replace_recent_blockhash {
        transaction.message.set_recent_blockhash(bank.blockhash());
    }
    sanitize(&transaction, &bank)?;
    if config.sig_verify && !is_signed(&transaction) {
        return Err(RpcError::signature_verification_failure());
    }
    let count = account_count(&transaction, &bank);
    let seen = was_processed(&node.chain(), &bank, &transaction);
    let tried = try_in(&bank, transaction, seen, config.inner_instructions);
    let accounts = config.accounts.map(|asked| accounts_after(&bank, &tried, &asked, count)).transpose()?;
    let replacement_blockhash = config.replace_recent_blockhash.then(|| latest_blockhash(&bank));
    with_context(&bank, RpcSimulateTransactionResult { accounts, replacement_blockhash, ..tried.result })
}

/// Whether a block up to this bank's has the transaction.
pub fn was_processed(chain: &Chain, bank: &Bank, transaction: &VersionedTransaction) -> bool {
    chain.ledger().by_message(&transaction.message.hash()).is_some_and(|record| record.height <= bank.height)
}

/// Tries a sanitised transaction in a bank.
pub fn try_in(bank: &Arc<Bank>, transaction: VersionedTransaction, seen: bool, with_inner: bool) -> Tried {
    let checked = bank.check_age(&transaction.message, MAX_AGE_TO_TRY);
    let checked = checked.and(if seen { Err(TransactionError::AlreadyProcessed) } else { Ok(()) });
    if let Err(err) = checked {
        let result = RpcSimulateTransactionResult { err: Some(err.clone().into()), ..nothing() };
        return Tried { result, err: Some(err), accounts: Vec::new() };
    }
    let tried = bank.simulate(transaction);
    let err = tried.result.err();
    let returned = Some(tried.meta.return_data).filter(|returned| !returned.data.is_empty());
    let inner = || inner_instructions(tried.meta.inner_instructions).into_iter().map(Into::into).collect();
    let result = RpcSimulateTransactionResult {
        err: err.clone().map(Into::into),
        logs: Some(tried.meta.logs),
        units_consumed: Some(tried.meta.compute_units_consumed),
        return_data: returned.map(Into::into),
        inner_instructions: with_inner.then(inner),
        fee: Some(tried.meta.fee),
        ..nothing()
    };
    let accounts = tried.accounts.into_iter().map(|(address, account)| (address, account.into())).collect();
    Tried { result, err, accounts }
}

fn nothing() -> RpcSimulateTransactionResult {
    RpcSimulateTransactionResult {
        err: None,
        logs: Some(Vec::new()),
        accounts: None,
        units_consumed: Some(0),
        loaded_accounts_data_size: None,
        return_data: None,
        inner_instructions: None,
        replacement_blockhash: None,
        fee: None,
        pre_balances: None,
        post_balances: None,
        pre_token_balances: None,
        post_token_balances: None,
        loaded_addresses: None,
    }
}

fn account_count(transaction: &VersionedTransaction, bank: &Bank) -> usize {
    let loaded = bank.loaded_addresses(&transaction.message).map_or(0, |loaded| loaded.len());
    transaction.message.static_account_keys().len() + loaded
}

fn accounts_after(
    bank: &Bank,
    tried: &Tried,
    asked: &RpcSimulateTransactionAccountsConfig,
    count: usize,
) -> Result<Vec<Option<UiAccount>>, RpcError> {
    let encoding = asked.encoding.unwrap_or(UiAccountEncoding::Base64);
    if matches!(encoding, UiAccountEncoding::Binary | UiAccountEncoding::Base58) {
        return Err(RpcError::invalid_params("base58 encoding not supported"));
    }
    if asked.addresses.len() > count {
        return Err(RpcError::invalid_params(format!("Too many accounts provided; max {count}")));
    }
    if tried.err.is_some() {
        return Ok(vec![None; asked.addresses.len()]);
    }
    let changed: HashMap<_, _> = tried.accounts.iter().map(|(address, account)| (*address, account)).collect();
    let of_address = |text: &String| {
        let address = address(text)?;
        let account =
            changed.get(&address).map(|account| (*account).clone()).or_else(|| bank.svm.get_account(&address));
        account.filter(|account| account.lamports > 0).map(|account| encode(&account, encoding, None)).transpose()
    };
    asked.addresses.iter().map(of_address).collect()
}
