//! After the demo the network stays up: a second terminal joins it, and Enter here ends the epoch that goes on.

use super::network::Network;
use super::progress::Stages;
use super::{filing, names};
use crate::output::{NOT_ADVICE, table, xlv_number};
use cid::Cid;
use liaise_ledger::Body;
use liaise_oracle::fold::Statement;
use liaise_store::{Store, StoreError};
use std::time::Duration;
use tokio::sync::mpsc;

/// A ticket that nothing was asked with for so long is given up.
const UNUSED_MS: u64 = 60_000;
/// Verdicts that settle a task.
const VERDICTS: usize = 2;

/// Serves until Ctrl-C.
pub async fn stay(network: &mut Network, stages: &Stages) -> eyre::Result<()> {
    println!("\nThe network stays up until Ctrl-C. In a second terminal:\n\n{}", network.second_terminal());
    let mut lines = lines();
    loop {
        println!("\nEnter ends epoch {}, files it and shows who earned what; Ctrl-C stops the network.", network.epoch);
        // Whoever started this process waits for this line.
        println!("up");
        tokio::select! {
            Some(()) = lines.recv() => end_epoch(network, stages).await?,
            done = tokio::signal::ctrl_c() => return Ok(done?),
        }
    }
}

/// Lines of standard input. A thread, for a terminal can only be read blockingly.
fn lines() -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            if line.is_err() || sender.blocking_send(()).is_err() {
                return;
            }
        }
    });
    receiver
}

async fn end_epoch(network: &mut Network, stages: &Stages) -> eyre::Result<()> {
    let epoch = network.epoch;
    let stage = stages.begin("the calendar waits until no ticket is open", 0);
    while open_ticket(network)? {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    stage.done(stages, "none is open");
    network.close_epoch(stages).await?;
    filing::file_everything(network, None, stages).await?;
    show(network, epoch).await
}

/// Whether somebody has a ticket of now whose task is not settled.
fn open_ticket(network: &Network) -> eyre::Result<bool> {
    let (store, now_ms) = (&network.replica.store, network.calendar.wall_ms());
    let deadline_ms = network.founding.genesis.parameters.deadline_s * 1000;
    for id in store.kind("ticket")? {
        let Some(ticket) = store.load(&id)? else { continue };
        let age_ms = now_ms.saturating_sub(ticket.message.time_ms);
        // What is long over needs no look at its task: the ledger is full of it.
        if age_ms >= deadline_ms.max(UNUSED_MS) {
            continue;
        }
        let tasks =
            those_that(store, store.children(&id)?, |body| matches!(body, Body::Prompt(_) | Body::RetrievalAdd(_)))?;
        if tasks.is_empty() && age_ms < UNUSED_MS {
            return Ok(true);
        }
        for task in tasks.into_iter().filter(|_| age_ms < deadline_ms) {
            if those_that(store, store.task(&task)?, |body| matches!(body, Body::Verdict(_)))?.len() < VERDICTS {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Those of some messages whose bodies are of a kind.
fn those_that(store: &Store, ids: Vec<Cid>, of_kind: impl Fn(&Body) -> bool) -> Result<Vec<Cid>, StoreError> {
    let mut found = vec![];
    for id in ids {
        if store.load(&id)?.is_some_and(|message| of_kind(&message.message.body)) {
            found.push(id);
        }
    }
    Ok(found)
}

/// Who earned what in an epoch.
async fn show(network: &Network, epoch: i64) -> eyre::Result<()> {
    let histories = network.library.histories();
    let Some(block) = histories.of(epoch).await? else { eyre::bail!("epoch {epoch} is not attested") };
    let rows: Vec<Statement> = histories.rows(epoch, &block.statements).await?;
    let names = names(network);
    let mut earned = table(&["account", "won", "judged", "prompted", "net XLV"]);
    for row in &rows {
        let name = names.get(&row.account).cloned().unwrap_or_else(|| row.account.to_string());
        let amounts = [row.won, row.judged, row.prompted, row.net].map(|amount| xlv_number(amount.into()));
        earned.add_row(std::iter::once(name).chain(amounts));
    }
    println!("\nepoch {epoch}\n{earned}\n{NOT_ADVICE}");
    Ok(())
}
