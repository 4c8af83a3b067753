//! `liaise dao decree`: what the DAO decides about the network, as a file that its members sign one after the other.

mod file;
mod sign;
mod write;

use super::shared;
use crate::commands::context::{Context, epoch_now};
use crate::output::{self, say};
use crate::secrets::PassphraseArgs;
use clap::{Args, Subcommand};
use liaise_ledger::{EpochNumber, Hash};
use liaise_node::Replica;
use liaise_oracle::fold::Shared;
use serde_json::json;
use std::path::PathBuf;

/// See the module.
#[derive(Debug, Subcommand)]
pub enum DecreeCommand {
    /// Write the next decree into a file, for the DAO's members to sign; nothing is published.
    New(NewArgs),
    /// Say in plain words what a decree's file changes, and who has signed it.
    Show(ShowArgs),
    /// Sign a decree's file with a key of the DAO's set; the threshold's last signature publishes it.
    Sign(SignArgs),
    /// The decrees in force: deployments, rows of the table of terms, models.
    List(ListArgs),
}

/// See [`DecreeCommand::New`].
#[derive(Debug, Args)]
pub struct NewArgs {
    #[command(subcommand)]
    what: What,
    /// First epoch in which it counts, at least two after its seal; rows and deployments count from their seal.
    #[arg(long, value_name = "EPOCH", global = true, allow_negative_numbers = true)]
    effective: Option<EpochNumber>,
    /// The on-chain proposal that it carries out.
    #[arg(long, value_name = "ID", global = true)]
    proposal: Option<String>,
    /// The new file.
    #[arg(long, value_name = "FILE", global = true, default_value = "decree.toml")]
    out: PathBuf,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The work of a model adapter earns from the effective epoch on.
    Certify {
        /// The adapter's bundle.
        bundle: PathBuf,
    },
    /// The work of a certified adapter earns no more.
    Withdraw {
        /// Its id, in hex.
        adapter: Hash,
        /// Why, for everybody to read.
        #[arg(long)]
        reason: String,
    },
    /// The distributor of this network.toml may be opened: what it is built with is read from its chain.
    Distributor,
    /// A distributor holds the term from an epoch on: the first term, or an emergency.
    Row {
        /// First epoch of the range.
        first: EpochNumber,
        /// The distributor, in hex: `liaise dao status` prints it.
        new: Hash,
        /// The one that it takes the term from; nobody where it is left out: the first term.
        #[arg(long, value_name = "HEX")]
        old: Option<Hash>,
    },
}

/// See [`DecreeCommand::Show`].
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The decree's file.
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`DecreeCommand::Sign`].
#[derive(Debug, Args)]
pub struct SignArgs {
    /// The decree's file.
    file: PathBuf,
    /// The key of the DAO's set: a name in keys/.
    #[arg(long, value_name = "NAME")]
    key: String,
    /// Keep the signature in the file, and publish nothing.
    #[arg(long)]
    keep: bool,
    /// Say what would be signed, and sign nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`DecreeCommand::List`].
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(context: &Context, command: DecreeCommand) -> eyre::Result<()> {
    match command {
        DecreeCommand::New(args) => write::new(context, args).await,
        DecreeCommand::Show(args) => sign::show(context, &args).await,
        DecreeCommand::Sign(args) => sign::sign(context, &args).await,
        DecreeCommand::List(args) => list(context, &args).await,
    }
}

/// The state that a decree follows, and the next epoch to be sealed.
async fn standing(context: &Context) -> eyre::Result<(Replica, Option<Shared>, EpochNumber)> {
    let replica = context.current().await?;
    let known = shared(&replica).await?;
    let next = known.as_ref().map_or(-1, |(epoch, _)| epoch + 1).max(epoch_now(&replica));
    Ok((replica, known.map(|(_, shared)| shared), next))
}

async fn list(context: &Context, args: &ListArgs) -> eyre::Result<()> {
    let (_, known, _) = standing(context).await?;
    let known = known.unwrap_or_else(|| Shared::of_genesis(&context.genesis));
    if args.json {
        return output::json(&json!({
            "number": known.decree, "digest": known.decree_digest, "distributors": known.distributors,
            "rows": known.rows, "adapters": known.adapters,
        }));
    }
    say!("last decree     {}", known.decree);
    for decreed in &known.distributors {
        say!(
            "distributor     {} on {}, sealed with epoch {}",
            decreed.value.distributor,
            decreed.value.chain,
            decreed.seal
        );
    }
    for row in &known.rows {
        say!("row             epoch {} on: {}", row.first, row.new);
    }
    for adapter in &known.adapters {
        let until = adapter.until.map_or(String::new(), |until| format!(" until epoch {until}"));
        say!("adapter         {}{until}", adapter.id);
    }
    Ok(())
}

#[cfg(test)]
mod sample {
    use liaise_ledger::Hash;
    use liaise_ledger::body::{Act, DecreeValue};

    /// An act with any value.
    pub fn act(value: DecreeValue) -> Act {
        let (previous, network) = (Some(Hash([1; 32])), Hash([2; 32]));
        Act { number: 3, previous, network, effective: 9, proposal: Some("42".into()), value }
    }
}
