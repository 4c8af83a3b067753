//! `liaise node`: run or check a node.

use super::context::or_node_exit;
use crate::exit::{Kind, OrExit};
use crate::home::Home;
use crate::output::{say, tell};
use crate::secrets::PassphraseArgs;
use clap::{Args, Subcommand};
use liaise_node::Node;
use liaise_node::config::NodeConfig;
use std::path::PathBuf;

/// See the module.
#[derive(Debug, Subcommand)]
pub enum NodeCommand {
    /// Run the node of a directory until it is told to stop.
    Run(NodeArgs),
    /// Read a node's configuration and say what is wrong with it; starts nothing.
    Check(NodeArgs),
}

/// Which node.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// The node's directory, with its node.toml.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Runs the command.
pub async fn run(command: NodeCommand, _home: &Home) -> eyre::Result<()> {
    match command {
        NodeCommand::Run(args) => serve(args).await,
        NodeCommand::Check(args) => {
            let config = NodeConfig::load(&args.dir).or_exit(Kind::Usage)?;
            liaise_node::read_genesis(&config.genesis).or_exit(Kind::Usage)?;
            say!("{} can be used", args.dir.join("node.toml").display());
            Ok(())
        }
    }
}

async fn serve(args: NodeArgs) -> eyre::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_env("LIAISE_LOG")
        // libp2p's own logs name addresses of peers.
        .unwrap_or_else(|_| {
            "info,libp2p=off,yamux=off,multistream_select=off,arc_malachitebft_core_consensus=warn".into()
        });
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        // It would say so on the standard error that just failed, and panic.
        .log_internal_errors(false)
        .init();
    let passphrase = args.passphrase.read(&format!("the keys in {}", args.dir.display()))?;
    let node = or_node_exit(Node::start(&args.dir, &passphrase).await)?;
    for note in &node.notes {
        tell(format_args!("{note}"));
    }
    // Whoever started this process waits for this line.
    tell(format_args!("ready"));
    stop_signal().await?;
    tell(format_args!("stopping"));
    node.shutdown().await;
    Ok(())
}

async fn stop_signal() -> eyre::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        done = tokio::signal::ctrl_c() => done?,
    }
    Ok(())
}
