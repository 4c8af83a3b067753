//! `liaise audit supply`: where every base unit of the schedule is.

use super::{SupplyArgs, or_audit_exit};
use crate::commands::context::Context;
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, NOT_ADVICE, say, xlv_number};
use futures::{StreamExt, TryStreamExt};
use liaise_chain_api::{At, ChainError, DistributorReader};
use liaise_node::{Books, audit_supply};
use liaise_oracle::audit::Supply;
use liaise_summary::Payee;
use serde::Serialize;

/// Questions to the chain's endpoint at a time.
const ASKED_AT_ONCE: usize = 16;

/// The books in JSON: base units as decimal strings, for they pass 2^53.
#[derive(Debug, Serialize)]
pub struct Report {
    pub chain: String,
    pub distributor: String,
    pub block: u64,
    pub epochs: u32,
    pub schedule: String,
    pub issued: String,
    pub paid: String,
    pub unclaimed: String,
    pub pending: String,
    pub held: String,
    pub below_minimum: String,
    pub without_account: String,
    pub unemitted: String,
    pub difference: String,
    /// The first epoch whose books do not add up.
    pub broken: Option<u32>,
    /// What the payees say that they had, together, where each was asked.
    pub paid_by_payees: Option<String>,
}

/// Adds up; fails with the exit code of integrity where something is missing or too much.
pub async fn run(context: &Context, args: &SupplyArgs) -> eyre::Result<()> {
    let replica = context.current().await?;
    let reader = context.reader().await?;
    let books = or_audit_exit(audit_supply(&replica, reader.as_ref()).await)?;
    let payees = if args.each { Some(paid_by_payees(reader.as_ref(), &books).await?) } else { None };
    let supply = &books.supply;
    if args.json {
        output::json(&report(reader.as_ref(), &books, payees))?;
    } else {
        print(&books, payees);
    }
    let wrong = wrong(supply, payees);
    if wrong.is_empty() { Ok(()) } else { fail(Kind::Integrity, wrong.join("; ")) }
}

/// What every payee has had, together.
async fn paid_by_payees(reader: &dyn DistributorReader, books: &Books) -> eyre::Result<u128> {
    let one = async |payee: &liaise_ledger::Hash| match reader.claimed(&Payee(payee.0), At::Latest).await {
        Ok(claimed) => Ok(u128::from(claimed.total)),
        // A decreed loss is nobody's.
        Err(ChainError::NotAnAccount { .. }) => Ok(0),
        Err(error) => Err(error).or_exit(Kind::Chain),
    };
    let had = futures::stream::iter(&books.payees).map(one).buffered(ASKED_AT_ONCE);
    had.try_fold(0u128, async |sum, had| Ok(sum + had)).await
}

/// What is wrong, in words.
pub fn wrong(supply: &Supply, payees: Option<u128>) -> Vec<String> {
    let mut wrong = vec![];
    if let Some((epoch, off)) = supply.broken {
        wrong.push(format!("epoch {epoch} is off by {off} base units: see `liaise audit epoch {epoch}`"));
    }
    if supply.difference != 0 {
        wrong.push(format!("the schedule and what became of it differ by {} base units", supply.difference));
    }
    if let Some(had) = payees.filter(|had| *had != u128::from(supply.paid)) {
        wrong.push(format!("the chain says that {} base units were paid, and its payees had {had}", supply.paid));
    }
    wrong
}

pub fn report(reader: &dyn DistributorReader, books: &Books, payees: Option<u128>) -> Report {
    let s = &books.supply;
    Report {
        chain: reader.chain().to_string(),
        distributor: books.at.id.to_string(),
        block: books.at.at.number,
        epochs: s.epochs,
        schedule: s.schedule.to_string(),
        issued: s.issued.to_string(),
        paid: s.paid.to_string(),
        unclaimed: s.unclaimed.to_string(),
        pending: s.pending.to_string(),
        held: s.held.to_string(),
        below_minimum: s.below_minimum.to_string(),
        without_account: s.without_account.to_string(),
        unemitted: s.unemitted.to_string(),
        difference: s.difference.to_string(),
        broken: s.broken.map(|(epoch, _)| epoch.0),
        paid_by_payees: payees.map(|had| had.to_string()),
    }
}

fn print(books: &Books, payees: Option<u128>) {
    let s = &books.supply;
    let line = |what: &str, amount: u128| say!("{what:<28}{:>24} XLV", xlv_number(amount));
    say!("distributor {}, block {}, {} epochs filed\n", books.at.id, books.at.at.number, s.epochs);
    line("the schedule allows", s.schedule);
    line("  paid", s.paid.into());
    line("  payable, not claimed", s.unclaimed.into());
    line("  filed, not payable yet", s.pending.into());
    line("  held", s.held);
    line("  below the chain's minimum", s.below_minimum);
    line("  without account there", s.without_account);
    line("  unemitted", s.unemitted);
    say!("difference                  {:>24} base units", s.difference);
    if let Some(had) = payees {
        line("\npaid, by asking each payee", had);
    }
    say!("\n{NOT_ADVICE}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_that_is_wrong_is_named() {
        let good = Supply { paid: 5, ..Supply::default() };
        assert!(wrong(&good, None).is_empty() && wrong(&good, Some(5)).is_empty());
        assert!(wrong(&good, Some(6))[0].contains("its payees had 6"));
        let bad = Supply { difference: -3, broken: Some((liaise_summary::Epoch(7), -3)), ..good };
        let words = wrong(&bad, None);
        assert!(words[0].contains("epoch 7") && words[1].contains("-3"), "{words:?}");
    }
}
