//! Puts a distributor on a chain: one transaction, after which nobody holds a right.
//!
//! It spends output 0 of a transaction, whose id becomes the category, and gives the whole supply with the only minting NFT to
//! the controller. Where the account has no coin that is an output 0 and holds enough, one is made first.

use bitcoincash::consensus::serialize;
use bitcoincash::hashes::Hash;
use bitcoincash::token::Capability;
use bitcoincash::{Amount, OutPoint, Transaction, TxOut};
use liaise_chain_api::{ChainError, ChainId, FeeLimit};
use liaise_summary::{DistributorId, Hash32, sha256};

use crate::account::{BchKeys, account_of_key};
use crate::coins::Coin;
use crate::config::{BchConfig, Founders};
use crate::draft::{CHANGE_DUST, Coins, Draft, tokens};
use crate::metadata::{Publication, registry, registry_hash};
use crate::quote::fee_of;
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
    /// Where the token's registry will be had, as [`Publication::new`] takes it; it is published by its hash also without any.
    pub uris: Vec<String>,
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
    /// The token's metadata registry, to be put where the URIs say.
    pub registry: String,
    /// What the genesis publishes of it, for the controller's later transactions to repeat.
    pub publication: Publication,
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
    let payer = Payer { chain: &chain, keys, limit: fee, rate: chain.endpoint.relay_fee().await? };
    // the category has no say in how long it is
    let (any, _) = genesis(&config, &chain, plan)?;
    let coin = payer.origin(payer.needs(&any, 1)).await?;
    let distributor = DistributorId(coin.outpoint.txid.to_byte_array());
    let config = BchConfig { distributor, ..config };
    let (draft, (registry, publication)) = genesis(&config, &chain, plan)?;
    let tx = payer.paid(&draft, &[coin])?;
    send(&chain, &tx).await?;
    Ok(Deployed {
        distributor,
        address: config.address(),
        transaction: tx.compute_txid().to_string(),
        code_hash: sha256(&[chain.covenants.controller.redeem()]),
        registry,
        publication,
    })
}

/// The controller with the whole supply, and the registry that it publishes.
fn genesis(config: &BchConfig, chain: &Chain, plan: &Plan) -> Result<(Draft, (String, Publication)), ChainError> {
    let supply = plan.terms.schedule.emission.supply;
    let nft = (Capability::Minting, Controller::unopened(plan.founders.keys()).encode());
    let controller = TxOut {
        value: Amount::from_sat(plan.terms.floor_sats),
        script_pubkey: chain.covenants.controller.locking(),
        token: Some(tokens(config.category(), supply, Some(nft))),
    };
    let registry = registry(config.distributor, plan.terms.schedule.genesis_s);
    let publication = Publication::new(registry_hash(&registry), plan.uris.clone())?;
    let outputs = vec![controller, publication.output()];
    Ok((Draft { inputs: vec![], outputs, lock_time: 0, coins: Coins::One }, (registry, publication)))
}

/// Who pays, and how much at most.
struct Payer<'a> {
    chain: &'a Chain,
    keys: &'a BchKeys,
    limit: FeeLimit,
    /// Satoshis for 1 000 bytes that the node relays for.
    rate: u64,
}

impl Payer<'_> {
    /// What a draft takes, fee and all.
    fn cost(&self, draft: &Draft, coins: usize) -> u64 {
        let bytes = draft.size(coins, &self.keys.script()) as u64;
        draft.takes().saturating_add(fee_of(self.rate, bytes))
    }

    /// The least that coins must hold together to pay a draft.
    fn needs(&self, draft: &Draft, coins: usize) -> u64 {
        self.cost(draft, coins).saturating_add(CHANGE_DUST)
    }

    /// A coin of at least `needed` that is an output 0. Where there is none it is made of the largest others, as many as it takes.
    async fn origin(&self, needed: u64) -> Result<Coin, ChainError> {
        let script = self.keys.script();
        let free = self.chain.coins(&script).await?;
        if let Some(first) = free.iter().find(|coin| coin.outpoint.vout == 0 && coin.sats >= needed) {
            return self.chain.coin(first, &script).await;
        }
        let draft = Draft { inputs: vec![], outputs: vec![], lock_time: 0, coins: Coins::Some };
        let mut coins = Vec::new();
        let mut has = 0u64;
        for unspent in &free {
            coins.push(self.chain.coin(unspent, &script).await?);
            has = has.saturating_add(unspent.sats);
            if has >= needed.saturating_add(self.cost(&draft, coins.len())) {
                break;
            }
        }
        let needed = needed.saturating_add(self.cost(&draft, coins.len().max(1)));
        if has < needed {
            return Err(self.funds(has, needed));
        }
        let tx = self.paid(&draft, &coins)?;
        send(self.chain, &tx).await?;
        let outpoint = OutPoint { txid: tx.compute_txid(), vout: 0 };
        Ok(Coin { outpoint, output: tx.output[0].clone() })
    }

    /// A draft paid with coins.
    fn paid(&self, draft: &Draft, coins: &[Coin]) -> Result<Transaction, ChainError> {
        let cost = self.cost(draft, coins.len());
        if u128::from(cost) > self.limit.0 {
            return Err(ChainError::FeeTooHigh { needed: u128::from(cost), limit: self.limit.0 });
        }
        let has = coins.iter().map(|coin| coin.output.value.to_sat()).fold(0u64, u64::saturating_add);
        let change = has.checked_sub(cost).filter(|change| *change >= CHANGE_DUST);
        let change = change.ok_or_else(|| self.funds(has, self.needs(draft, coins.len())))?;
        Ok(draft.with_coins(coins, self.keys, change))
    }

    fn funds(&self, has: u64, needed: u64) -> ChainError {
        let account = account_of_key(&self.chain.config.chain, &self.keys.public());
        ChainError::Funds { account, has: u128::from(has), needed: u128::from(needed) }
    }
}

async fn send(chain: &Chain, tx: &Transaction) -> Result<(), ChainError> {
    let detail = match chain.endpoint.send(&serialize(tx)).await? {
        Sent::Taken => return Ok(()),
        Sent::Missing => "missing inputs".to_owned(),
        Sent::Refused(reason) => reason,
    };
    Err(ChainError::Rejected { endpoint: chain.endpoint.shown().to_owned(), detail })
}
