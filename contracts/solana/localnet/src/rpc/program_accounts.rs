//! All accounts of a program that pass its filters.

use serde_json::json;
use solana_account::Account;
use solana_rpc_client_types::config::{RpcProgramAccountsConfig, UiAccountEncoding};
use solana_rpc_client_types::filter::RpcFilterType;
use solana_rpc_client_types::request::MAX_GET_PROGRAM_ACCOUNT_FILTERS;
use solana_rpc_client_types::response::RpcKeyedAccount;

use super::accounts::context;
use super::encode::account as encode;
use super::error::RpcError;
use super::{Answer, Params, bank_for, with_context};
use crate::chain::tokens;
use crate::node::Node;

/// `getProgramAccounts(program, config?)`
pub fn get_program_accounts(node: &Node, params: Params) -> Answer {
    let mut params = params.at_most(2)?;
    let program = params.address(0)?;
    let config: RpcProgramAccountsConfig = params.optional(1)?.unwrap_or_default();
    let filters = config.filters.unwrap_or_default();
    verify(&filters)?;
    let bank = bank_for(&node.chain(), context(&config.account_config))?;
    let encoding = config.account_config.encoding.unwrap_or(UiAccountEncoding::Binary);

    let mut found = bank.svm.get_program_accounts(&program);
    found.retain(|(_, account)| filters.iter().all(|filter| passes(filter, account)));
    // LiteSVM has no order of its own, and an answer should not depend on chance
    found.sort_unstable_by_key(|(address, _)| *address);
    let keyed = |(address, account): &(_, Account)| {
        let account = encode(account, encoding, config.account_config.data_slice)?;
        Ok(RpcKeyedAccount { pubkey: solana_address::Address::to_string(address), account })
    };
    let accounts = found.iter().map(keyed).collect::<Result<Vec<_>, RpcError>>()?;
    match config.with_context {
        Some(true) => with_context(&bank, accounts),
        _ => Ok(json!(accounts)),
    }
}

fn verify(filters: &[RpcFilterType]) -> Result<(), RpcError> {
    if filters.len() > MAX_GET_PROGRAM_ACCOUNT_FILTERS {
        let message = format!("Too many filters provided; max {MAX_GET_PROGRAM_ACCOUNT_FILTERS}");
        return Err(RpcError::invalid_params(message));
    }
    let verify_one = |filter: &RpcFilterType| filter.verify();
    filters
        .iter()
        .try_for_each(verify_one)
        .map_err(|error| RpcError::invalid_params(format!("Invalid param: {error:?}")))
}

fn passes(filter: &RpcFilterType, account: &Account) -> bool {
    match filter {
        RpcFilterType::DataSize(size) => account.data.len() as u64 == *size,
        RpcFilterType::Memcmp(compare) => compare.bytes_match(&account.data),
        RpcFilterType::TokenAccountState => tokens::unpack_account(&account.data).is_some(),
    }
}
