//! `liaise claim --all` and `--for`: many accounts of the newest payable tree, in as few transactions as the chain takes.

use super::runs::{self, Leaf, Run};
use super::{ClaimArgs, Line, submitter};
use crate::commands::context::Context;
use crate::commands::rewards::{or_payable_exit, payee_of};
use crate::commands::submit::{estimate, send};
use crate::exit::{Kind, OrExit};
use crate::output::{self, NOT_ADVICE, note, say, xlv};
use futures::{StreamExt, TryStreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use liaise_chain_api::{Action, At, ChainError, DistributorReader, Submitter};
use liaise_ledger::{Account, Hash};
use liaise_node::chain::Coin;
use liaise_node::{Payable, Replica};
use liaise_summary::RewardLeaf;
use serde::Serialize;

/// Questions to the chain's endpoint at a time.
const ASKED_AT_ONCE: usize = 16;

/// One transaction. Amounts are base units, fees the smallest unit of the chain's coin.
#[derive(Debug, Serialize)]
struct Payment {
    /// The first leaf's place in the tree.
    first: u32,
    /// How many leaves it names, paid ones among them.
    leaves: u32,
    /// How many accounts it pays.
    accounts: usize,
    #[serde(serialize_with = "output::units")]
    due: u64,
    fee_max: Option<String>,
    transaction: Option<String>,
    outcome: String,
}

/// What all of them came to.
#[derive(Debug, Serialize)]
struct Report {
    /// The epoch of the tree.
    epoch: u32,
    dry_run: bool,
    /// Who pays the fees; null where there is nothing to pay.
    by: Option<String>,
    /// What is due to all of them before anything was sent.
    #[serde(serialize_with = "output::units")]
    due: u64,
    /// What the transactions here paid.
    #[serde(serialize_with = "output::units")]
    paid: u64,
    /// The most that a dry run's transactions would cost together.
    fee_max: Option<String>,
    transactions: Vec<Payment>,
    accounts: Vec<Line>,
    /// Accounts that were asked for and have no leaf in the tree.
    without: Vec<String>,
}

/// Claims for the accounts that are asked for, or for everybody. What was sent is reported even where a later transaction
/// fails.
pub async fn run(
    context: &Context,
    replica: &Replica,
    args: &ClaimArgs,
    accounts: Option<&[Account]>,
) -> eyre::Result<()> {
    let reader = context.reader().await?;
    let payable = or_payable_exit(Payable::newest(replica, reader.as_ref()).await)?;
    let (wanted, without) = wanted(&payable, accounts)?;
    let before = claimed(reader.as_ref(), payable.tree.leaves(), &wanted).await?;
    let due: Vec<u64> = payable.tree.leaves().iter().zip(&before).map(|(leaf, had)| leaf.amount - had).collect();
    let mut report = Report {
        epoch: payable.held.epoch.0,
        dry_run: args.dry_run,
        by: None,
        due: due.iter().sum(),
        paid: 0,
        fee_max: None,
        transactions: vec![],
        accounts: vec![],
        without,
    };
    let tree = Tree { payable: &payable, wanted: &wanted, due: &due };
    let ended = if report.due == 0 { Ok(()) } else { pay(context, replica, args, &tree, &mut report).await };
    if args.json {
        output::json(&report)?
    } else {
        print(&report, Coin::of(&context.chain()?).unit)
    }
    ended
}

/// The tree, which of its leaves are asked for, and what is due to those.
struct Tree<'a> {
    payable: &'a Payable,
    wanted: &'a [bool],
    due: &'a [u64],
}

/// Which leaves are asked for, and which accounts have none.
fn wanted(payable: &Payable, accounts: Option<&[Account]>) -> eyre::Result<(Vec<bool>, Vec<String>)> {
    let count = payable.tree.leaves().len();
    let Some(accounts) = accounts else { return Ok((vec![true; count], vec![])) };
    let (mut wanted, mut without) = (vec![false; count], vec![]);
    for account in accounts {
        match payable.tree.index_of(&payee_of(account)?) {
            Some(index) => wanted[index as usize] = true,
            None => without.push(account.to_string()),
        }
    }
    Ok((wanted, without))
}

/// What each leaf's payee had. A decreed loss has none: it counts as paid, for nobody can claim it; so does who is not
/// asked for.
async fn claimed(reader: &dyn DistributorReader, leaves: &[RewardLeaf], wanted: &[bool]) -> eyre::Result<Vec<u64>> {
    let bar = bar(wanted.iter().filter(|wanted| **wanted).count(), "asking the chain what is due");
    let one = async |(leaf, wanted): (&RewardLeaf, &bool)| {
        if !wanted {
            return Ok(leaf.amount);
        }
        let had = match reader.claimed(&leaf.payee, At::Latest).await {
            Ok(claimed) => claimed.total.min(leaf.amount),
            Err(ChainError::NotAnAccount { .. }) => leaf.amount,
            Err(error) => return Err(error).or_exit(Kind::Chain),
        };
        bar.inc(1);
        Ok(had)
    };
    let found = futures::stream::iter(leaves.iter().zip(wanted)).map(one).buffered(ASKED_AT_ONCE).try_collect().await;
    bar.finish_and_clear();
    found
}

async fn pay(
    context: &Context,
    replica: &Replica,
    args: &ClaimArgs,
    tree: &Tree<'_>,
    report: &mut Report,
) -> eyre::Result<()> {
    let submitter = submitter(context, args).await?;
    report.by = Some(submitter.account().to_string());
    let payments = plan(tree, submitter.as_ref(), args).await?;
    let bar = bar(payments.len(), if args.dry_run { "asking what it costs" } else { "paying" });
    let mut fees = 0u128;
    for (run, action) in payments {
        let owed = &tree.due[run.places()];
        let mut payment = Payment {
            first: run.first,
            leaves: 1 << run.log2,
            accounts: owed.iter().filter(|due| **due > 0).count(),
            due: owed.iter().sum(),
            fee_max: None,
            transaction: None,
            outcome: String::new(),
        };
        if args.dry_run {
            let limit = args.fee.limit(submitter.chain());
            let fee = estimate(submitter.as_ref(), &action, limit, &[]).await?.max;
            fees = fees.saturating_add(fee.0);
            payment.fee_max = Some(fee.to_string());
            payment.outcome = "would be paid".into();
        } else {
            let sent = send(&replica.store, submitter.as_ref(), &action, args.fee.limit(submitter.chain())).await?;
            report.paid += if sent.transaction().is_some() { payment.due } else { 0 };
            payment.transaction = sent.transaction().map(str::to_owned);
            payment.outcome = sent.words();
        }
        report.accounts.extend(lines(tree, run, &payment));
        report.transactions.push(payment);
        bar.inc(1);
    }
    bar.finish_and_clear();
    report.fee_max = args.dry_run.then(|| fees.to_string());
    Ok(())
}

/// Aligned runs where the chain's contract pays them, else one claim each.
async fn plan(tree: &Tree<'_>, submitter: &dyn Submitter, args: &ClaimArgs) -> eyre::Result<Vec<(Run, Action)>> {
    let leaf = |(wanted, due): (&bool, &u64)| match (wanted, due) {
        (false, _) => Leaf::Other,
        (true, 0) => Leaf::Paid,
        (true, _) => Leaf::Due,
    };
    let leaves: Vec<Leaf> = tree.wanted.iter().zip(tree.due).map(leaf).collect();
    let cover = |runs: Vec<Run>| {
        let actions = runs.into_iter().map(|run| Ok((run, action(tree.payable, run)?)));
        actions.collect::<eyre::Result<Vec<_>>>()
    };
    let depth = u8::try_from(tree.payable.tree.depth()).expect("a tree has at most 32 levels");
    let payments = cover(runs::cover(&leaves, submitter.longest_run(depth)))?;
    if let Some((_, first)) = payments.iter().find(|(run, _)| run.log2 > 0)
        && let Err(ChainError::Unsupported { .. }) =
            submitter.prepare(first, args.fee.limit(submitter.chain()), &[]).await
    {
        note!("{} takes one claim at a time", submitter.chain());
        return cover(runs::one_each(&leaves));
    }
    Ok(payments)
}

fn action(payable: &Payable, run: Run) -> eyre::Result<Action> {
    let leaves = &payable.tree.leaves()[run.places()];
    if let [leaf] = leaves {
        let proof = payable.tree.proof(run.first).or_exit(Kind::Proof)?;
        return Ok(Action::Claim { leaf: *leaf, proof });
    }
    let proof = payable.tree.range_proof(run.first, run.log2).or_exit(Kind::Proof)?;
    Ok(Action::ClaimRange { leaves: leaves.to_vec(), proof })
}

/// A line for each account that a transaction pays.
fn lines(tree: &Tree<'_>, run: Run, payment: &Payment) -> Vec<Line> {
    let Tree { payable, due, .. } = *tree;
    let paid = run.places().filter(|place| due[*place] > 0);
    let line = |place: usize| {
        let leaf = payable.tree.leaves()[place];
        let known = payable.state.leaves.get(&Hash(leaf.payee.0));
        Line {
            account: known.map_or_else(|| leaf.payee.to_string(), |row| row.account.to_string()),
            in_tree: leaf.amount,
            claimed_before: leaf.amount - due[place],
            due: due[place],
            // The transaction's fee is all its accounts' together.
            fee_max: None,
            fee_parts: vec![],
            transaction: payment.transaction.clone(),
            outcome: payment.outcome.clone(),
        }
    };
    paid.map(line).collect()
}

/// A bar on a terminal, nothing elsewhere.
fn bar(length: usize, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len}").expect("a template of known words");
    ProgressBar::new(length as u64).with_style(style.progress_chars("=> ")).with_message(what)
}

fn print(report: &Report, unit: &str) {
    for account in &report.without {
        say!("{account} has no leaf in the tree of epoch {}: nothing to claim", report.epoch);
    }
    if report.due == 0 {
        say!("Nothing is due in the tree of epoch {}.", report.epoch);
        say!("{NOT_ADVICE}");
        return;
    }
    let mut table = output::table(&["account", "due", "outcome"]);
    for line in &report.accounts {
        table.add_row([line.account.clone(), xlv(line.due), line.outcome.clone()]);
    }
    say!("{table}");
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let accounts = count(report.accounts.len(), "account");
    let transactions = count(report.transactions.len(), "transaction");
    match &report.fee_max {
        Some(fee) => say!(
            "total: {} due to {accounts}, in {transactions} for at most {fee} {unit}\nDry run: nothing was sent.",
            xlv(report.due)
        ),
        None => say!("total: {} of {} paid to {accounts} in {transactions}", xlv(report.paid), xlv(report.due)),
    }
    say!("{NOT_ADVICE}");
}
