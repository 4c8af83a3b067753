//! `liaise demo`: the whole network on this machine, each node a process of its own, on real input.
//!
//! Only the calendar is virtual: the wall clock is the real one plus an offset that only grows, in one control file.
//! Latencies are measured by the stores' monotonic clocks, which nothing touches.

mod calendar;
mod chain;
mod claims;
mod commands;
mod corpus;
mod directories;
mod filing;
mod forger;
mod genesis;
mod handover;
mod incidents;
mod links;
mod network;
mod opening;
mod processes;
mod progress;
mod report;
mod site;
mod stay;
mod work;

use crate::exit::{Kind, fail};
use crate::output::NOT_ADVICE;
use clap::Args;
use liaise_ledger::Account;
use std::collections::BTreeMap;
use std::path::PathBuf;

pub use chain::ChainName;
pub use claims::claim_all;
pub use corpus::Corpus;
pub use filing::{beat, file_everything};
pub use genesis::local_parameters;
pub use network::{Network, Plan};
pub use progress::Stages;
pub use work::{Exchange, Ledger, add_documents, ask};

/// The epoch whose statement the guardian vetoes.
const VETOED: i64 = 1;
/// The compute node that goes away.
const LOST: &str = "node-4";

/// Run the whole network on this machine.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// Stop when everything is paid, instead of keeping the network up until Ctrl-C.
    #[arg(long)]
    exit: bool,
    /// The chain that holds the term.
    #[arg(long, value_enum, default_value_t)]
    chain: ChainName,
    /// On Bitcoin Cash: replace nine blocks while a statement waits, and rehearse a hand-over and a reopening on a chain beside.
    #[arg(long)]
    incidents: bool,
    /// Let the term go from Arbitrum to Solana, to Bitcoin Cash and back, in short terms, with claims on each; one key a chain has the
    /// DAO's rights. It ends with the supply of all chains added up against the schedule.
    #[arg(long, conflicts_with_all = ["chain", "incidents", "trial", "report"])]
    handover: bool,
    /// Give the DAO's rights to one key instead of an m-of-n account or a governor.
    #[arg(long)]
    trial: bool,
    /// Questions to ask, at most.
    #[arg(long, value_name = "N", default_value_t = 200)]
    questions: usize,
    /// Passages to add to the documents; the whole corpus by default.
    #[arg(long, value_name = "N")]
    passages: Option<usize>,
    /// Directory of the network; a fresh one in the system's temporary directory by default.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Where report.html and report.json go; the network's directory by default.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Bundle of the retrieval model that the network certifies and serves; the one that set-up installed by default.
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
}

/// Runs the demo.
pub async fn run(args: DemoArgs) -> eyre::Result<()> {
    if args.incidents && args.chain != ChainName::Bch {
        return fail(Kind::Usage, "--incidents: the steps are Bitcoin Cash's, name --chain bch");
    }
    let stages = Stages::new();
    if args.handover {
        return handover::run(&args, std::env::current_exe()?, &stages).await;
    }
    let corpus = Corpus::read(args.passages, Some(args.questions))?;
    stages.say(&corpus.describe());
    let (program, parameters) = (std::env::current_exe()?, local_parameters());
    let plan = Plan {
        chain: args.chain,
        trial: args.trial,
        dir: args.dir.clone(),
        bundle: args.bundle.clone(),
        ..Plan::new(program, parameters)
    };
    let mut network = Network::start(plan, &stages).await?;
    let mut ledger = Ledger::default();

    network.open_term(&stages).await?;
    add_documents(&network, &corpus, &stages).await?;
    network.close_epoch(&stages).await?;

    let (first, second) = corpus.questions.split_at(corpus.questions.len() / 2);
    ask(&network, first, &mut ledger, &stages).await?;
    network.close_epoch(&stages).await?;

    network.kill(LOST).await;
    stages.say(&format!("{LOST} is killed (SIGKILL): its unfinished tasks go to the next of the draw"));
    let before = ledger.asked.first().cloned();
    let removed = async {
        match &before {
            Some(before) => work::remove_a_document(&network, &corpus, before, &stages).await.map(Some),
            None => Ok(None),
        }
    };
    // The others ask meanwhile: its question waits for its own ticket only.
    let (removal, ()) = tokio::try_join!(removed, ask(&network, second, &mut ledger, &stages))?;
    ledger.removal = removal;
    network.close_epoch(&stages).await?;

    if args.incidents {
        incidents::reorganise(&mut network, &stages).await?;
    }
    file_everything(&mut network, Some(VETOED), &stages).await?;
    if args.incidents {
        incidents::rehearse(&network, &stages).await?;
    }
    let paid = claims::claim_all(&network, &stages).await?;
    let report = report::Report::collect(&network, &corpus, &ledger, paid).await?;
    let dir = args.report.unwrap_or_else(|| network.dir().to_owned());
    report.write(&dir)?;
    report.print(&dir);
    println!("{NOT_ADVICE}");

    if !args.exit {
        stay::stay(&mut network, &stages).await?;
    }
    network.stop().await;
    Ok(())
}

/// The demo's names of accounts.
fn names(network: &Network) -> BTreeMap<Account, String> {
    let people = network.founding.nodes.iter().chain(&network.founding.users);
    people.map(|person| (person.account(), person.name.clone())).collect()
}
