//! Puts a distributor on a chain: one transaction, after which nobody holds a right.
//!
//! It spends output 0 of a transaction, whose id becomes the category, and gives the whole supply with the only minting NFT to
//! the controller. Where the account has no coin that is an output 0, one is made first.

use bitcoincash::consensus::serialize;
use bitcoincash::hashes::Hash;
use bitcoincash::token::Capability;
use bitcoincash::{Amount, Transaction, TxOut};
use liaise_chain_api::{ChainError, ChainId, FeeLimit};
use liaise_summary::{DistributorId, Hash32, sha256};

use crate::account::{BchKeys, account_of_key};
use crate::coins::Coin;
use crate::config::{BchConfig, Founders};
use crate::draft::{CHANGE_DUST, Coins, Draft, tokens};
use crate::rpc::Sent;
use crate::state::Controller;
use crate::terms::Terms;
use crate::thread::Chain;

/// What a distributor is built with.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The chain.
    pub chain: ChainId,
    /// The node, as [`BchConfig::endpoint`].
    pub endpoint: String,
    /// Constructor values.
    pub terms: Terms,
    /// Who decides at first.
    pub founders: Founders,
}

/// What stands on the chain once the transaction is in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// The category in the order that Script pushes: what statements name.
    pub distributor: DistributorId,
    /// The controller's address.
    pub address: String,
    /// The genesis transaction, as nodes print its id.
    pub transaction: String,
    /// SHA-256 of the controller's redeem script: what a `distributor` decree names.
    pub code_hash: Hash32,
}

/// Signs and sends the genesis of what `plan` says; it counts once a block holds it, which
/// [`BchReader::connect`](crate::BchReader::connect) tells.
///
/// `fee` limits what leaves the account: fee and the controller's satoshis. Sent twice it makes two distributors; what was
/// sent stays sent.
///
/// # Errors
/// [`ChainError::Input`] for a plan that makes no sense, [`ChainError::FeeTooHigh`], [`ChainError::Funds`],
/// [`ChainError::Rejected`], [`ChainError::Unreachable`], [`ChainError::WrongChain`].
pub async fn deploy(plan: &Plan, keys: &BchKeys, fee: FeeLimit) -> Result<Deployed, ChainError> {
    let config =
        BchConfig::new(plan.chain.clone(), &plan.endpoint, DistributorId::ZERO, plan.terms, plan.founders.clone());
    let chain = Chain::new(config.clone())?;
    chain.tip().await?;
    let coin = origin(&chain, keys, fee).await?;
    let distributor = DistributorId(coin.outpoint.txid.to_byte_array());
    let config = BchConfig { distributor, ..config };
    let supply = plan.terms.schedule.emission.supply;
    let nft = (Capability::Minting, Controller::unopened(plan.founders.keys()).encode());
    let controller = TxOut {
        value: Amount::from_sat(plan.terms.floor_sats),
        script_pubkey: chain.covenants.controller.locking(),
        token: Some(tokens(config.category(), supply, Some(nft))),
    };
    let draft = Draft { inputs: vec![], outputs: vec![controller], lock_time: 0, coins: Coins::One };
    let tx = paid(&chain, keys, &draft, coin, fee).await?;
    send(&chain, &tx).await?;
    Ok(Deployed {
        distributor,
        address: config.address(),
        transaction: tx.compute_txid().to_string(),
        code_hash: sha256(&[chain.covenants.controller.redeem()]),
    })
}

/// A coin that is an output 0; one is made where there is none.
async fn origin(chain: &Chain, keys: &BchKeys, fee: FeeLimit) -> Result<Coin, ChainError> {
    let script = keys.script();
    let coins = chain.coins(&script).await?;
    let nothing = || ChainError::Funds {
        account: account_of_key(&chain.config.chain, &keys.public()),
        has: 0,
        needed: u128::from(chain.config.terms.floor_sats),
    };
    if let Some(first) = coins.iter().find(|coin| coin.outpoint.vout == 0) {
        return chain.coin(first, &script).await;
    }
    let coin = chain.coin(coins.first().ok_or_else(nothing)?, &script).await?;
    let draft = Draft { inputs: vec![], outputs: vec![], lock_time: 0, coins: Coins::One };
    let tx = paid(chain, keys, &draft, coin, fee).await?;
    send(chain, &tx).await?;
    let outpoint = bitcoincash::OutPoint { txid: tx.compute_txid(), vout: 0 };
    Ok(Coin { outpoint, output: tx.output[0].clone() })
}

/// A draft paid with one coin.
async fn paid(
    chain: &Chain,
    keys: &BchKeys,
    draft: &Draft,
    coin: Coin,
    limit: FeeLimit,
) -> Result<Transaction, ChainError> {
    let rate = chain.endpoint.relay_fee().await?;
    let fee = (draft.size(1, &keys.script()) as u64).saturating_mul(rate).div_ceil(1000);
    let cost = draft.takes().saturating_add(fee);
    if u128::from(cost) > limit.0 {
        return Err(ChainError::FeeTooHigh { needed: u128::from(cost), limit: limit.0 });
    }
    let has = coin.output.value.to_sat();
    let change = has.checked_sub(cost).filter(|change| *change >= CHANGE_DUST);
    let change = change.ok_or_else(|| ChainError::Funds {
        account: account_of_key(&chain.config.chain, &keys.public()),
        has: u128::from(has),
        needed: u128::from(cost) + u128::from(CHANGE_DUST),
    })?;
    Ok(draft.with_coins(&[coin], keys, change))
}

async fn send(chain: &Chain, tx: &Transaction) -> Result<(), ChainError> {
    let detail = match chain.endpoint.send(&serialize(tx)).await? {
        Sent::Taken => return Ok(()),
        Sent::Missing => "missing inputs".to_owned(),
        Sent::Refused(reason) => reason,
    };
    Err(ChainError::Rejected { endpoint: chain.endpoint.shown().to_owned(), detail })
}
