//! `liaise demo`: the whole network on this machine, each node a process of its own, on real input.
//!
//! Only the calendar is virtual: the wall clock is the real one plus an offset that only grows, in one control file.
//! Latencies are measured by the stores' monotonic clocks, which nothing touches.

mod calendar;
mod chain;
mod claims;
mod corpus;
mod forger;
mod genesis;
mod network;
mod processes;
mod progress;
mod report;
mod work;

use crate::output::NOT_ADVICE;
use clap::Args;
use network::Network;
use progress::Stages;
use std::path::PathBuf;

/// Run the whole network on this machine.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// Stop when everything is paid, instead of keeping the network up until Ctrl-C.
    #[arg(long)]
    exit: bool,
    /// Questions to ask; all of the corpus's by default.
    #[arg(long, value_name = "N")]
    questions: Option<usize>,
    /// Passages to add to the documents; the whole corpus by default.
    #[arg(long, value_name = "N")]
    passages: Option<usize>,
    /// Directory of the network; a fresh one in the system's temporary directory by default.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Where report.html and report.json go; the network's directory by default.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
}

/// Runs the demo.
pub async fn run(args: DemoArgs) -> eyre::Result<()> {
    let mut stages = Stages::new();
    let corpus = corpus::Corpus::read(args.passages, args.questions)?;
    stages.say(&corpus.describe());
    let mut network = Network::start(args.dir.clone(), &mut stages).await?;
    let mut ledger = work::Ledger::default();

    network.open_term(&mut stages).await?;
    work::add_documents(&mut network, &corpus, &mut ledger, &mut stages).await?;
    network.close_epoch(&mut stages).await?;

    let (first, second) = corpus.questions.split_at(corpus.questions.len() / 2);
    work::ask(&mut network, &corpus, first, &mut ledger, &mut stages).await?;
    network.close_epoch(&mut stages).await?;

    network.lose_a_compute_node(&mut stages);
    work::remove_a_document(&mut network, &corpus, &mut ledger, &mut stages).await?;
    work::ask(&mut network, &corpus, second, &mut ledger, &mut stages).await?;
    network.close_epoch(&mut stages).await?;

    network.file_everything(&mut stages).await?;
    let paid = claims::claim_all(&network, &mut stages).await?;
    let report = report::Report::collect(&network, &corpus, &ledger, paid).await?;
    let dir = args.report.unwrap_or_else(|| network.dir().to_owned());
    report.write(&dir)?;
    report.print(&dir);
    println!("{NOT_ADVICE}");

    if !args.exit {
        println!("\nThe network stays up until Ctrl-C. From a second terminal:\n\n{}\n", network.second_terminal());
        tokio::signal::ctrl_c().await?;
    }
    network.stop().await;
    Ok(())
}
