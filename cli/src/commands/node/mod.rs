//! `liaise node`: make a node's directory, check it, run it, and see how often it is drawn.

mod bundle;
mod check;
mod init;
mod odds;
mod run;
mod session_file;

use crate::home::Home;
use crate::secrets::PassphraseArgs;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// See the module.
#[derive(Debug, Subcommand)]
pub enum NodeCommand {
    /// Make a compute node's directory: its configuration, its hot key, and your wallet's signature for that key.
    Init(init::InitArgs),
    /// Say what would keep a node from running; starts nothing.
    Check(check::CheckArgs),
    /// Run the node of a directory until it is told to stop.
    Run(NodeArgs),
    /// How likely each compute node of the newest snapshot is to be drawn first.
    Odds(odds::OddsArgs),
}

/// Which node.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// The node's directory, with its node.toml.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Stop when standard input ends as well: for a program that starts nodes, and must not leave them behind however it
    /// ends itself.
    #[arg(long)]
    stop_with_stdin: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Runs the command.
pub async fn run(command: NodeCommand, home: &Home) -> eyre::Result<()> {
    match command {
        NodeCommand::Init(args) => init::run(&args, home).await,
        NodeCommand::Check(args) => check::run(&args).await,
        NodeCommand::Run(args) => run::serve(args).await,
        NodeCommand::Odds(args) => odds::run(&args, home).await,
    }
}
