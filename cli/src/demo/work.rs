//! The demo's work: documents are added, questions asked, one document removed.

use super::corpus::Corpus;
use super::network::Network;
use super::progress::Stages;
use cid::Cid;
use eyre::WrapErr;
use futures::StreamExt;
use liaise_compute::retrieval::{Passage, Question};
use liaise_ledger::body::Chunk;
use liaise_ledger::hash::blob_cid;
use liaise_ledger::{Hash, Verified};
use liaise_node::client::{Answer, Asked, Client, ClientError, Confirmation};
use liaise_node::rpc::{Request, Response};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Chunks of one task.
const CHUNKS: usize = 24;
/// Races at once: more would measure each other's threads. What is only judged still holds nobody up.
const RACES: usize = 1;
/// Tasks under way at once, from the ticket to the confirmation.
const UNDER_WAY: usize = 16;
/// The longest that a task may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// The most units that a task may count.
const MAX_UNITS: u64 = 10_000;

/// The user who may change documents.
const CURATOR: usize = 0;

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

/// What holds tasks apart.
struct Lanes<'a> {
    network: &'a Network,
    races: Semaphore,
    /// A user's tickets that are neither used nor ended: one more would not count.
    tickets: Vec<Semaphore>,
}

impl<'a> Lanes<'a> {
    fn new(network: &'a Network) -> Lanes<'a> {
        let open = network.founding.genesis.parameters.tickets_open as usize;
        let tickets = network.users.iter().map(|_| Semaphore::new(open)).collect();
        Lanes { network, races: Semaphore::new(RACES), tickets }
    }

    /// One task of a user, from its ticket to its confirmation.
    async fn run<A: Future<Output = Result<Asked, ClientError>>>(
        &self,
        user: usize,
        ask: impl FnOnce(Verified) -> A,
    ) -> eyre::Result<(Asked, Answer, Confirmation)> {
        let client = &self.network.users[user];
        let open = self.tickets[user].acquire().await?;
        let ticket = ticket(self.network, client).await?;
        // Ahead of the race's place: nobody waits for rounds.
        client.drawn(&ticket).await?;
        let race = self.races.acquire().await?;
        let asked = ask(ticket).await?;
        drop(open);
        let first = client.first_answer(&asked, PATIENCE).await?;
        drop(race);
        let confirmed = client.confirmation(&asked, PATIENCE).await?;
        Ok((asked, first, confirmed))
    }
}

/// The curator adds the corpus, task by task.
pub async fn add_documents(network: &Network, corpus: &Corpus, stages: &Stages) -> eyre::Result<()> {
    let groups: Vec<&[Passage]> = corpus.passages.chunks(CHUNKS).collect();
    let stage = stages.begin("documents are embedded", groups.len());
    let lanes = Lanes::new(network);
    let tasks = futures::stream::iter(groups).map(|group| {
        let (lanes, stage) = (&lanes, &stage);
        async move {
            let blobs = group.iter().map(|passage| passage.text.as_bytes().to_vec()).collect();
            put_blobs(network, blobs).await?;
            let chunk =
                |passage: &Passage| Chunk { blob: blob_cid(passage.text.as_bytes()), source: Corpus::source(passage) };
            let chunks = group.iter().map(chunk).collect();
            let done =
                lanes.run(CURATOR, |ticket| async move { network.users[CURATOR].add_documents(&ticket, chunks).await });
            done.await.wrap_err("a batch of documents was not confirmed")?;
            stage.step();
            Ok::<_, eyre::Report>(())
        }
    });
    let done: Vec<eyre::Result<()>> = tasks.buffer_unordered(UNDER_WAY).collect().await;
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

/// The users ask questions.
pub async fn ask(network: &Network, questions: &[Question], ledger: &mut Ledger, stages: &Stages) -> eyre::Result<()> {
    let stage = stages.begin(&format!("epoch {}: questions are asked", network.epoch), questions.len());
    let snapshot = newest_documents(network).await?;
    let lanes = Lanes::new(network);
    let exchanges = futures::stream::iter(questions.iter().enumerate()).map(|(i, question)| {
        let (lanes, stage) = (&lanes, &stage);
        async move {
            let exchange = exchange(lanes, 1 + i % (network.users.len() - 1), question, snapshot).await;
            stage.step();
            exchange.wrap_err_with(|| format!("{:?}", question.question))
        }
    });
    let done: Vec<eyre::Result<Exchange>> = exchanges.buffer_unordered(UNDER_WAY).collect().await;
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

async fn exchange(lanes: &Lanes<'_>, user: usize, question: &Question, snapshot: Hash) -> eyre::Result<Exchange> {
    let client = &lanes.network.users[user];
    let asked = lanes.run(user, |ticket| async move { client.prompt(&ticket, &question.question, snapshot).await });
    let (asked, first, confirmed) = asked.await?;
    Ok(Exchange { question: question.clone(), prompt: asked.task.id, first, confirmed })
}

/// The snapshot of the documents of the newest attested epoch.
pub async fn newest_documents(network: &Network) -> eyre::Result<Hash> {
    let newest = network.library.histories().newest(network.epoch - 1).await?;
    Ok(newest.ok_or_else(|| eyre::eyre!("no epoch is sealed yet"))?.retrieval)
}

/// The curator removes the passage that a confirmed answer cites, and asks the same question: it cites another.
pub async fn remove_a_document(
    network: &Network,
    corpus: &Corpus,
    before: &Exchange,
    stages: &Stages,
) -> eyre::Result<Removal> {
    let stage = stages.begin("one document is removed", 0);
    let source = before.confirmed.answer.source.clone();
    let passage = corpus.passages.iter().find(|passage| Corpus::source(passage) == source);
    let passage = passage.ok_or_else(|| eyre::eyre!("{source} is cited, but not in the corpus"))?;
    let blob = blob_cid(passage.text.as_bytes());
    network.users[CURATOR].remove_documents(vec![blob], "demo: removed on request".into()).await?;
    // The driver's own removal comes back to it through the stores; its library must know before it reads.
    network.library.remove(&[blob]);
    let snapshot = newest_documents(network).await?;
    let after = exchange(&Lanes::new(network), CURATOR, &before.question, snapshot).await?;
    let mut stores_with_bytes = 0;
    for link in network.replica.links.stores() {
        let answer = network.replica.links.ask(link, &Request::Blobs(vec![blob]), Duration::from_secs(10)).await?;
        stores_with_bytes += usize::from(matches!(answer, Response::Blobs(blobs) if blobs.iter().any(Option::is_some)));
    }
    let now = after.confirmed.answer.sources.clone();
    eyre::ensure!(!now.contains(&source), "the removed document {source} is still cited");
    eyre::ensure!(stores_with_bytes == 0, "{stores_with_bytes} stores still have the removed document's bytes");
    stage.done(stages, &format!("{source} is cited no more, its bytes are gone from every store"));
    Ok(Removal { source, question: before.question.question.clone(), now })
}
