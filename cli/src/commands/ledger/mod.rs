//! `liaise ledger`: messages to read, and CAR files in and out.

mod car;
mod show;
mod text;

use super::context::Context;
use crate::exit::{Kind, OrExit};
use crate::home::Home;
use crate::output::{self, say};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;

pub use text::escape;

/// See the module.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Bring this copy of the ledger up to date.
    Sync(SyncArgs),
    /// Write the ledger, or a part of it, as a CAR file that any IPLD tool reads.
    Export(ExportArgs),
    /// Take messages and blobs from a CAR file into this copy; each is verified.
    Import(ImportArgs),
    /// Print a message, or the tree of what follows from it.
    Show(ShowArgs),
}

/// See [`LedgerCommand::Sync`].
#[derive(Debug, Args)]
pub struct SyncArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`LedgerCommand::Export`].
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The file; it must not exist.
    file: PathBuf,
    /// One task: its prompt or retrieval-add.
    #[arg(long, value_name = "ID", conflicts_with = "epochs")]
    task: Option<String>,
    /// A range of epochs, as FIRST..LAST, both included.
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    epochs: Option<String>,
    /// Export what is here, without asking the stores for more.
    #[arg(long)]
    offline: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`LedgerCommand::Import`].
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file.
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`LedgerCommand::Show`].
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The message.
    id: String,
    /// What follows from it as well: its children and theirs.
    #[arg(long)]
    tree: bool,
    /// Look at what is here, without asking the stores for more.
    #[arg(long)]
    offline: bool,
    /// Print JSON: bytes in hex, ids as text.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(command: LedgerCommand, home: &Home) -> eyre::Result<()> {
    let context = Context::open(home)?;
    match command {
        LedgerCommand::Sync(args) => {
            let messages = context.current().await?.store.head().or_exit(Kind::Integrity)?;
            if args.json {
                return output::json(&json!({"messages": messages}));
            }
            say!("{messages} messages are here");
            Ok(())
        }
        LedgerCommand::Export(args) => car::export(&context, args).await,
        LedgerCommand::Import(args) => car::import(&context, args).await,
        LedgerCommand::Show(args) => show::run(&context, &args).await,
    }
}

/// The copy of the ledger, brought up to date unless it is to stay as it is.
async fn store(context: &Context, offline: bool) -> eyre::Result<liaise_store::Store> {
    if offline { context.store() } else { Ok(context.current().await?.store) }
}
