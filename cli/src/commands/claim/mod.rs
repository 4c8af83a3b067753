//! `liaise claim`: has the distributor pay what is due.

mod all;
mod batches;
mod runs;

use crate::commands::context::{Context, key_name, named_account};
use crate::commands::rewards::proof_file::ProofFile;
use crate::commands::rewards::{or_payable_exit, payee_of};
use crate::commands::submit::{FeeArgs, estimate, parts, send};
use crate::exit::{Kind, OrExit, fail};
use crate::home::Home;
use crate::output::{self, NOT_ADVICE, say, xlv};
use crate::secrets::PassphraseArgs;
use clap::Args;
use liaise_chain_api::{Action, At, Cost, Submitter};
use liaise_ledger::Account;
use liaise_node::chain::{self, Coin};
use liaise_node::{Payable, Replica};
use liaise_store::Store;
use liaise_summary::{Proof, RewardLeaf};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// See the module.
#[derive(Debug, Args)]
pub struct ClaimArgs {
    /// Whom to claim for: CAIP-10 accounts, addresses, or names of your keys; your only key by default. Each account is
    /// paid itself, whoever sends the claim. Where pay goes out in batches (Bitcoin Cash), the account's batch is paid, and
    /// those before it that are unpaid.
    accounts: Vec<String>,
    /// Claim for everybody in the newest payable tree to whom something is due: many accounts in one transaction where
    /// the chain's contract takes that.
    #[arg(long, conflicts_with_all = ["accounts", "proof", "others"])]
    all: bool,
    /// Claim for these accounts and pay the fee for them: neighbours in the tree in one transaction where the chain's contract
    /// takes that. Each is paid itself.
    #[arg(long = "for", value_name = "ACCOUNT", num_args = 1.., conflicts_with_all = ["accounts", "proof"])]
    others: Vec<String>,
    /// Claim with a proof that `liaise rewards prove` wrote: no store is asked, only the chain.
    #[arg(long, value_name = "FILE", conflicts_with = "accounts")]
    proof: Option<PathBuf>,
    /// The key that pays the fee; the account's own, or your only key, by default.
    #[arg(long, value_name = "NAME")]
    payer: Option<String>,
    /// Say what would be paid and what it would cost, and send nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    fee: FeeArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What a claim came to. Amounts are base units, fees the smallest unit of the chain's coin.
#[derive(Debug, Serialize)]
struct Line {
    account: String,
    #[serde(serialize_with = "output::units")]
    in_tree: u64,
    #[serde(serialize_with = "output::units")]
    claimed_before: u64,
    #[serde(serialize_with = "output::units")]
    due: u64,
    fee_max: Option<String>,
    fee_parts: Vec<Cost>,
    transaction: Option<String>,
    outcome: String,
}

/// One leaf to be claimed.
struct Claim {
    account: String,
    leaf: RewardLeaf,
    proof: Proof,
}

/// Runs the command.
pub async fn run(args: ClaimArgs, home: &Home) -> eyre::Result<()> {
    let context = Context::open(home)?;
    let unit = Coin::of(&context.chain()?).unit;
    if let Some(path) = &args.proof {
        let claim = from_file(&context, path).await?;
        let submitter = submitter(&context, &args).await?;
        let line = one(&|| context.store(), submitter.as_ref(), &args, claim).await?;
        return print(&args, &[line], unit);
    }
    let others: Vec<Account> =
        args.others.iter().map(|name| context.account(name, &args.passphrase)).collect::<eyre::Result<_>>()?;
    let replica = context.current().await?;
    let reader = context.reader().await?;
    if let Some(batches) = reader.batches() {
        return batches::run(&context, &replica, &args, reader.as_ref(), batches).await;
    }
    if args.all || !others.is_empty() {
        return all::run(&context, &replica, &args, (!args.all).then_some(&others)).await;
    }
    let (claims, mut lines) = from_tree(&context, &replica, &args).await?;
    let submitter = submitter(&context, &args).await?;
    for claim in claims {
        lines.push(one(&|| Ok(replica.store.clone()), submitter.as_ref(), &args, claim).await?);
    }
    print(&args, &lines, unit)
}

fn print(args: &ClaimArgs, lines: &[Line], unit: &str) -> eyre::Result<()> {
    if args.json {
        return output::json(&lines);
    }
    let mut table = output::table(&["account", "due", "outcome"]);
    for line in lines {
        table.add_row([line.account.clone(), xlv(line.due), line.outcome.clone()]);
    }
    say!("{table}");
    for line in lines.iter().filter(|line| !line.fee_parts.is_empty()) {
        say!("{}:\n{}", line.account, parts(&line.fee_parts, unit).trim_end());
    }
    if args.dry_run {
        say!("Dry run: nothing was sent.");
    }
    say!("{NOT_ADVICE}");
    Ok(())
}

/// The leaf of a proof file: what can be told without the chain is told before it is asked.
async fn from_file(context: &Context, path: &Path) -> eyre::Result<Claim> {
    let file = ProofFile::read(path)?;
    file.check_network(context.genesis.network_id(), &context.config.chain.id)?;
    let reader = context.reader().await?;
    if reader.batches().is_some() {
        return fail(
            Kind::Usage,
            "--proof: pay comes in batches on this chain and nobody proves a place of their own: claim without it",
        );
    }
    let at = reader.distributor(At::Latest).await.or_exit(Kind::Chain)?;
    let (leaf, proof) = file.check(&at)?;
    Ok(Claim { account: file.account, leaf, proof })
}

/// Leaves from the newest payable tree, and a line for each account that has none.
async fn from_tree(context: &Context, replica: &Replica, args: &ClaimArgs) -> eyre::Result<(Vec<Claim>, Vec<Line>)> {
    let reader = context.reader().await?;
    let names = if args.accounts.is_empty() { vec![key_name(&context.home, None)?] } else { args.accounts.clone() };
    let payable = or_payable_exit(Payable::newest(replica, reader.as_ref()).await)?;
    let (mut claims, mut lines) = (vec![], vec![]);
    for name in names {
        let account = context.account(&name, &args.passphrase)?;
        match or_payable_exit(payable.leaf(&payee_of(&account)?))? {
            Some((leaf, proof)) => claims.push(Claim { account: account.to_string(), leaf, proof }),
            None => lines.push(Line {
                account: account.to_string(),
                in_tree: 0,
                claimed_before: 0,
                due: 0,
                fee_max: None,
                fee_parts: vec![],
                transaction: None,
                outcome: "no leaf in the newest payable tree: nothing to claim".into(),
            }),
        }
    }
    Ok((claims, lines))
}

async fn submitter(context: &Context, args: &ClaimArgs) -> eyre::Result<Arc<dyn Submitter>> {
    // The account's own key, where it was given by name.
    let chain = context.chain()?;
    let named = args.accounts.first().filter(|name| matches!(named_account(name, &chain), Ok(None)));
    let payer = key_name(&context.home, args.payer.as_deref().or(named.map(String::as_str)))?;
    let wallet = context.wallet(&payer, &args.passphrase)?;
    chain::submitter(&context.config.chain, &wallet).await.or_exit(Kind::Chain)
}

/// Claims one leaf. The store, which remembers what was sent, is opened only to send.
async fn one(
    store: &dyn Fn() -> eyre::Result<Store>,
    submitter: &dyn Submitter,
    args: &ClaimArgs,
    claim: Claim,
) -> eyre::Result<Line> {
    let Claim { account, leaf, proof } = claim;
    let before = submitter.claimed(&leaf.payee, At::Latest).await.or_exit(Kind::Chain)?.total;
    let due = leaf.amount.saturating_sub(before);
    let mut line = Line {
        account,
        in_tree: leaf.amount,
        claimed_before: before,
        due,
        fee_max: None,
        fee_parts: vec![],
        transaction: None,
        outcome: "claimed already: nothing is due".into(),
    };
    if due == 0 {
        return Ok(line);
    }
    let action = Action::Claim { leaf, proof };
    if args.dry_run {
        let quote = estimate(submitter, &action, args.fee.limit(submitter.chain()), &[]).await?;
        let unit = Coin::of(submitter.chain()).unit;
        line.outcome = format!("would be paid, for at most {} {unit}", quote.max);
        line.fee_max = Some(quote.max.to_string());
        line.fee_parts = quote.parts;
        return Ok(line);
    }
    let sent = send(&store()?, submitter, &action, args.fee.limit(submitter.chain())).await?;
    line.transaction = sent.transaction().map(str::to_owned);
    line.outcome = sent.words();
    Ok(line)
}
