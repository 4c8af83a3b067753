//! `liaise oracle pay`: what the ledger's epochs pay on a chain, whichever chain that is.

use super::EpochArgs;
use super::derive::derive;
use crate::commands::context::Context;
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, say, xlv, xlv_number};
use clap::Args;
use liaise_ledger::{Account, ChainId, EpochNumber, Hash};
use liaise_node::{Replica, folded_at};
use liaise_oracle::fold::{AccountState, DistributorState, ReasonCode, file};
use serde::Serialize;
use std::collections::BTreeMap;

/// See the module.
#[derive(Debug, Args)]
pub struct PayArgs {
    /// The chain: CAIP-2, one of this network's; the term's by default.
    #[arg(long, value_name = "CHAIN")]
    chain: Option<ChainId>,
    #[command(flatten)]
    epoch: EpochArgs,
}

/// What a distributor on a chain would have paid from epoch 0 to an epoch.
#[derive(Debug, Serialize)]
struct Paid {
    chain: ChainId,
    epoch: EpochNumber,
    /// Net and held of all statements, base units.
    #[serde(serialize_with = "output::units")]
    earned: u64,
    #[serde(serialize_with = "output::units")]
    paid: u64,
    #[serde(serialize_with = "output::units")]
    waiting: u64,
    rows: Vec<Row>,
}

/// An owner's pay.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Row {
    /// The owner's accounts, ascending.
    cluster: Vec<Account>,
    /// The one that is paid on the chain, or null.
    account: Option<Account>,
    #[serde(serialize_with = "output::units")]
    paid: u64,
    /// Owed for want of an account there, below the least payout, or held back.
    #[serde(serialize_with = "output::units")]
    waiting: u64,
    /// Why it waits.
    reasons: Vec<ReasonCode>,
}

pub async fn run(context: &Context, args: &PayArgs) -> eyre::Result<()> {
    let chain = match &args.chain {
        Some(chain) if context.genesis.chains.binary_search(chain).is_err() => {
            let known: Vec<&str> = context.genesis.chains.iter().map(ChainId::as_str).collect();
            return fail(Kind::Usage, format!("{chain} is no chain of this network: it has {}", known.join(", ")));
        }
        Some(chain) => chain.clone(),
        None => context.chain()?,
    };
    let replica = args.epoch.replica(context).await?;
    let last = derive(&replica, args.epoch.epoch).await?;
    let paid = paid(&replica, chain, last.epoch, &last.next.accounts).await?;
    if args.epoch.json { output::json(&paid) } else { print(&paid) }
}

/// Files every epoch up to `last` on a distributor that began with epoch 0, and adds up by owner.
async fn paid(
    replica: &Replica,
    chain: ChainId,
    last: EpochNumber,
    states: &BTreeMap<Account, AccountState>,
) -> eyre::Result<Paid> {
    let mut state = DistributorState::new(Hash::of(&[b"what if", chain.as_str().as_bytes()]), chain.clone());
    let mut totals: BTreeMap<Account, u64> = BTreeMap::new();
    let mut earned = 0u64;
    for epoch in 0..=last {
        let Some(folded) = folded_at(replica, epoch).await.or_exit(Kind::Integrity)? else {
            return fail(Kind::Refused, format!("epoch {epoch} can't be folded here: synchronise and try again"));
        };
        earned += folded.pay.iter().map(|pay| pay.net + pay.held).sum::<u64>();
        state = file(&folded, &state, replica.network, Hash::ZERO, 1).or_exit(Kind::Integrity)?.next;
        for leaf in state.leaves.values() {
            let total = totals.entry(leaf.account.clone()).or_default();
            *total = if state.has_payouts() { *total + leaf.amount } else { leaf.amount };
        }
    }
    let mut rows: BTreeMap<Vec<Account>, Row> = BTreeMap::new();
    let mut row = |account: &Account, change: &mut dyn FnMut(&mut Row)| {
        let cluster = cluster(account, states);
        let fresh = || Row {
            account: cluster.iter().find(|member| member.is_on(&chain)).cloned(),
            cluster: cluster.clone(),
            paid: 0,
            waiting: 0,
            reasons: vec![],
        };
        change(rows.entry(cluster.clone()).or_insert_with(fresh));
    };
    totals.iter().for_each(|(account, amount)| row(account, &mut |row| row.paid += amount));
    for owed in &state.owing {
        row(&owed.account, &mut |row| {
            row.waiting += owed.amount;
            row.reasons.push(owed.reason);
            row.reasons.sort_unstable();
            row.reasons.dedup();
        });
    }
    let rows: Vec<Row> = rows.into_values().collect();
    let sum = |of: fn(&Row) -> u64| rows.iter().map(of).sum();
    Ok(Paid { chain, epoch: last, earned, paid: sum(|row| row.paid), waiting: sum(|row| row.waiting), rows })
}

fn cluster(account: &Account, states: &BTreeMap<Account, AccountState>) -> Vec<Account> {
    let links = states.get(account).and_then(|state| state.links.as_deref());
    let mut all = vec![account.clone()];
    all.extend(links.iter().flat_map(|links| links.with.iter().cloned()));
    all.sort();
    all
}

fn print(paid: &Paid) -> eyre::Result<()> {
    say!("A distributor on {} that began with epoch 0 would have paid, after epoch {}:", paid.chain, paid.epoch);
    let mut table = output::table(&["account", "paid XLV", "waiting XLV", "why it waits"]);
    for row in &paid.rows {
        let account = row.account.as_ref().unwrap_or(&row.cluster[0]);
        let why = row.reasons.iter().map(|reason| reason.text()).collect::<Vec<_>>().join("; ");
        table.add_row([account.to_string(), xlv_number(row.paid.into()), xlv_number(row.waiting.into()), why]);
    }
    say!("{table}");
    say!("earned    {}", xlv(paid.earned));
    say!("paid      {}", xlv(paid.paid));
    say!("waiting   {}", xlv(paid.waiting));
    Ok(())
}
