//! Writing to a distributor.

use async_trait::async_trait;
use bitcoincash::consensus::serialize;
use bitcoincash::{OutPoint, Transaction};
use liaise_chain_api::{
    Account, Action, ChainError, DeadReason, FeeLimit, Funds, Outcome, Prepared, Quote, ReadsAs, Refusal, Status,
    SubmissionId, Submitter,
};
use liaise_summary::BATCH_PAYOUTS;

use crate::account::{BchKeys, account_of_key};
use crate::coins::Coin;
use crate::config::BchConfig;
use crate::draft::{CHANGE_DUST, Coins};
use crate::epochs::veto_of;
use crate::plan::Planner;
use crate::prepared::{Held, Step, held, wrap};
use crate::quote::{self, Plan, fee_of};
use crate::reader::BchReader;
use crate::rpc::Sent;
use crate::said::Brought;
use crate::thread::Snapshot;

/// Bytes of a filing that ten of fifteen sign, about what the largest quorum takes.
const FILING_BYTES: u64 = 6_000;

/// Reads a distributor and writes to it with one submitter's keys.
#[derive(Debug)]
pub struct BchSubmitter {
    reader: BchReader,
    keys: BchKeys,
    account: Account,
}

impl BchSubmitter {
    /// Connects as [`BchReader::connect`] does.
    ///
    /// # Errors
    /// As there.
    pub async fn connect(config: BchConfig, keys: BchKeys) -> Result<Self, ChainError> {
        Ok(Self::of(BchReader::connect(config).await?, keys))
    }

    /// One that reads by this reader.
    pub(crate) fn of(reader: BchReader, keys: BchKeys) -> Self {
        let account = account_of_key(&reader.chain.config.chain, &keys.public());
        Self { reader, keys, account }
    }

    fn held(&self, prepared: &Prepared) -> Result<Held, ChainError> {
        held(prepared, &self.reader.chain.config.chain)
    }

    /// What an action asks of the covenants, over the newest block.
    async fn plan(&self, action: &Action, limit: FeeLimit, undecided: &[Prepared]) -> Result<Plan, ChainError> {
        let chain = &self.reader.chain;
        let undecided = undecided.iter().map(|prepared| self.held(prepared)).collect::<Result<Vec<_>, _>>()?;
        let inputs = undecided.iter().flat_map(|held| &held.tx.input);
        let taken: Vec<OutPoint> = inputs.map(|input| input.previous_output).collect();
        let snapshot = chain.snapshot().await?;
        let rate = chain.endpoint.relay_fee().await?;
        let spendable = limit.0.saturating_sub(u128::from(fee_of(rate, FILING_BYTES)));
        let (action, brought) = Brought::with(action);
        let planner = Planner {
            chain,
            snapshot: &snapshot,
            keys: &self.keys,
            action,
            brought,
            undecided: &undecided,
            lock_most: u64::try_from(spendable).unwrap_or(u64::MAX),
        };
        let (mut draft, step) = planner.plan().await?;
        if let (Step::Controller { .. }, Some(publication)) = (step, &chain.config.publication) {
            draft.outputs.push(publication.output());
        }
        if draft.inputs.iter().any(|input| taken.contains(&input.outpoint)) {
            return Err(ChainError::Refused { action: action.name(), refusal: Refusal::Busy });
        }
        Ok(Plan { tip: snapshot.tip, draft, step, taken, rate })
    }

    /// Adds coins and fee, signs, and says what it costs the account.
    async fn fund(&self, plan: &Plan, limit: FeeLimit) -> Result<(Transaction, u64), ChainError> {
        let chain = &self.reader.chain;
        let Plan { tip, draft, taken, rate, .. } = plan;
        let fee_of = |bytes: usize| fee_of(*rate, bytes as u64);
        let capped = |cost: u64| match u128::from(cost) {
            needed if needed > limit.0 => Err(ChainError::FeeTooHigh { needed, limit: limit.0 }),
            _ => Ok(cost),
        };
        if draft.coins == Coins::OneOrNone {
            let bare = draft.bare();
            if let Some(fee) = draft.brings().checked_sub(draft.takes())
                && fee >= fee_of(serialize(&bare).len())
            {
                return Ok((bare, capped(fee)?));
            }
        }
        let script = self.keys.script();
        // what leaves the account, fee and satoshis that the covenants keep together
        let cost_with = |coins: usize| {
            let needed = draft.takes().saturating_add(fee_of(draft.size(coins, &script)));
            needed.saturating_sub(draft.brings())
        };
        capped(cost_with(1))?;
        let free = chain.free_coins(tip, &script, taken).await?;
        let most = if draft.coins == Coins::Some { free.len() } else { 1 };
        let mut coins: Vec<Coin> = Vec::new();
        let mut has = 0u64;
        for unspent in free.iter().take(most) {
            let coin = chain.coin(unspent, &script).await?;
            has = has.saturating_add(coin.output.value.to_sat());
            coins.push(coin);
            let cost = cost_with(coins.len());
            if let Some(change) = has.checked_sub(cost).filter(|change| *change >= CHANGE_DUST) {
                let transaction = draft.with_coins(&coins, &self.keys, change);
                return Ok((transaction, capped(cost)?));
            }
        }
        let needed = u128::from(cost_with(coins.len().max(1))) + u128::from(CHANGE_DUST);
        Err(ChainError::Funds { account: self.account.clone(), has: u128::from(has), needed })
    }

    /// What the node says against a transaction that nothing here speaks against.
    async fn check(&self, action: &Action, transaction: &Transaction) -> Result<(), ChainError> {
        let Some(reason) = self.reader.chain.endpoint.objection(transaction).await? else { return Ok(()) };
        // what waits may die: it is no reason not to sign. Nor is that the same transaction is there already.
        if reason.contains("txn-mempool-conflict") || reason.contains("txn-already") {
            return Ok(());
        }
        let refusal = match reason.as_str() {
            reason if reason.contains("non-BIP68-final") => Refusal::Busy,
            reason if reason.contains("bad-txns-nonfinal") => Refusal::NotEnded,
            // spent by what waits, where a node words it so
            reason if reason.contains("missing-inputs") || reason.contains("bad-txns-inputs-missingorspent") => {
                return Ok(());
            }
            reason => Refusal::Other(format!("the node says {reason}")),
        };
        Err(ChainError::Refused { action: action.name(), refusal })
    }

    /// Whether a transaction's inputs are spent in the chain already, by whatever.
    async fn is_late(&self, held: &Held) -> Result<bool, ChainError> {
        let endpoint = &self.reader.chain.endpoint;
        for input in &held.tx.input {
            let outpoint = &input.previous_output;
            if endpoint.is_unspent(outpoint).await?.is_none() {
                let made = endpoint.transaction(&outpoint.txid).await?;
                if made.is_some_and(|made| made.block.is_some()) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The transaction of the final blocks that took this one's place.
    async fn taken_by(&self, snapshot: &Snapshot, held: &Held) -> Result<Option<SubmissionId>, ChainError> {
        let chain = &self.reader.chain;
        let last_final = chain.final_height(&snapshot.tip);
        let id = held.tx.compute_txid();
        let links = &snapshot.links;
        let covenant = held.tx.input[0].previous_output;
        let final_link = |at: usize| links.get(at).filter(|link| link.place.block.number <= last_final);
        let rival = match held.step {
            Step::Controller { after } => {
                let parent = final_link(after).filter(|link| link.outpoint() != covenant);
                final_link(after + 1).or(parent).map(|link| link.txid)
            }
            Step::Epoch { filed, batch } => {
                let epochs = chain.epochs(snapshot).await?;
                let batches =
                    epochs.iter().find(|thread| thread.filed == filed).map_or(&[][..], |thread| &thread.batches);
                let paid = |at: u32| {
                    let paid = batches.get(at as usize).filter(|paid| paid.height <= last_final);
                    paid.map(|paid| paid.txid)
                };
                // what the batch before should be, or the filing
                let parent = match batch.checked_sub(1) {
                    Some(before) => paid(before),
                    None => final_link(filed).map(|link| link.txid),
                };
                let veto = veto_of(links, filed).filter(|link| link.place.block.number <= last_final);
                let other = parent.filter(|parent| *parent != covenant.txid);
                paid(batch).or(other).or(veto.map(|link| link.txid))
            }
        };
        if let Some(rival) = rival.filter(|rival| *rival != id) {
            return Ok(Some(SubmissionId(rival.to_string())));
        }
        for input in held.tx.input.iter().skip(1) {
            let outpoint = &input.previous_output;
            if chain.endpoint.is_unspent(outpoint).await?.is_some() {
                continue;
            }
            let spender = chain.spender(outpoint, held.since + 1, last_final, &mut None).await?;
            if let Some((spender, _)) = spender.filter(|(spender, _)| *spender != id) {
                return Ok(Some(SubmissionId(spender.to_string())));
            }
        }
        Ok(None)
    }
}

impl ReadsAs for BchSubmitter {
    type Reader = BchReader;

    fn reader(&self) -> &BchReader {
        &self.reader
    }
}

#[async_trait]
impl Submitter for BchSubmitter {
    fn account(&self) -> &Account {
        &self.account
    }

    async fn balance(&self) -> Result<u128, ChainError> {
        self.reader.chain.tip().await?;
        let coins = self.reader.chain.coins(&self.keys.script()).await?;
        Ok(coins.iter().map(|coin| u128::from(coin.sats)).sum())
    }

    async fn funds(&self) -> Result<Funds, ChainError> {
        let rate = self.reader.chain.endpoint.relay_fee().await?;
        let config = &self.reader.chain.config;
        // how many will be paid is not known yet: as many as fill a batch
        let batch = config.terms.payout.batch_sats(BATCH_PAYOUTS);
        let locked = config.epoch_sats.map_or(batch, |most| most.min(batch));
        let filing = u128::from(fee_of(rate, FILING_BYTES).saturating_add(locked));
        Ok(Funds { account: self.account.clone(), has: self.balance().await?, filing })
    }

    async fn prepare(&self, action: &Action, fee: FeeLimit, undecided: &[Prepared]) -> Result<Prepared, ChainError> {
        let chain = &self.reader.chain;
        let plan = self.plan(action, fee, undecided).await?;
        let (tx, cost) = self.fund(&plan, fee).await?;
        self.check(action, &tx).await?;
        let since = chain.final_height(&plan.tip);
        Ok(wrap(&chain.config.chain, &Held { tx, step: plan.step, since }, cost))
    }

    async fn quote(&self, action: &Action, fee: FeeLimit, undecided: &[Prepared]) -> Result<Quote, ChainError> {
        let plan = self.plan(action, fee, undecided).await?;
        // what it costs is known before there are coins: whoever has none yet learns how many to send
        let paid = match self.fund(&plan, fee).await {
            Ok((tx, _)) => {
                self.check(action, &tx).await?;
                Some(tx)
            }
            Err(ChainError::Funds { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(quote::of(action, &plan, paid.as_ref(), &self.keys.script(), &self.reader.chain.config.terms.payout))
    }

    async fn broadcast(&self, prepared: &Prepared) -> Result<(), ChainError> {
        let held = self.held(prepared)?;
        let chain = &self.reader.chain;
        chain.tip().await?;
        let detail = match chain.endpoint.send(&serialize(&held.tx)).await? {
            Sent::Taken => return Ok(()),
            Sent::Missing => "missing inputs".to_owned(),
            Sent::Refused(reason) => reason,
        };
        // nodes word what they have or no longer take in their own ways: ask for the facts instead
        if chain.endpoint.transaction(&held.tx.compute_txid()).await?.is_some() || self.is_late(&held).await? {
            return Ok(());
        }
        Err(ChainError::Rejected { endpoint: chain.endpoint.shown().to_owned(), detail })
    }

    async fn status(&self, prepared: &Prepared) -> Result<Status, ChainError> {
        let held = self.held(prepared)?;
        let chain = &self.reader.chain;
        let tip = chain.tip().await?;
        if let Some(found) = chain.endpoint.transaction(&held.tx.compute_txid()).await? {
            let Some(hash) = found.block else { return Ok(Status::Pending) };
            let Some(place) = chain.place(&hash).await? else { return Ok(Status::Unseen) };
            let (block, outcome) = (place.block, Outcome::Succeeded);
            if block.number > chain.final_height(&tip) {
                return Ok(Status::Included { block, outcome });
            }
            // it costs what was signed, to the satoshi
            return Ok(Status::Final { block, outcome, fee_paid: prepared.fee_max.0 });
        }
        let snapshot = chain.snapshot().await?;
        match self.taken_by(&snapshot, &held).await? {
            Some(by) => {
                chain.tip().await?;
                Ok(Status::Dead { reason: DeadReason::InputSpent { by } })
            }
            None => Ok(Status::Unseen),
        }
    }
}
