//! Accounts by address.

use serde_json::json;
use solana_rpc_client_types::config::{CommitmentConfig, RpcAccountInfoConfig, RpcContextConfig, UiAccountEncoding};
use solana_rpc_client_types::request::MAX_MULTIPLE_ACCOUNTS;

use super::encode::account as encode;
use super::error::RpcError;
use super::params::address;
use super::{Answer, Params, bank_for, level, with_context};
use crate::chain::tokens;
use crate::node::Node;

/// The largest account, in bytes.
const MAX_DATA_LEN: usize = 10 * 1024 * 1024;

/// `getBalance(address, config?)`
pub fn get_balance(node: &Node, params: Params) -> Answer {
    let mut params = params.at_most(2)?;
    let address = params.address(0)?;
    let bank = bank_for(&node.chain(), params.optional(1)?.unwrap_or_default())?;
    with_context(&bank, bank.svm.get_balance(&address).unwrap_or(0))
}

/// `getAccountInfo(address, config?)`
pub fn get_account_info(node: &Node, params: Params) -> Answer {
    let mut params = params.at_most(2)?;
    let address = params.address(0)?;
    let config: RpcAccountInfoConfig = params.optional(1)?.unwrap_or_default();
    let bank = bank_for(&node.chain(), context(&config))?;
    let encoding = config.encoding.unwrap_or(UiAccountEncoding::Binary);
    let account = bank.svm.get_account(&address);
    with_context(&bank, account.map(|account| encode(&account, encoding, config.data_slice)).transpose()?)
}

/// `getMultipleAccounts(addresses, config?)`
pub fn get_multiple_accounts(node: &Node, params: Params) -> Answer {
    let mut params = params.at_most(2)?;
    let addresses: Vec<String> = params.required(0)?;
    if addresses.len() > MAX_MULTIPLE_ACCOUNTS {
        return Err(RpcError::invalid_params(format!("Too many inputs provided; max {MAX_MULTIPLE_ACCOUNTS}")));
    }
    let config: RpcAccountInfoConfig = params.optional(1)?.unwrap_or_default();
    let bank = bank_for(&node.chain(), context(&config))?;
    let encoding = config.encoding.unwrap_or(UiAccountEncoding::Base64);
    let of_address = |text: &String| {
        let account = bank.svm.get_account(&address(text)?);
        account.map(|account| encode(&account, encoding, config.data_slice)).transpose()
    };
    with_context(&bank, addresses.iter().map(of_address).collect::<Result<Vec<_>, _>>()?)
}

/// `getTokenAccountBalance(address, commitment?)`
pub fn get_token_account_balance(node: &Node, params: Params) -> Answer {
    let mut params = params.at_most(2)?;
    let address = params.address(0)?;
    let bank = node.chain().bank_at(level(params.optional(1)?));
    let account = bank.svm.get_account(&address);
    let account = account.ok_or_else(|| RpcError::invalid_params("Invalid param: could not find account"))?;
    let token = tokens::token_account(&account)
        .ok_or_else(|| RpcError::invalid_params("Invalid param: not a Token account"))?;
    let mint = bank.svm.get_account(&token.mint);
    let mint = mint.ok_or_else(|| RpcError::invalid_params("Invalid param: could not find mint"))?;
    let decimals = tokens::mint_decimals(&mint)
        .ok_or_else(|| RpcError::invalid_params("Invalid param: Token mint could not be unpacked"))?;
    with_context(&bank, tokens::ui_amount(token.amount, decimals))
}

/// `getMinimumBalanceForRentExemption(length, commitment?)`
pub fn get_minimum_balance_for_rent_exemption(node: &Node, params: Params) -> Answer {
    let mut params = params.at_most(2)?;
    let length: usize = params.required(0)?;
    let commitment: Option<CommitmentConfig> = params.optional(1)?;
    if length > MAX_DATA_LEN {
        return Err(RpcError::invalid_request());
    }
    let bank = node.chain().bank_at(level(commitment));
    Ok(json!(bank.svm.minimum_balance_for_rent_exemption(length)))
}

/// The part of an account's configuration that says from which bank.
pub fn context(config: &RpcAccountInfoConfig) -> RpcContextConfig {
    RpcContextConfig { commitment: config.commitment, min_context_slot: config.min_context_slot }
}
