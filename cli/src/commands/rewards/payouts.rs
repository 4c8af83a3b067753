//! An account's payouts where pay goes out in batches: paid, waiting in a batch, or too little for the chain to pay.

use super::or_payable_exit;
use crate::commands::context::Context;
use crate::exit::{Kind, OrExit};
use crate::output::{self, say, xlv};
use liaise_chain_api::{At, DistributorReader, PaysInBatches};
use liaise_ledger::Account;
use liaise_node::{Replica, Waiting, distributor_state};
use liaise_oracle::fold::ReasonCode;
use liaise_summary::Payee;
use serde::Serialize;

/// One payout. Base units.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    epoch: u32,
    /// The batch's number, from 0 on.
    batch: u32,
    #[serde(serialize_with = "output::units")]
    amount: u64,
    #[serde(flatten)]
    standing: Standing,
}

/// How a payout stands.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "standing", rename_all = "kebab-case")]
enum Standing {
    /// It is the payee's.
    Paid { transaction: String },
    /// Anybody can have it paid, with the batches before it.
    Waiting { next_batch: u32 },
    /// Its filing still waits.
    Pending { payable_s: u64 },
}

/// Owed because it is too little for a payout of its own.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct BelowMinimum {
    #[serde(serialize_with = "output::units")]
    amount: u64,
    /// From how much on it is paid.
    #[serde(serialize_with = "output::units")]
    threshold: u64,
}

/// All of an account's.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Payouts {
    pub payouts: Vec<Row>,
    /// Null where nothing is too little.
    pub below_minimum: Option<BelowMinimum>,
    /// Owed beside the trees, for whatever reason.
    #[serde(skip)]
    pub owed: u64,
}

impl Payouts {
    /// Reads them from the chain, and from the artefacts of the filings that still hold pay.
    pub async fn of(
        context: &Context,
        replica: &Replica,
        reader: &dyn DistributorReader,
        batches: &dyn PaysInBatches,
        account: &Account,
        payee: &Payee,
    ) -> eyre::Result<Payouts> {
        let at = reader.distributor(At::Latest).await.or_exit(Kind::Chain)?;
        let paid = batches.payouts(payee, At::Latest).await.or_exit(Kind::Chain)?;
        let mut payouts: Vec<Row> = paid
            .into_iter()
            .map(|paid| Row {
                epoch: paid.epoch.0,
                batch: paid.batch,
                amount: paid.amount,
                standing: Standing::Paid { transaction: paid.transaction.to_string() },
            })
            .collect();
        for waiting in or_payable_exit(Waiting::all(replica, reader, batches).await)? {
            let Some((batch, amount)) = waiting.payout(payee) else { continue };
            let unpaid = waiting.unpaid;
            let standing = match unpaid.next_batch > 0 || at.at.time_s >= unpaid.payable_s {
                true => Standing::Waiting { next_batch: unpaid.next_batch },
                false => Standing::Pending { payable_s: unpaid.payable_s },
            };
            payouts.push(Row { epoch: unpaid.epoch.0, batch, amount, standing });
        }
        let state = distributor_state(replica, reader, &at).await.or_exit(Kind::Refused)?;
        let own = || state.owing.iter().filter(|row| row.account == *account);
        let below = own().filter(|row| row.reason == ReasonCode::BelowMinimum).map(|row| row.amount).sum();
        let threshold = context.genesis.parameters.bch_payout_min;
        Ok(Payouts {
            payouts,
            below_minimum: (below > 0).then_some(BelowMinimum { amount: below, threshold }),
            owed: own().map(|row| row.amount).sum(),
        })
    }

    /// The newest epoch whose payout went out or can.
    pub fn newest(&self) -> Option<u32> {
        self.rows(|standing| !matches!(standing, Standing::Pending { .. })).map(|row| row.epoch).max()
    }

    /// Base units that were paid or can be.
    pub fn in_tree(&self) -> u64 {
        self.rows(|standing| !matches!(standing, Standing::Pending { .. })).map(|row| row.amount).sum()
    }

    /// Base units that can be paid and are not.
    pub fn waiting(&self) -> u64 {
        self.rows(|standing| matches!(standing, Standing::Waiting { .. })).map(|row| row.amount).sum()
    }

    /// Base units that are filed and wait for their delay.
    pub fn pending(&self) -> u64 {
        self.rows(|standing| matches!(standing, Standing::Pending { .. })).map(|row| row.amount).sum()
    }

    fn rows(&self, wanted: impl Fn(&Standing) -> bool) -> impl Iterator<Item = &Row> {
        self.payouts.iter().filter(move |row| wanted(&row.standing))
    }

    /// For people.
    pub fn print(&self) {
        if !self.payouts.is_empty() {
            let mut table = output::table(&["payout of epoch", "batch", "XLV", "how it stands"]);
            for row in &self.payouts {
                let words = match &row.standing {
                    Standing::Paid { transaction } => format!("paid in transaction {transaction}"),
                    Standing::Waiting { next_batch } => {
                        format!("waiting in batch {}; batch {next_batch} is next: liaise claim pays it", row.batch)
                    }
                    Standing::Pending { payable_s } => format!("filed, waiting until {payable_s} (Unix seconds)"),
                };
                table.add_row([row.epoch.to_string(), row.batch.to_string(), xlv(row.amount), words]);
            }
            say!("{table}");
        }
        if let Some(below) = &self.below_minimum {
            say!(
                "below the minimum   {}, paid once it is {}: until then it is owed",
                xlv(below.amount),
                xlv(below.threshold)
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(epoch: u32, amount: u64, standing: Standing) -> Row {
        Row { epoch, batch: 2, amount, standing }
    }

    #[test]
    fn a_payout_says_where_it_is() {
        let payouts = Payouts {
            payouts: vec![
                row(0, 5, Standing::Paid { transaction: "ab".into() }),
                row(1, 7, Standing::Waiting { next_batch: 1 }),
                row(2, 9, Standing::Pending { payable_s: 4_000 }),
            ],
            below_minimum: Some(BelowMinimum { amount: 1, threshold: 10 }),
            owed: 1,
        };
        assert_eq!((payouts.newest(), payouts.in_tree()), (Some(1), 12));
        assert_eq!((payouts.waiting(), payouts.pending()), (7, 9));
        let json = serde_json::to_value(&payouts).unwrap();
        assert_eq!(
            json["payouts"][1],
            serde_json::json!({"epoch": 1, "batch": 2, "amount": "7", "standing": "waiting", "next_batch": 1})
        );
        assert_eq!(json["payouts"][0]["transaction"], "ab");
        assert_eq!(json["below_minimum"], serde_json::json!({"amount": "1", "threshold": "10"}));
    }
}
