//! `liaise oracle journal`: an oracle moves to another host, and never signs two contents for one head on the way.

use super::check::oracle_config;
use super::operate;
use crate::commands::context::or_node_exit;
use crate::exit::{Kind, OrExit};
use crate::output::{self, say};
use crate::secrets::PassphraseArgs;
use clap::{Args, Subcommand};
use liaise_ledger::Hash;
use liaise_node::config::{NodeConfig, OracleRole};
use liaise_node::{blocking, keys, oracle_key, read_genesis};
use liaise_oracle::moving::{self, MoveError};
use liaise_oracle::quorum::OracleKey;
use liaise_store::{Options, Store};
use serde_json::json;
use std::path::PathBuf;

/// See the module.
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// On the new host: make its directory ready for the journal, and print the id to export for. It signs nothing before.
    Receive(ReceiveArgs),
    /// On the old host: write the journal for the new one. From then on this directory signs nothing any more, for good.
    Export(ExportArgs),
    /// On the new host: take the journal over. From then on it signs here.
    Import(ImportArgs),
}

/// See [`JournalCommand::Receive`].
#[derive(Debug, Args)]
pub struct ReceiveArgs {
    /// The new directory, with its node.toml; its node must not be running, and has signed nothing.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`JournalCommand::Export`].
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The old directory; its node must not be running.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The new host's id, as `receive` printed it there: no other host can take the file.
    #[arg(long, value_name = "HOST")]
    to: String,
    /// The file; it must not exist.
    file: PathBuf,
    /// Do not ask the stores first whether this is the newest journal: for a host without a network.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`JournalCommand::Import`].
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The new directory; its node must not be running.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The file that was exported for it.
    file: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(command: JournalCommand) -> eyre::Result<()> {
    match command {
        JournalCommand::Receive(args) => receive(&args).await,
        JournalCommand::Export(args) => export(&args).await,
        JournalCommand::Import(args) => import(&args).await,
    }
}

async fn receive(args: &ReceiveArgs) -> eyre::Result<()> {
    let (config, _) = oracle_config(&args.dir)?;
    let store = store(args.dir.join("ledger"), &config)?;
    let fresh = Hash(*keys::random_secret());
    let host = or_move_exit(blocking(move || moving::receive(&store, fresh)).await)?;
    if args.json {
        return output::json(&json!({"dir": args.dir, "host": host}));
    }
    say!("host            {host}");
    say!("It signs nothing until it has taken the journal. On the old host, with its node stopped:");
    say!("  liaise oracle journal export --dir DIR --to {host} FILE");
    Ok(())
}

async fn export(args: &ExportArgs) -> eyre::Result<()> {
    let to: Hash = args
        .to
        .parse()
        .map_err(|error| eyre::eyre!("--to: {error}; take the id that `liaise oracle journal receive` printed"))
        .or_exit(Kind::Usage)?;
    let (config, role) = oracle_config(&args.dir)?;
    let key = key(&config, &role, &args.passphrase)?;
    let store = match args.offline {
        true => store(args.dir.join("ledger"), &config)?,
        false => operate::current(&args.dir).await?.0.store,
    };
    let file = args.file.clone();
    let written = blocking(move || moving::export(&store, &key, to, &file)).await;
    let journal = or_move_exit(written)?;
    if args.json {
        return output::json(&json!({
            "file": args.file,
            "host": journal.to,
            "signed": journal.signed.len(),
            "submissions": journal.submissions.len(),
            "messages": journal.messages.len(),
        }));
    }
    say!(
        "{}: {} signatures, {} submissions, {} messages, for host {}",
        args.file.display(),
        journal.signed.len(),
        journal.submissions.len(),
        journal.messages.len(),
        journal.to
    );
    say!("This directory signs nothing any more. On the new host:");
    say!("  liaise oracle journal import --dir DIR {}", args.file.display());
    Ok(())
}

async fn import(args: &ImportArgs) -> eyre::Result<()> {
    let (config, role) = oracle_config(&args.dir)?;
    let key = key(&config, &role, &args.passphrase)?.public();
    // What the stores know of this key shows whether the file is the newest journal.
    let store = operate::current(&args.dir).await?.0.store;
    let file = args.file.clone();
    let imported = or_move_exit(blocking(move || moving::import(&store, &key, &file)).await)?;
    if args.json {
        return output::json(&json!({
            "dir": args.dir,
            "signed": imported.signed,
            "submissions": imported.submissions,
            "messages": imported.messages,
        }));
    }
    say!(
        "{} signatures, {} submissions and {} messages are taken over: the oracle signs here now.",
        imported.signed,
        imported.submissions,
        imported.messages
    );
    say!("  liaise oracle run --dir {}", args.dir.display());
    Ok(())
}

/// The store of a directory, without a network.
fn store(dir: PathBuf, config: &NodeConfig) -> eyre::Result<Store> {
    let genesis = or_node_exit(read_genesis(&config.genesis))?;
    Store::open(&dir, Options::new(genesis)).or_exit(Kind::Refused)
}

fn key(config: &NodeConfig, role: &OracleRole, passphrase: &PassphraseArgs) -> eyre::Result<OracleKey> {
    let genesis = or_node_exit(read_genesis(&config.genesis))?;
    let passphrase = passphrase.read(&role.key.display().to_string())?;
    or_node_exit(oracle_key(&genesis, role, &passphrase))
}

/// The exit code of what keeps an oracle from moving: a file that is not what it should be is no refusal.
pub fn or_move_exit<T>(result: Result<T, MoveError>) -> eyre::Result<T> {
    result.or_else(|error| {
        let kind = match &error {
            error if error.is_about_file() => Kind::Integrity,
            MoveError::Behind { .. } | MoveError::Rows(_) => Kind::Integrity,
            MoveError::File { .. } | MoveError::Newer { .. } => Kind::Usage,
            _ => Kind::Refused,
        };
        Err(error).or_exit(kind)
    })
}
