//! Paying the next batch of an epoch.

use bitcoincash::{Amount, OutPoint, TxOut};
use liaise_chain_api::{ChainError, Refusal};
use liaise_summary::batch::batch_node;
use liaise_summary::{Epoch, Payout, Proof};

use crate::account::pay_to;
use crate::covenant::Value;
use crate::draft::{Coins, Draft, Spending, relative, tokens};
use crate::epochs::{amount_of, is_vetoed, pay_of};
use crate::plan::{Planned, Planner};
use crate::prepared::Step;
use crate::reader::epoch_payable_s;
use crate::state::EpochPay;

impl Planner<'_> {
    /// The payment of a batch of the epoch whose root its proof leads to.
    pub(crate) async fn crank(&self, epoch: Epoch, payouts: &[Payout], proof: &Proof) -> Result<Planned, ChainError> {
        let unproved = || self.refused(Refusal::Proof);
        let leaf = batch_node(epoch, proof.index, payouts).map_err(|_| unproved())?;
        let root = proof.root(&leaf).map_err(|_| unproved())?;
        let links = &self.snapshot.links;
        let filed = links.iter().enumerate().rev().find(|(i, link)| {
            let pay = link.epoch_output.as_ref().and_then(pay_of);
            pay.is_some_and(|pay| (pay.epoch, pay.root) == (epoch, root)) && !is_vetoed(links, *i)
        });
        let (filed, link) = filed.ok_or_else(unproved)?;
        let epochs = self.chain.epochs(self.snapshot).await?;
        let thread = epochs.iter().find(|thread| thread.filed == filed).ok_or_else(unproved)?;
        let (outpoint, output) = self.newest_left(thread.left(link)).ok_or_else(unproved)?;
        let pay = pay_of(output).filter(|pay| pay.batch == proof.index).ok_or_else(unproved)?;
        if pay.batch == 0 && self.snapshot.at.time_s < epoch_payable_s(link, &self.chain.config) {
            return Err(unproved());
        }
        let draft = self.batch_draft((outpoint, output), &pay, payouts, proof).ok_or_else(unproved)?;
        Ok((draft, Step::Epoch { filed, batch: pay.batch }))
    }

    /// What is left of an epoch once the submitter's undecided cranks are included: a batch may follow one that waits.
    fn newest_left<'a>(&'a self, left: Option<(OutPoint, &'a TxOut)>) -> Option<(OutPoint, &'a TxOut)> {
        let (mut outpoint, mut output) = left?;
        while let Some(held) = self.undecided.iter().find(|held| held.tx.input[0].previous_output == outpoint) {
            output = held.tx.output.first().filter(|next| next.script_pubkey == output.script_pubkey)?;
            outpoint = OutPoint { txid: held.tx.compute_txid(), vout: 0 };
        }
        Some((outpoint, output))
    }

    /// What pays a batch out of an epoch's UTXO; none where it holds less.
    pub(crate) fn batch_draft(
        &self,
        (outpoint, output): (OutPoint, &TxOut),
        pay: &EpochPay,
        payouts: &[Payout],
        proof: &Proof,
    ) -> Option<Draft> {
        let sum = payouts.iter().try_fold(0u64, |sum, payout| sum.checked_add(payout.amount))?;
        let left = amount_of(output).checked_sub(sum)?;
        let output = output.clone();
        let terms = &self.chain.config.terms;
        let mut outputs = Vec::with_capacity(payouts.len() + 1);
        let mut coins = Coins::OneOrNone;
        if left > 0 {
            let rest = output.value.to_sat().saturating_sub(terms.payout.batch_sats(payouts.len()));
            let next = EpochPay { batch: pay.batch.saturating_add(1), ..*pay };
            let stays = self.epoch_output(&next, left, rest);
            if stays.value.to_sat() > rest {
                // it runs dry: whoever brings a coin keeps it above dust, and gives no more than that, for nothing of it returns
                coins = Coins::One;
            }
            outputs.push(stays);
        }
        outputs.extend(payouts.iter().map(|payout| TxOut {
            value: Amount::from_sat(terms.payout.payout_sats),
            script_pubkey: pay_to(payout.pubkey_hash),
            token: Some(tokens(self.chain.config.category(), payout.amount, None)),
        }));
        let siblings = proof.siblings.iter().flat_map(|node| [&node.hash.0[..], &node.sum.to_be_bytes()].concat());
        let arguments = [Value::Bytes(siblings.collect()), Value::Bytes(vec![0; terms.payout.padding(payouts.len())])];
        let unlocking = self.chain.covenants.epoch.unlock("pay", &arguments);
        let units = if pay.refiled { terms.long_units() } else { terms.short_units() };
        let sequence = if pay.batch == 0 { relative(units) } else { 0 };
        let inputs = vec![Spending { outpoint, output, sequence, unlocking }];
        Some(Draft { inputs, outputs, lock_time: 0, coins })
    }
}
