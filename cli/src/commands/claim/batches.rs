//! `liaise claim` where pay goes out in batches: the batch that pays an account is cranked, and those before it that are unpaid.

use super::{ClaimArgs, submitter};
use crate::commands::context::{Context, key_name};
use crate::commands::rewards::{or_payable_exit, payee_of};
use crate::commands::submit::{begin, estimate, parts, send};
use crate::exit::{Kind, OrExit};
use crate::output::{self, NOT_ADVICE, note, say, xlv};
use liaise_chain_api::{Action, At, ChainError, Cost, DistributorReader, PaysInBatches, Prepared};
use liaise_ledger::Account;
use liaise_node::chain::Coin;
use liaise_node::{Replica, Waiting};
use serde::Serialize;

/// One batch. Amounts are base units, fees the smallest unit of the chain's coin.
#[derive(Debug, Serialize)]
struct Payment {
    epoch: u32,
    /// Its number, from 0 on, and how many the filing has.
    batch: u32,
    batches: u32,
    /// How many it pays, and what.
    payouts: usize,
    #[serde(serialize_with = "output::units")]
    amount: u64,
    bytes: Option<u64>,
    fee_max: Option<String>,
    fee_parts: Vec<Cost>,
    transaction: Option<String>,
    outcome: String,
}

/// An account that was asked for.
#[derive(Debug, Serialize)]
struct Line {
    account: String,
    /// What batches paid it before.
    #[serde(serialize_with = "output::units")]
    claimed_before: u64,
    /// What waits for it in batches that can be paid now.
    #[serde(serialize_with = "output::units")]
    due: u64,
    outcome: String,
}

#[derive(Debug, Serialize)]
struct Report {
    dry_run: bool,
    /// Who pays the fees; null where there is nothing to pay.
    by: Option<String>,
    /// What is due to the accounts that were asked for, or to all.
    #[serde(serialize_with = "output::units")]
    due: u64,
    /// What the batches cost at most, together.
    fee_max: String,
    batches: Vec<Payment>,
    accounts: Vec<Line>,
}

/// Filings that hold pay, and which of their batches are to be paid: the place of a filing, and a batch's number.
struct Plan {
    waiting: Vec<Waiting>,
    cranks: Vec<(usize, u32)>,
    now_s: u64,
}

impl Plan {
    /// Whether the chain would pay its next batch by now.
    fn is_payable(&self, filing: usize) -> bool {
        let unpaid = &self.waiting[filing].unpaid;
        unpaid.next_batch > 0 || self.now_s >= unpaid.payable_s
    }

    /// Wants a batch, and with it all before it that are unpaid.
    fn want(&mut self, filing: usize, batch: u32) {
        for before in self.waiting[filing].unpaid.next_batch..=batch {
            if !self.cranks.contains(&(filing, before)) {
                self.cranks.push((filing, before));
            }
        }
    }
}

/// Pays the batches of the accounts that are asked for, or all. What was sent is reported even where a later one fails.
pub async fn run(
    context: &Context,
    replica: &Replica,
    args: &ClaimArgs,
    reader: &dyn DistributorReader,
    batches: &dyn PaysInBatches,
) -> eyre::Result<()> {
    let now_s = reader.distributor(At::Latest).await.or_exit(Kind::Chain)?.at.time_s;
    let waiting = or_payable_exit(Waiting::all(replica, reader, batches).await)?;
    let mut plan = Plan { waiting, cranks: vec![], now_s };
    let mut report =
        Report { dry_run: args.dry_run, by: None, due: 0, fee_max: "0".into(), batches: vec![], accounts: vec![] };
    if args.all {
        for filing in 0..plan.waiting.len() {
            let Some(last) = plan.waiting[filing].left().last().filter(|_| plan.is_payable(filing)) else { continue };
            plan.want(filing, last);
            report.due += plan.waiting[filing].unpaid.amount;
        }
    } else {
        for account in asked(context, args)? {
            let line = look(&mut plan, &account, batches).await?;
            report.due += line.due;
            report.accounts.push(line);
        }
    }
    plan.cranks.sort_unstable();
    let ended = if plan.cranks.is_empty() { Ok(()) } else { pay(context, replica, args, &plan, &mut report).await };
    if args.json {
        output::json(&report)?
    } else {
        print(&report, Coin::of(reader.chain()).unit)
    }
    ended
}

/// The accounts that are asked for.
fn asked(context: &Context, args: &ClaimArgs) -> eyre::Result<Vec<Account>> {
    let named = if args.others.is_empty() { &args.accounts } else { &args.others };
    let own = if named.is_empty() { vec![key_name(&context.home, None)?] } else { named.clone() };
    own.iter().map(|name| context.account(name, &args.passphrase)).collect()
}

/// Finds what waits for an account, and wants its batches.
async fn look(plan: &mut Plan, account: &Account, batches: &dyn PaysInBatches) -> eyre::Result<Line> {
    let payee = payee_of(account)?;
    let paid = batches.payouts(&payee, At::Latest).await.or_exit(Kind::Chain)?;
    let claimed_before = paid.iter().map(|paid| paid.amount).sum();
    let (mut due, mut places, mut later) = (0u64, vec![], vec![]);
    for filing in 0..plan.waiting.len() {
        let waiting = &plan.waiting[filing];
        let Some((batch, amount)) = waiting.payout(&payee) else { continue };
        let unpaid = waiting.unpaid;
        if !plan.is_payable(filing) {
            later.push(format!(
                "{} of epoch {} wait until {} (Unix seconds; the chain shows {})",
                xlv(amount),
                unpaid.epoch,
                unpaid.payable_s,
                plan.now_s
            ));
            continue;
        }
        due += amount;
        places.push(format!("batch {} of {} of epoch {}", batch + 1, waiting.batches(), unpaid.epoch));
        plan.want(filing, batch);
    }
    let mut words = vec![];
    if !places.is_empty() {
        words.push(format!("in {}", places.join(", ")));
    }
    words.extend(later);
    if words.is_empty() {
        words.push(match paid.last() {
            Some(last) => format!("paid already, last in transaction {}: nothing is due", last.transaction),
            None => "no payout is filed for it: nothing is due".to_owned(),
        });
    }
    Ok(Line { account: account.to_string(), claimed_before, due, outcome: words.join("; ") })
}

async fn pay(
    context: &Context,
    replica: &Replica,
    args: &ClaimArgs,
    plan: &Plan,
    report: &mut Report,
) -> eyre::Result<()> {
    let submitter = submitter(context, args).await?;
    let submitter = submitter.as_ref();
    report.by = Some(submitter.account().to_string());
    let limit = args.fee.limit(submitter.chain());
    let unit = Coin::of(submitter.chain()).unit;
    let mut before: Vec<Prepared> = vec![];
    let mut fees = 0u128;
    let mut sent: Vec<(usize, Action)> = vec![];
    for (filing, batch) in &plan.cranks {
        let waiting = &plan.waiting[*filing];
        let action = waiting.crank(*batch).or_exit(Kind::Proof)?;
        let rows = waiting.rows(*batch);
        let quote = estimate(submitter, &action, limit, &before).await?;
        fees = fees.saturating_add(quote.max.0);
        report.fee_max = fees.to_string();
        let mut payment = Payment {
            epoch: waiting.unpaid.epoch.0,
            batch: *batch,
            batches: waiting.batches(),
            payouts: rows.len(),
            amount: rows.iter().map(|row| row.amount).sum(),
            bytes: quote.bytes,
            fee_max: Some(quote.max.to_string()),
            fee_parts: quote.parts,
            transaction: None,
            outcome: String::new(),
        };
        if args.dry_run {
            // the next one follows this one, which nobody sends
            let prepared = submitter.prepare(&action, limit, &before).await;
            match prepared {
                Ok(prepared) => before.push(prepared),
                Err(error @ (ChainError::Funds { .. } | ChainError::FeeTooHigh { .. })) => {
                    payment.outcome = format!("would fail: {error}");
                    report.batches.push(payment);
                    break;
                }
                Err(error) => return Err(error).or_exit(Kind::Chain),
            }
            payment.outcome = "would be paid".into();
        } else {
            note!("{}, for at most {} {unit}", title(&payment), quote.max);
            // one block may hold them all: each follows the one before, which need not be in a block
            before = begin(&replica.store, submitter, &action, limit).await?;
            payment.outcome = "sent, and not in a block yet".into();
            sent.push((report.batches.len(), action));
        }
        report.batches.push(payment);
    }
    for (place, action) in sent {
        let sent = send(&replica.store, submitter, &action, limit).await?;
        let payment = &mut report.batches[place];
        payment.transaction = sent.transaction().map(str::to_owned);
        payment.outcome = sent.words();
    }
    Ok(())
}

fn title(payment: &Payment) -> String {
    let Payment { epoch, batch, batches, payouts, amount, .. } = payment;
    format!("epoch {epoch}, batch {} of {batches}: {} to {payouts} payees", batch + 1, xlv(*amount))
}

fn print(report: &Report, unit: &str) {
    if !report.accounts.is_empty() {
        let mut table = output::table(&["account", "due", "outcome"]);
        for line in &report.accounts {
            table.add_row([line.account.clone(), xlv(line.due), line.outcome.clone()]);
        }
        say!("{table}");
    }
    for payment in &report.batches {
        let bytes = payment.bytes.map_or(String::new(), |bytes| format!(" in {bytes} bytes"));
        say!("{}{bytes}: {}", title(payment), payment.outcome);
        say!("{}", parts(&payment.fee_parts, unit).trim_end());
    }
    match report.batches.len() {
        0 => say!("No batch is to be paid now."),
        n => say!("{n} batches, for at most {} {unit} together", report.fee_max),
    }
    if report.dry_run {
        say!("Dry run: nothing was sent.");
    }
    say!("{NOT_ADVICE}");
}
