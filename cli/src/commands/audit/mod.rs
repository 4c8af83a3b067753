//! `liaise audit`: checks others, from the ledger and the chain alone.

mod assignment;
mod chains;
mod epoch;
mod message;
mod supply;

use super::context::Context;
use crate::home::Home;
use clap::{Args, Subcommand};
use liaise_ledger::EpochNumber;

/// See the module.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Re-derive an epoch's history and filing and compare every byte with what was attested and accepted.
    Epoch(EpochArgs),
    /// What became of one message: who received it when, and whose pay rests on it.
    Message(MessageArgs),
    /// Draw a prompt's racers again: the order of accounts with their weights.
    Assignment(AssignmentArgs),
    /// Where every base unit of the schedule is: paid, payable, owed, or unemitted; the difference must be 0.
    Supply(SupplyArgs),
}

/// See [`AuditCommand::Epoch`].
#[derive(Debug, Args)]
pub struct EpochArgs {
    /// The epoch.
    #[arg(allow_negative_numbers = true)]
    epoch: EpochNumber,
    /// Leave the chain aside: compare with the oracles' attestation only.
    #[arg(long)]
    no_chain: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`AuditCommand::Message`].
#[derive(Debug, Args)]
pub struct MessageArgs {
    /// The message.
    id: String,
    /// The epoch to look at; by default the one that is done with the message, or the newest.
    #[arg(long, allow_negative_numbers = true)]
    epoch: Option<EpochNumber>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`AuditCommand::Assignment`].
#[derive(Debug, Args)]
pub struct AssignmentArgs {
    /// A prompt, a retrieval-add, or a ticket.
    id: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`AuditCommand::Supply`].
#[derive(Debug, Args)]
pub struct SupplyArgs {
    /// Ask the chain what each payee of the newest tree has had, too, and compare the sum: a question an account.
    #[arg(long)]
    each: bool,
    /// The books of every distributor that network.toml names, and all of them together against the schedule.
    #[arg(long, conflicts_with = "each")]
    all_chains: bool,
    /// Print JSON: amounts are base units, as decimal strings.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(command: AuditCommand, home: &Home) -> eyre::Result<()> {
    let context = Context::open(home)?;
    match command {
        AuditCommand::Epoch(args) => epoch::run(&context, &args).await,
        AuditCommand::Message(args) => message::run(&context, &args).await,
        AuditCommand::Assignment(args) => assignment::run(&context, &args).await,
        AuditCommand::Supply(args) if args.all_chains => chains::run(&context, args.json).await,
        AuditCommand::Supply(args) => supply::run(&context, &args).await,
    }
}

/// The exit code of what keeps an audit from being done: what does not hold together is no refusal.
pub fn or_audit_exit<T>(result: Result<T, liaise_node::AuditingError>) -> eyre::Result<T> {
    use crate::exit::{Kind, OrExit};
    use liaise_node::AuditingError as E;
    result.or_else(|error| {
        let kind = match &error {
            E::Chain(_) => Kind::Chain,
            E::Audit(_) => Kind::Integrity,
            _ => Kind::Refused,
        };
        Err(error).or_exit(kind)
    })
}
