//! `liaise oracle`: what oracles derive, sign and file; on anybody's copy of the ledger, or in an operator's directory.

mod check;
mod derive;
mod dispute;
pub mod evidence;
mod journal;
mod operate;
mod pay;
mod status;

use super::context::Context;
use super::node::{NodeArgs, NodeCommand};
use super::submit::FeeArgs;
use crate::home::Home;
use crate::secrets::PassphraseArgs;
use clap::{Args, Subcommand};
use liaise_ledger::{ChainId, EpochNumber};
use std::path::PathBuf;

pub use status::{describe, pending};

/// See the module.
#[derive(Debug, Subcommand)]
pub enum OracleCommand {
    /// Run an oracle's node: the same as `liaise node run`.
    Run(NodeArgs),
    /// Say what keeps an oracle from working, or soon will, each with its remedy; starts nothing.
    Check(check::CheckArgs),
    /// How the distributor stands, and what is sealed and attested.
    Status(JsonArgs),
    /// Fold an epoch on this copy of the ledger, from genesis on.
    Fold(EpochArgs),
    /// What the epochs up to one pay on a chain, to whom, and what waits: every owner gets the same on every chain.
    Pay(pay::PayArgs),
    /// Compute an epoch's root two ways and compare it with the statement on the chain.
    Verify(EpochArgs),
    /// Fold, attest and sign once, in an operator's directory; sends nothing to the chain.
    Sign(OperatorArgs),
    /// File what a quorum has signed, once, with the submitter's key of an operator's directory.
    Submit(SubmitArgs),
    /// Compare the pending statement with what this oracle derives; where they differ, write the evidence for a veto.
    Dispute(dispute::DisputeArgs),
    /// Move an oracle to another host.
    #[command(subcommand)]
    Journal(journal::JournalCommand),
}

/// How to print.
#[derive(Debug, Args)]
pub struct JsonArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Which epoch.
#[derive(Debug, Args)]
pub struct EpochArgs {
    /// The epoch; the newest one that it can be done for by default.
    #[arg(allow_negative_numbers = true)]
    epoch: Option<EpochNumber>,
    /// Derive it from the messages that are here, without asking the stores for more; beacon rounds are fetched all the
    /// same, for they are no messages.
    #[arg(long)]
    offline: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl EpochArgs {
    async fn replica(&self, context: &Context) -> eyre::Result<liaise_node::Replica> {
        if self.offline { context.replica().await } else { context.current().await }
    }
}

/// Which operator.
#[derive(Debug, Args)]
pub struct OperatorArgs {
    /// The oracle's directory, with its node.toml; its node must not be running.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// One of the chains of node.toml, CAIP-2; that of the present term by default.
    #[arg(long, value_name = "CHAIN")]
    chain: Option<ChainId>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`OracleCommand::Submit`].
#[derive(Debug, Args)]
pub struct SubmitArgs {
    #[command(flatten)]
    operator: OperatorArgs,
    /// Print what would be sent and what it would cost, and send nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    fee: FeeArgs,
}

/// Runs the command.
pub async fn run(command: OracleCommand, home: &Home) -> eyre::Result<()> {
    match command {
        OracleCommand::Run(args) => super::node::run(NodeCommand::Run(args), home).await,
        OracleCommand::Status(args) => status::run(&Context::open(home)?, args.json).await,
        OracleCommand::Fold(args) => derive::fold(&Context::open(home)?, &args).await,
        OracleCommand::Pay(args) => pay::run(&Context::open(home)?, &args).await,
        OracleCommand::Verify(args) => derive::verify(&Context::open(home)?, &args).await,
        OracleCommand::Sign(args) => operate::sign(&args).await,
        OracleCommand::Submit(args) => operate::submit(&args).await,
        OracleCommand::Check(args) => check::run(&args).await,
        OracleCommand::Dispute(args) => dispute::run(&args).await,
        OracleCommand::Journal(command) => journal::run(command).await,
    }
}
