//! `liaise rewards`: what an account earned, why, and the proof of it.

mod chains;
mod explain;
mod payouts;
pub mod proof_file;
mod prove;
mod show;

use super::context::Context;
use crate::exit::{Kind, OrExit};
use crate::home::Home;
use crate::secrets::PassphraseArgs;
use clap::{Args, Subcommand};
use liaise_ledger::{Account, EpochNumber};
use liaise_node::{Histories, Payable, PayableError};
use liaise_oracle::fold::Statement;
use liaise_summary::Payee;
use std::path::PathBuf;

/// See the module.
#[derive(Debug, Subcommand)]
pub enum RewardsCommand {
    /// What an account earned epoch by epoch, what is claimed, and what can be claimed now; where pay goes out in batches
    /// (Bitcoin Cash), how each payout stands.
    Show(ShowArgs),
    /// Why an account earned what it earned, each reason with the messages that it rests on.
    Explain(ExplainArgs),
    /// The account's leaf in the newest payable tree with its proof, for a claim from anywhere.
    Prove(ProveArgs),
}

/// Whose rewards.
#[derive(Debug, Args)]
pub struct WhoArgs {
    /// CAIP-10 account, address on the term's chain, or name of one of your keys; your only key by default.
    account: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON: amounts are base units, as decimal strings.
    #[arg(long)]
    json: bool,
}

/// See [`RewardsCommand::Show`].
#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    who: WhoArgs,
    /// What the owner has on every chain that network.toml names, by all linked accounts, and what to do about it.
    #[arg(long)]
    all_chains: bool,
}

/// See [`RewardsCommand::Explain`].
#[derive(Debug, Args)]
pub struct ExplainArgs {
    #[command(flatten)]
    who: WhoArgs,
    /// One epoch; all attested ones by default.
    #[arg(long, allow_negative_numbers = true)]
    epoch: Option<EpochNumber>,
}

/// See [`RewardsCommand::Prove`].
#[derive(Debug, Args)]
pub struct ProveArgs {
    #[command(flatten)]
    who: WhoArgs,
    /// Write the proof into a new file instead of printing it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Prove from the artefacts that are here, imported from a CAR file for example: no store is asked, only the chain.
    #[arg(long)]
    offline: bool,
}

/// Runs the command.
pub async fn run(command: RewardsCommand, home: &Home) -> eyre::Result<()> {
    let context = Context::open(home)?;
    match command {
        RewardsCommand::Show(args) if args.all_chains => chains::run(&context, &args.who).await,
        RewardsCommand::Show(args) => show::run(&context, &args.who).await,
        RewardsCommand::Explain(args) => explain::run(&context, &args).await,
        RewardsCommand::Prove(args) => prove::run(&context, &args).await,
    }
}

impl WhoArgs {
    fn account(&self, context: &Context) -> eyre::Result<Account> {
        let text = match &self.account {
            Some(text) => text.clone(),
            None => super::context::key_name(&context.home, None)?,
        };
        context.account(&text, &self.passphrase)
    }
}

/// Where an account is paid in the reward tree.
pub fn payee_of(account: &Account) -> eyre::Result<Payee> {
    let key_hash = || account.bch_key_hash().map(Payee::from_20);
    let payee = account.payee().map(Payee).or_else(key_hash);
    payee.ok_or_else(|| eyre::eyre!("{account} is an account that no tree pays")).or_exit(Kind::Usage)
}

/// The exit code of what keeps the newest payable tree away.
pub fn or_payable_exit<T>(result: Result<T, PayableError>) -> eyre::Result<T> {
    result.or_else(|error| {
        let kind = match &error {
            error if error.is_proof() => Kind::Proof,
            PayableError::Chain(_) | PayableError::NoStatement(_) => Kind::Chain,
            _ => Kind::Refused,
        };
        Err(error).or_exit(kind)
    })
}

/// The newest payable tree; `None` where nothing is payable yet.
pub async fn payable_or_none(
    replica: &liaise_node::Replica,
    reader: &dyn liaise_chain_api::DistributorReader,
) -> eyre::Result<Option<Payable>> {
    match Payable::newest(replica, reader).await {
        Err(PayableError::NothingYet) => Ok(None),
        other => or_payable_exit(other).map(Some),
    }
}

/// An account's statement in every attested epoch of a range, oldest first.
async fn statements(
    histories: &Histories,
    account: &Account,
    epochs: std::ops::RangeInclusive<EpochNumber>,
) -> eyre::Result<Vec<(EpochNumber, Statement)>> {
    let mut found = vec![];
    for epoch in epochs {
        let Some(block) = histories.of(epoch).await.or_exit(Kind::Refused)? else { continue };
        let rows: Vec<Statement> = histories.rows(epoch, &block.statements).await.or_exit(Kind::Integrity)?;
        let own = rows.into_iter().filter(|row| row.account == *account).collect();
        found.extend(Statement::joined(own).into_iter().map(|statement| (epoch, statement)));
    }
    Ok(found)
}
