//! The demo's work: documents are added, questions asked, one document removed.

use super::corpus::Corpus;
use super::network::Network;
use super::progress::Stages;
use cid::Cid;
use eyre::WrapErr;
use futures::StreamExt;
use liaise_compute::retrieval::{Passage, Question};
use liaise_ledger::Verified;
use liaise_ledger::body::Chunk;
use liaise_ledger::hash::blob_cid;
use liaise_node::client::{Answer, Asked, Client, Confirmation};
use liaise_node::rpc::{Request, Response};
use std::time::Duration;

/// Chunks of one task.
const CHUNKS: usize = 24;
/// Tasks under way at once: more would measure each other's threads.
const IN_FLIGHT: usize = 2;
/// Tickets taken ahead at once.
const TICKETS_AHEAD: usize = 6;
/// The longest that a task may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// The most units that a task may count.
const MAX_UNITS: u64 = 10_000;

/// What was asked and what came of it.
#[derive(Default)]
pub struct Ledger {
    /// Questions in the order of their confirmation.
    pub asked: Vec<Exchange>,
    /// The document that was removed, and the answers to its question before and after.
    pub removal: Option<Removal>,
}

/// A question and its answer.
#[derive(Clone)]
pub struct Exchange {
    /// The question.
    pub question: Question,
    /// The prompt.
    pub prompt: Cid,
    /// The first answer, unconfirmed.
    pub first: Answer,
    /// What others confirmed.
    pub confirmed: Confirmation,
}

/// See [`Ledger::removal`].
#[derive(Clone)]
pub struct Removal {
    /// Where the removed passage stood.
    pub source: String,
    /// The question whose answer cited it.
    pub question: String,
    /// What is cited now.
    pub now: Vec<String>,
}

/// The curator adds the corpus, task by task.
pub async fn add_documents(network: &Network, corpus: &Corpus, stages: &Stages) -> eyre::Result<()> {
    let groups: Vec<&[Passage]> = corpus.passages.chunks(CHUNKS).collect();
    let stage = stages.begin("documents are embedded", groups.len());
    let curator = network.users[0].clone();
    let tasks = futures::stream::iter(groups).map(|group| {
        let (curator, stage) = (&curator, &stage);
        async move {
            let blobs = group.iter().map(|passage| passage.text.as_bytes().to_vec()).collect();
            put_blobs(network, blobs).await?;
            let chunk =
                |passage: &Passage| Chunk { blob: blob_cid(passage.text.as_bytes()), source: Corpus::source(passage) };
            let ticket = ticket(network, curator).await?;
            let asked = curator.add_documents(&ticket, group.iter().map(chunk).collect()).await?;
            curator.confirmation(&asked, PATIENCE).await.wrap_err("a batch of documents was not confirmed")?;
            stage.step();
            Ok::<_, eyre::Report>(())
        }
    });
    let done: Vec<eyre::Result<()>> = tasks.buffer_unordered(IN_FLIGHT).collect().await;
    done.into_iter().collect::<eyre::Result<Vec<()>>>()?;
    stage.done(
        stages,
        &format!("{} passages, each batch embedded by racers and checked by others", corpus.passages.len()),
    );
    Ok(())
}

async fn put_blobs(network: &Network, blobs: Vec<Vec<u8>>) -> eyre::Result<()> {
    let kept = network.replica.put_blobs(blobs).await;
    eyre::ensure!(kept >= network.founding.genesis.quorum(), "only {kept} stores took the documents' bytes");
    Ok(())
}

async fn ticket(network: &Network, client: &Client) -> eyre::Result<Verified> {
    let snapshot = network.epoch - 1;
    Ok(client.take_ticket(network.adapter, snapshot, MAX_UNITS).await?)
}

/// The users ask questions; tickets are taken ahead, so that nobody waits for rounds.
pub async fn ask(network: &Network, questions: &[Question], ledger: &mut Ledger, stages: &Stages) -> eyre::Result<()> {
    let stage = stages.begin(&format!("epoch {}: questions are asked", network.epoch), questions.len());
    let snapshot = newest_documents(network).await?;
    let ticketed = futures::stream::iter(questions.iter().enumerate()).map(|(i, question)| async move {
        let client = &network.users[1 + i % (network.users.len() - 1)];
        Ok::<_, eyre::Report>((client, question, ticket(network, client).await?))
    });
    let exchanges = ticketed
        .buffered(TICKETS_AHEAD)
        .map(|ticketed| {
            let stage = &stage;
            async move {
                let (client, question, ticket) = ticketed?;
                let asked = client.prompt(&ticket, &question.question, snapshot).await?;
                let exchange = follow(client, &asked, question).await;
                stage.step();
                exchange.wrap_err_with(|| format!("{:?}", question.question))
            }
        })
        .buffer_unordered(IN_FLIGHT);
    let done: Vec<eyre::Result<Exchange>> = exchanges.collect().await;
    let mut unanswered = 0;
    for exchange in done {
        match exchange {
            Ok(exchange) => ledger.asked.push(exchange),
            Err(error) => {
                unanswered += 1;
                stages.say(&format!("not confirmed: {error:#}"));
            }
        }
    }
    let mut waits: Vec<u64> = ledger.asked.iter().map(|exchange| exchange.first.waited_ms).collect();
    waits.sort_unstable();
    let median = waits.get(waits.len().saturating_sub(1) / 2).copied().unwrap_or_default();
    stage.done(
        stages,
        &format!(
            "{} asked, {unanswered} not confirmed in time; first answer after {median} ms (median)",
            questions.len()
        ),
    );
    Ok(())
}

async fn follow(client: &Client, asked: &Asked, question: &Question) -> eyre::Result<Exchange> {
    let first = client.first_answer(asked, PATIENCE).await?;
    let confirmed = client.confirmation(asked, PATIENCE).await?;
    Ok(Exchange { question: question.clone(), prompt: asked.task.id, first, confirmed })
}

/// The snapshot of the documents of the newest attested epoch.
pub async fn newest_documents(network: &Network) -> eyre::Result<liaise_ledger::Hash> {
    let newest = network.library.histories().newest(network.epoch - 1).await?;
    Ok(newest.ok_or_else(|| eyre::eyre!("no epoch is sealed yet"))?.retrieval)
}

/// The curator removes the passage that the first confirmed answer cites; the same question then cites another.
pub async fn remove_a_document(
    network: &Network,
    corpus: &Corpus,
    ledger: &mut Ledger,
    stages: &Stages,
) -> eyre::Result<()> {
    let Some(before) = ledger.asked.first().cloned() else { return Ok(()) };
    let stage = stages.begin("one document is removed", 0);
    let source = before.confirmed.answer.source.clone();
    let passage = corpus.passages.iter().find(|passage| Corpus::source(passage) == source);
    let Some(passage) = passage else { return Ok(()) };
    let blob = blob_cid(passage.text.as_bytes());
    network.users[0].remove_documents(vec![blob], "demo: removed on request".into()).await?;
    // The driver's own removal comes back to it through the stores; its library must know before it reads.
    network.library.remove(&[blob]);
    let client = network.users[1].clone();
    let ticket = ticket(network, &client).await?;
    let snapshot = newest_documents(network).await?;
    let asked = client.prompt(&ticket, &before.question.question, snapshot).await?;
    let after = follow(&client, &asked, &before.question).await?;
    let mut stores_with_bytes = 0;
    for link in network.replica.links.stores() {
        let answer = network.replica.links.ask(link, &Request::Blobs(vec![blob]), Duration::from_secs(10)).await?;
        stores_with_bytes += usize::from(matches!(answer, Response::Blobs(blobs) if blobs.iter().any(Option::is_some)));
    }
    let now = after.confirmed.answer.sources.clone();
    eyre::ensure!(!now.contains(&source), "the removed document {source} is still cited");
    eyre::ensure!(stores_with_bytes == 0, "{stores_with_bytes} stores still have the removed document's bytes");
    stage.done(stages, &format!("{source} is cited no more, its bytes are gone from every store"));
    ledger.removal = Some(Removal { source, question: before.question.question, now });
    Ok(())
}
