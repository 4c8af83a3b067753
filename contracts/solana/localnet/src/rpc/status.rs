//! What became of transactions.

use solana_commitment_config::CommitmentLevel;
use solana_rpc_client_types::config::RpcSignatureStatusConfig;
use solana_rpc_client_types::request::MAX_GET_SIGNATURE_STATUSES_QUERY_ITEMS;
use solana_signature::Signature;
use solana_transaction_status_client_types::TransactionStatus;

use super::error::RpcError;
use super::params::signature;
use super::{Answer, Params, with_context};
use crate::chain::Chain;
use crate::node::Node;

/// How many blocks the statuses cover that are at hand without a search.
const AT_HAND: u64 = 300;

/// `getSignatureStatuses(signatures, config?)`
pub fn get_signature_statuses(node: &Node, params: Params) -> Answer {
    let mut params = params.at_most(2)?;
    let texts: Vec<String> = params.required(0)?;
    let config: Option<RpcSignatureStatusConfig> = params.optional(1)?;
    if texts.len() > MAX_GET_SIGNATURE_STATUSES_QUERY_ITEMS {
        let message = format!("Too many inputs provided; max {MAX_GET_SIGNATURE_STATUSES_QUERY_ITEMS}");
        return Err(RpcError::invalid_params(message));
    }
    let signatures = texts.iter().map(|text| signature(text)).collect::<Result<Vec<_>, _>>()?;
    let search = config.is_some_and(|config| config.search_transaction_history);
    let chain = node.chain();
    let bank = chain.bank_at(CommitmentLevel::Processed);
    let statuses: Vec<_> = signatures.iter().map(|signature| status(&chain, signature, search)).collect();
    with_context(&bank, statuses)
}

fn status(chain: &Chain, signature: &Signature, search: bool) -> Option<TransactionStatus> {
    let record = chain.ledger().by_signature(signature)?;
    let newest = chain.height_at(CommitmentLevel::Processed);
    let at_hand = record.height + AT_HAND >= newest;
    chain.status_of(record).filter(|_| at_hand || search)
}
