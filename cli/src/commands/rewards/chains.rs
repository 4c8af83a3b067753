//! `liaise rewards show --all-chains`: what an owner has on every chain, and what to do about it.

use super::payouts::Payouts;
use super::{WhoArgs, payable_or_none, payee_of};
use crate::commands::context::Context;
use crate::commands::link::Links;
use crate::exit::{Kind, OrExit};
use crate::output::{self, NOT_ADVICE, say, xlv_number};
use liaise_chain_api::{At, DistributorReader};
use liaise_ledger::{Account, Hash};
use liaise_node::{Replica, distributor_state};
use liaise_oracle::fold::{OwedRow, ReasonCode};
use serde::Serialize;

/// What an owner has on one chain, in base units.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Row {
    chain: String,
    /// The owner's account there, or null.
    account: Option<Account>,
    #[serde(serialize_with = "output::units")]
    claimed: u64,
    /// A claim pays it now.
    #[serde(serialize_with = "output::units")]
    claimable: u64,
    /// Filed, and payable once the delay is over.
    #[serde(serialize_with = "output::units")]
    after_delay: u64,
    /// Owed for want of an account there.
    #[serde(serialize_with = "output::units")]
    needs_link: u64,
    #[serde(serialize_with = "output::units")]
    held: u64,
    /// Owed until it is as much as the chain's least payout.
    #[serde(serialize_with = "output::units")]
    below_minimum: u64,
    /// What to do about it, or null.
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct Owner {
    /// The owner's accounts, ascending.
    accounts: Vec<Account>,
    chains: Vec<Row>,
}

/// Sums what is owed to some accounts, by why: for want of an account, held, too little.
fn owed(owing: &[OwedRow], accounts: &[Account]) -> [u64; 3] {
    let sum = |reason| {
        let rows = owing.iter().filter(|row| row.reason == reason && accounts.contains(&row.account));
        rows.map(|row| row.amount).sum()
    };
    [ReasonCode::NoAccountOnChain, ReasonCode::Held, ReasonCode::BelowMinimum].map(sum)
}

/// What to do next about what is on a chain.
fn next(chain: &str, account: Option<&Account>, claimable: u64, needs_link: u64) -> Option<String> {
    match account {
        None if needs_link > 0 => Some(format!("liaise link add NAME NAME@{chain}")),
        Some(account) if claimable > 0 => Some(format!("liaise claim {account}, with [chain] {chain} in network.toml")),
        _ => None,
    }
}

async fn row(
    context: &Context,
    replica: &Replica,
    reader: &dyn DistributorReader,
    accounts: &[Account],
) -> eyre::Result<Row> {
    let at = reader.distributor(At::Latest).await.or_exit(Kind::Chain)?;
    let state = distributor_state(replica, reader, &at).await.or_exit(Kind::Refused)?;
    let account = accounts.iter().find(|account| account.is_on(reader.chain())).cloned();
    let [needs_link, held, below_minimum] = owed(&state.owing, accounts);
    let (mut claimed, mut claimable, mut after_delay) = (0, 0, 0);
    if let Some(account) = &account {
        let payee = payee_of(account)?;
        claimed = reader.claimed(&payee, At::Latest).await.or_exit(Kind::Chain)?.total;
        match reader.batches() {
            Some(batches) => {
                let payouts = Payouts::of(context, replica, reader, batches, account, &payee).await?;
                (claimable, after_delay) = (payouts.waiting(), payouts.pending());
            }
            None => {
                let leaf = |leaves: &std::collections::BTreeMap<Hash, liaise_oracle::fold::LeafRow>| {
                    leaves.get(&Hash(payee.0)).map_or(0, |leaf| leaf.amount)
                };
                let payable = payable_or_none(replica, reader).await?.map_or(0, |payable| leaf(&payable.state.leaves));
                claimable = payable.saturating_sub(claimed);
                after_delay = leaf(&state.leaves).saturating_sub(payable);
            }
        }
    }
    let chain = reader.chain().to_string();
    let next = next(&chain, account.as_ref(), claimable, needs_link);
    Ok(Row { chain, account, claimed, claimable, after_delay, needs_link, held, below_minimum, next })
}

pub async fn run(context: &Context, args: &WhoArgs) -> eyre::Result<()> {
    let account = args.account(context)?;
    let (replica, links) = Links::read(context).await?;
    let accounts = links.cluster(&account);
    let mut chains = vec![];
    for reader in context.readers().await? {
        chains.push(row(context, &replica, reader.as_ref(), &accounts).await?);
    }
    let owner = Owner { accounts, chains };
    if args.json { output::json(&owner) } else { print(&owner) }
}

fn print(owner: &Owner) -> eyre::Result<()> {
    say!("{}\n", owner.accounts.iter().map(Account::to_string).collect::<Vec<_>>().join("\n  = "));
    let head = ["chain", "claimed", "claimable now", "after delay", "needs link", "held", "below minimum"];
    let mut table = output::table(&head);
    for row in &owner.chains {
        let amounts = [row.claimed, row.claimable, row.after_delay, row.needs_link, row.held, row.below_minimum];
        table.add_row(std::iter::once(row.chain.clone()).chain(amounts.map(|amount| xlv_number(amount.into()))));
    }
    say!("{table}\nXLV");
    for next in owner.chains.iter().filter_map(|row| row.next.as_ref()) {
        say!("next: {next}");
    }
    say!("\n{NOT_ADVICE}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_to_any_account_of_an_owner_is_counted_by_its_reason() {
        let (one, other) = (Account::evm(1, [1; 20]), Account::evm(1, [2; 20]));
        let row = |account: &Account, reason, amount| OwedRow { account: account.clone(), epoch: 3, reason, amount };
        let owing = [
            row(&one, ReasonCode::NoAccountOnChain, 5),
            row(&one, ReasonCode::Held, 7),
            row(&other, ReasonCode::NoAccountOnChain, 11),
        ];
        assert_eq!(owed(&owing, std::slice::from_ref(&one)), [5, 7, 0]);
        assert_eq!(owed(&owing, &[one.clone(), other]), [16, 7, 0]);
        assert!(next("solana:x", None, 0, 5).unwrap().starts_with("liaise link add"));
        assert!(next("eip155:1", Some(&one), 4, 0).unwrap().starts_with("liaise claim eip155:1:"));
        assert_eq!(next("eip155:1", Some(&one), 0, 0), None);
    }
}
