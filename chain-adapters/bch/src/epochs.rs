//! What became of each epoch's UTXO: the batches that it paid.
//!
//! A used-up epoch leaves no output from which one could walk back, so its payments are looked for forwards: from the block
//! of the filing on, block by block, until nothing is left of it. Final batches are kept; an epoch that still holds pay is
//! asked for with one call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bitcoincash::{OutPoint, Script, Transaction, TxOut, Txid};
use liaise_chain_api::ChainError;
use liaise_summary::Payout;

use crate::link::{Link, Step};
use crate::rpc::Spends;
use crate::state::EpochPay;
use crate::thread::{Chain, Snapshot};

/// One paid batch.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) txid: Txid,
    pub(crate) height: u64,
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
    pub(crate) batches: Vec<Batch>,
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

/// Final batches by the filing's transaction.
pub(crate) type Paid = Mutex<BTreeMap<Txid, Arc<Vec<Batch>>>>;

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

    async fn batches(&self, snapshot: &Snapshot, link: &Link) -> Result<Vec<Batch>, ChainError> {
        let kept = self.paid.lock().expect("nobody panics while holding it").get(&link.txid).cloned();
        let mut thread =
            EpochThread { filed: 0, batches: kept.map_or_else(Vec::new, |kept| kept.as_ref().clone()), vetoed: false };
        let kept = thread.batches.len();
        let mut height = thread.batches.last().map_or(link.place.block.number, |batch| batch.height);
        let mut block = None;
        while let Some((outpoint, output)) = thread.left(link) {
            if self.endpoint.is_unspent(&outpoint).await?.is_some() {
                break;
            }
            let found = self.spender(&outpoint, height, snapshot.tip.blocks, &mut block).await?;
            let (txid, at) = found.ok_or_else(|| self.endpoint.nonsense("an epoch that is spent in no block"))?;
            let found = self.endpoint.transaction(&txid).await?;
            let tx = found.ok_or_else(|| self.endpoint.nonsense("a block with a transaction that is nowhere"))?.tx;
            let batch = self.read_batch(&tx, at, output);
            height = at;
            thread.batches.push(batch.map_err(|detail| self.endpoint.nonsense(detail))?);
        }
        let last_final = self.final_height(&snapshot.tip);
        let finals = thread.batches.iter().take_while(|batch| batch.height <= last_final).count();
        if finals > kept {
            let finals = Arc::new(thread.batches[..finals].to_vec());
            self.paid.lock().expect("nobody panics while holding it").insert(link.txid, finals);
        }
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
    ) -> Result<Option<(Txid, u64)>, ChainError> {
        for height in first..=last {
            let spends = match block.take().filter(|block| block.height == height) {
                Some(kept) => kept,
                None => self.endpoint.spends(height).await?,
            };
            let spends = block.insert(spends);
            if let Some(txid) = spends.spender(outpoint) {
                let txid = txid.parse().map_err(|_| self.endpoint.nonsense("a transaction id that is none"))?;
                return Ok(Some((txid, height)));
            }
        }
        Ok(None)
    }

    /// What a crank paid out of an epoch's UTXO.
    fn read_batch(&self, tx: &Transaction, height: u64, before: &TxOut) -> Result<Batch, &'static str> {
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
        Ok(Batch { txid: tx.compute_txid(), height, payouts, left })
    }
}

/// Whether the statement of a thread's transaction was vetoed later.
pub(crate) fn is_vetoed(links: &[Link], filed: usize) -> bool {
    let Some(digest) = links[filed].statement().map(|statement| statement.digest()) else { return false };
    links[filed..].iter().any(|link| link.step == Step::Vetoed { digest })
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
