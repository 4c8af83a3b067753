//! The `liaise` command line. A library only so that tests can run the demo's network step by step.

mod commands;
pub mod demo;
mod exit;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod home;
mod output;
mod secrets;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// A peer-to-peer network for AI work that pays by proof of useful work. Nothing here is investment advice.
#[derive(Debug, Parser)]
#[command(name = "liaise", version, propagate_version = true)]
struct Cli {
    /// Directory of this user's keys, configuration and copy of the ledger.
    #[arg(long, env = "LIAISE_HOME", global = true, value_name = "DIR")]
    home: Option<std::path::PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run or check a node.
    #[command(subcommand)]
    Node(commands::node::NodeCommand),
    /// Ask the network. Prompts are public for good.
    Prompt(commands::prompt::PromptArgs),
    /// Rate a result.
    Feedback(commands::prompt::FeedbackArgs),
    /// The documents that answers are read from.
    #[command(subcommand)]
    Retrieval(commands::retrieval::RetrievalCommand),
    /// Keys and accounts.
    #[command(subcommand)]
    Account(commands::account::AccountCommand),
    /// Accounts of several chains that are one owner's.
    #[command(subcommand)]
    Link(commands::link::LinkCommand),
    /// What an account earned, why, and the proof of it. Nothing here is investment advice.
    #[command(subcommand)]
    Rewards(commands::rewards::RewardsCommand),
    /// Have the distributor pay what is due. Nothing here is investment advice.
    Claim(commands::claim::ClaimArgs),
    /// What oracles derive, sign and file.
    #[command(subcommand)]
    Oracle(commands::oracle::OracleCommand),
    /// The term, the distributor and the veto.
    #[command(subcommand)]
    Dao(commands::dao::DaoCommand),
    /// Check others, from the ledger and the chain alone.
    #[command(subcommand)]
    Audit(commands::audit::AuditCommand),
    /// Messages to read, and CAR files in and out.
    #[command(subcommand)]
    Ledger(commands::ledger::LedgerCommand),
    /// What this machine can do for others.
    #[command(subcommand)]
    Compute(commands::compute::ComputeCommand),
    /// Print a shell's completion script.
    Completions(commands::completions::CompletionsArgs),
    /// Print the reference of all commands as Markdown, or write man pages.
    Manual(commands::manual::ManualArgs),
    /// Run the whole network on this machine, on real input.
    Demo(demo::DemoArgs),
}

/// The longest wait for work that is under way when a command is done.
const SHUTDOWN: std::time::Duration = std::time::Duration::from_secs(3);

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Both of rustls' providers are in this tree; one must be named before the first connection.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let home = home::Home::new(cli.home);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no threads to work with: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Node(command) => commands::node::run(command, &home).await,
            Command::Account(command) => commands::account::run(command, &home),
            Command::Link(command) => commands::link::run(command, &home).await,
            Command::Rewards(command) => commands::rewards::run(command, &home).await,
            Command::Claim(args) => commands::claim::run(args, &home).await,
            Command::Oracle(command) => commands::oracle::run(command, &home).await,
            Command::Dao(command) => commands::dao::run(command, &home).await,
            Command::Prompt(args) => commands::prompt::run(args, &home).await,
            Command::Feedback(args) => commands::prompt::feedback(args, &home).await,
            Command::Retrieval(command) => commands::retrieval::run(command, &home).await,
            Command::Audit(command) => commands::audit::run(command, &home).await,
            Command::Ledger(command) => commands::ledger::run(command, &home).await,
            Command::Compute(command) => commands::compute::run(command).await,
            Command::Completions(args) => commands::completions::run(&args),
            Command::Manual(args) => commands::manual::run(&args),
            Command::Demo(args) => demo::run(args).await,
        }
    });
    // Threads that still use a store while the process's own destructors run would end it noisily; whatever blocks for
    // longer would hold it for nothing.
    runtime.shutdown_timeout(SHUTDOWN);
    exit::report(outcome)
}
