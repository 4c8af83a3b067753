//! What became of each epoch's UTXO: the batches that it paid.
//!
//! A used-up epoch leaves no output from which one could walk back, so its payments are looked for forwards: from the block
//! of the filing on, or the last one where it was seen unspent, block by block, until nothing is left of it. What was found is
//! kept while its block is part of the chain, some thirty bytes a payout; an epoch that still holds pay is asked for with one
//! call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bitcoincash::{OutPoint, Script, Transaction, TxOut, Txid};
use liaise_chain_api::ChainError;
use liaise_summary::Payout;

use crate::link::{Link, Step};
use crate::rpc::Spends;
use crate::state::EpochPay;
use crate::thread::{Chain, Snapshot};

/// Where a transaction is.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) height: u64,
    pub(crate) block: String,
}

/// One paid batch.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) txid: Txid,
    pub(crate) height: u64,
    /// Hash of the block that holds it.
    block: String,
    pub(crate) payouts: Vec<Payout>,
    /// What is left of the epoch.
    pub(crate) left: Option<TxOut>,
}

/// An epoch's UTXO from its filing on.
#[derive(Clone, Debug)]
pub(crate) struct EpochThread {
    /// Its filing, as the number of the thread's transaction.
    pub(crate) filed: usize,
    /// In order, the first with number 0.
    pub(crate) batches: Vec<Arc<Batch>>,
    /// Whether a veto took it back.
    pub(crate) vetoed: bool,
}

impl EpochThread {
    /// What is unspent of it after the first `count` batches.
    fn left_after<'a>(&'a self, link: &'a Link, count: usize) -> Option<(OutPoint, &'a TxOut)> {
        match self.batches[..count].last() {
            None => link.epoch_output.as_ref().map(|output| (link.epoch_outpoint(), output)),
            Some(batch) => batch.left.as_ref().map(|output| (OutPoint { txid: batch.txid, vout: 0 }, output)),
        }
    }

    /// What is unspent of it now.
    pub(crate) fn left<'a>(&'a self, link: &'a Link) -> Option<(OutPoint, &'a TxOut)> {
        if self.vetoed { None } else { self.left_after(link, self.batches.len()) }
    }

    /// What was left of it after the block of this height.
    pub(crate) fn left_at<'a>(&'a self, link: &'a Link, height: u64) -> Option<&'a TxOut> {
        let count = self.batches.iter().take_while(|batch| batch.height <= height).count();
        self.left_after(link, count).map(|(_, output)| output)
    }
}

/// What is known of an epoch's payments.
#[derive(Clone, Debug, Default)]
struct Known {
    batches: Vec<Arc<Batch>>,
    /// An output that was unspent up to the block of this height.
    unspent: Option<(OutPoint, u64)>,
}

/// What is known of each epoch's payments, by the filing's transaction.
#[derive(Debug, Default)]
pub(crate) struct Paid(Mutex<BTreeMap<Txid, Known>>);

impl Paid {
    fn of(&self, filing: &Txid) -> Known {
        self.0.lock().expect("nobody panics while holding it").get(filing).cloned().unwrap_or_default()
    }

    fn keep(&self, filing: Txid, known: Known) {
        self.0.lock().expect("nobody panics while holding it").insert(filing, known);
    }
}

impl Chain {
    /// Every epoch of the thread that pays something, in the order of their filing.
    pub(crate) async fn epochs(&self, snapshot: &Snapshot) -> Result<Vec<EpochThread>, ChainError> {
        let mut epochs = Vec::new();
        for (filed, link) in snapshot.links.iter().enumerate().filter(|(_, link)| link.epoch_output.is_some()) {
            let vetoed = is_vetoed(&snapshot.links, filed);
            let batches = if vetoed { Vec::new() } else { self.batches(snapshot, link).await? };
            epochs.push(EpochThread { filed, batches, vetoed });
        }
        Ok(epochs)
    }

    async fn batches(&self, snapshot: &Snapshot, link: &Link) -> Result<Vec<Arc<Batch>>, ChainError> {
        let Known { mut batches, unspent } = self.paid.of(&link.txid);
        let last_final = self.final_height(&snapshot.tip);
        while let Some(last) = batches.last()
            && last.height > last_final
            && self.endpoint.header(&last.block).await?.is_none()
        {
            batches.pop();
        }
        let mut thread = EpochThread { filed: 0, batches, vetoed: false };
        let mut block = None;
        let mut now_unspent = None;
        while let Some((outpoint, output)) = thread.left(link) {
            if self.endpoint.is_unspent(&outpoint).await?.is_some() {
                now_unspent = Some((outpoint, snapshot.tip.blocks));
                break;
            }
            let made = thread.batches.last().map_or(link.place.block.number, |batch| batch.height);
            // it was unspent in a block that may be gone, and then not in a final one before it
            let seen = unspent.filter(|(seen, _)| *seen == outpoint).map_or(0, |(_, height)| height);
            let first = made.max(seen.saturating_sub(self.config.depth));
            let found = self.spender(&outpoint, first, snapshot.tip.blocks, &mut block).await?;
            let (txid, at) = found.ok_or_else(|| self.endpoint.nonsense("an epoch that is spent in no block"))?;
            let found = self.endpoint.transaction(&txid).await?;
            let tx = found.ok_or_else(|| self.endpoint.nonsense("a block with a transaction that is nowhere"))?.tx;
            let batch = self.read_batch(&tx, at, output).map_err(|detail| self.endpoint.nonsense(detail))?;
            thread.batches.push(Arc::new(batch));
        }
        let known = Known { batches: thread.batches.clone(), unspent: now_unspent };
        self.paid.keep(link.txid, known);
        Ok(thread.batches)
    }

    /// The transaction of the blocks from `first` to `last` that spends an output, with its height. `block` keeps the last
    /// block that was read, for whoever goes on there. Two calls a block.
    pub(crate) async fn spender(
        &self,
        outpoint: &OutPoint,
        first: u64,
        last: u64,
        block: &mut Option<Spends>,
    ) -> Result<Option<(Txid, Placed)>, ChainError> {
        for height in first..=last {
            let spends = match block.take().filter(|block| block.height == height) {
                Some(kept) => kept,
                None => self.endpoint.spends(height).await?,
            };
            let spends = block.insert(spends);
            if let Some(txid) = spends.spender(outpoint) {
                let txid = txid.parse().map_err(|_| self.endpoint.nonsense("a transaction id that is none"))?;
                return Ok(Some((txid, Placed { height, block: spends.hash.clone() })));
            }
        }
        Ok(None)
    }

    /// What a crank paid out of an epoch's UTXO.
    pub(crate) fn read_batch(&self, tx: &Transaction, at: Placed, before: &TxOut) -> Result<Batch, &'static str> {
        let category = self.config.category();
        let stays = |output: &TxOut| {
            output.script_pubkey == before.script_pubkey && output.token.as_ref().is_some_and(|token| token.has_nft())
        };
        let left = tx.output.first().filter(|output| stays(output)).cloned();
        let mut payouts = Vec::new();
        let mut paid = 0u64;
        for output in &tx.output[usize::from(left.is_some())..] {
            let Some(token) = output.token.as_ref().filter(|token| token.id == category) else { continue };
            let amount = u64::try_from(token.amount.to_int()).map_err(|_| "a payout of less than nothing")?;
            let pubkey_hash = key_hash(&output.script_pubkey).ok_or("a payout to no key")?;
            paid = paid.checked_add(amount).ok_or("payouts beyond 64 bits")?;
            payouts.push(Payout { pubkey_hash, amount });
        }
        let rest = left.as_ref().map_or(0, amount_of);
        if paid.checked_add(rest) != Some(amount_of(before)) {
            return Err("a batch whose payouts and rest are not what the epoch had");
        }
        Ok(Batch { txid: tx.compute_txid(), height: at.height, block: at.block, payouts, left })
    }
}

/// Whether the statement of a thread's transaction was vetoed later.
pub(crate) fn is_vetoed(links: &[Link], filed: usize) -> bool {
    veto_of(links, filed).is_some()
}

/// The veto of the statement of a thread's transaction.
pub(crate) fn veto_of(links: &[Link], filed: usize) -> Option<&Link> {
    let digest = links.get(filed)?.statement()?.digest();
    links[filed..].iter().find(|link| link.step == Step::Vetoed { digest })
}

/// Base units in an output.
pub(crate) fn amount_of(output: &TxOut) -> u64 {
    output.token.as_ref().map_or(0, |token| token.amount.to_int().unsigned_abs())
}

/// What an epoch's output says of itself.
pub(crate) fn pay_of(output: &TxOut) -> Option<EpochPay> {
    EpochPay::decode(&output.token.as_ref()?.commitment)
}

/// The key hash of a P2PKH script.
fn key_hash(script: &Script) -> Option<[u8; 20]> {
    script.is_p2pkh().then(|| script.as_bytes()[3..23].try_into().expect("twenty bytes"))
}
