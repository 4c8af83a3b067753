//! What the network adds to an answer: from a prompt to its first answer on this machine, beside the primitive called
//! directly for the same question. Every node is a process of its own, as in the demo: four witness stores and, once the
//! documents are sealed, one compute node, so that what is measured is the way and not other racers' threads.

use eyre::WrapErr;
use liaise_benches::{Row, median, print};
use liaise_cli::demo::{Corpus, Network, Plan, Stages, add_documents, local_parameters};
use liaise_compute::retrieval::task::{AddInput, AnswerInput, TaskInput};
use liaise_compute::retrieval::{Index, Retrieval, read_added};
use liaise_compute::{Bundle, Cache, Device, Primitive, Runtime, TaskContext};
use liaise_ledger::genesis::Parameters;
use liaise_node::Replica;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Passages among the documents: few, so that the model's own time, which varies, does not hide the way's.
const PASSAGES: usize = 4;
/// Questions that are measured, an odd number; a few before them warm up.
const QUESTIONS: usize = 41;
const WARM_UP: usize = 4;
/// The node that answers: one thread, the other core is the way's.
const NODE: &str = "node-2";
const THREADS: usize = 1;
/// Sources that a node reads at least.
const SOURCES: u32 = 10;
/// Nobody waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The primitive in this process, with the network's documents.
struct Direct {
    primitive: Retrieval,
    index: Index,
}

impl Direct {
    fn open(corpus: &Corpus) -> eyre::Result<Direct> {
        let cache = Cache::default();
        let runtime = Runtime::load(&cache.library()?)?;
        let primitive = Retrieval::open(Bundle::open(&cache.minilm())?, &runtime, THREADS, Device::Cpu)?;
        let chunks: Vec<String> = corpus.passages.iter().map(|passage| passage.text.clone()).collect();
        let input = TaskInput::Add(AddInput { v: 1, chunks: chunks.clone() }).to_bytes();
        let output = primitive.run(&input, &TaskContext::new())?;
        let vectors: BTreeMap<_, _> = read_added(&output.bytes, &output.blobs)?.into_iter().collect();
        let mut index = Index::new();
        index.add(chunks.into_iter().map(|text| {
            let vector = vectors[&liaise_compute::ChunkId::of(&text)].clone();
            (text, vector)
        }))?;
        Ok(Direct { primitive, index })
    }

    fn answer(&self, question: &str) -> eyre::Result<Duration> {
        let snapshot = self.index.snapshot_id();
        let input = TaskInput::Answer(AnswerInput { v: 1, question: question.into(), snapshot, k: SOURCES }).to_bytes();
        let started = Instant::now();
        self.primitive.run(&input, &TaskContext::new().with_documents(&self.index))?;
        Ok(started.elapsed())
    }
}

/// The questions' times, in milliseconds.
#[derive(Default)]
struct Times {
    /// The primitive, called directly: the mean of a call before and one after.
    direct: Vec<f64>,
    /// From the prompt to the first answer.
    whole: Vec<f64>,
    /// What that is more.
    overhead: Vec<f64>,
    /// Signed and durable at a quorum of stores.
    asked: Vec<f64>,
    /// From the prompt's receipt to the commit's, at the store in the middle, less the direct call.
    racing: Vec<f64>,
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

async fn measure(network: &mut Network, direct: &Direct, questions: &[String]) -> eyre::Result<Times> {
    let newest = network.library.histories().newest(network.epoch - 1).await?;
    let snapshot = newest.ok_or_else(|| eyre::eyre!("no epoch is sealed"))?.retrieval;
    let client = network.users[1].clone();
    let mut times = Times::default();
    for (n, question) in questions.iter().enumerate() {
        let ticket = client.take_ticket(network.adapter, network.epoch - 1, 10_000).await?;
        client.drawn(&ticket).await?;
        let before = direct.answer(question)?;
        let started = Instant::now();
        let asked = client.prompt(&ticket, question, snapshot).await?;
        let durable = ms(started.elapsed());
        client.first_answer(&asked, PATIENCE).await.wrap_err_with(|| format!("{question:?}"))?;
        let whole = ms(started.elapsed());
        // The next one must not meet what is left of this one: its reveal and the receipts.
        tokio::time::sleep(Duration::from_millis(600)).await;
        let latency = ms(latency(&network.replica, &asked.task.id)?);
        let alone = ms(before + direct.answer(question)?) / 2.0;
        if n < WARM_UP {
            continue;
        }
        times.direct.push(alone);
        times.whole.push(whole);
        times.overhead.push(whole - alone);
        times.asked.push(durable);
        times.racing.push(latency - alone);
    }
    Ok(times)
}

/// The racer's latency, as the protocol reads it from the stores' monotonic clocks: the lower median.
fn latency(replica: &Replica, prompt: &cid::Cid) -> eyre::Result<Duration> {
    let store = &replica.store;
    let is_commit =
        |id: &cid::Cid| matches!(store.load(id), Ok(Some(message)) if message.message.body.kind() == "commit");
    let commit = store.task(prompt)?.into_iter().find(is_commit);
    let commit = commit.ok_or_else(|| eyre::eyre!("the commit has not come"))?;
    let at = |id| -> eyre::Result<BTreeMap<[u8; 32], u64>> {
        Ok(store.receipts_of(id)?.into_iter().rev().map(|receipt| (receipt.store, receipt.receipt.mono_ns)).collect())
    };
    let (asked, done) = (at(prompt)?, at(&commit)?);
    let mut apart: Vec<u64> =
        done.iter().filter_map(|(store, end)| Some(end.saturating_sub(*asked.get(store)?))).collect();
    apart.sort_unstable();
    let middle = apart.get(apart.len().saturating_sub(1) / 2).ok_or_else(|| eyre::eyre!("no receipts have come"))?;
    Ok(Duration::from_nanos(*middle))
}

/// What it takes to make a few bytes durable in a directory: what every step that may not be forgotten waits for.
fn sync_time(dir: &Path) -> eyre::Result<f64> {
    let mut file = std::fs::File::create(dir.join("sync"))?;
    let mut times = vec![];
    for _ in 0..51 {
        let started = Instant::now();
        file.write_all(&[7; 2_000])?;
        file.sync_data()?;
        times.push(ms(started.elapsed()));
    }
    Ok(median(times))
}

async fn network_in(dir: &Path, corpus: &Corpus) -> eyre::Result<Network> {
    let stages = Stages::silent();
    let program = std::env::current_exe()?.with_file_name("liaise");
    eyre::ensure!(program.is_file(), "{} is missing: `cargo xtask bench first_byte` builds it", program.display());
    // All six may race at once: then the one that is left need not wait for the others' patience.
    let parameters = Parameters { racers: 6, ..local_parameters() };
    let mut network =
        Network::start(Plan { dir: Some(dir.to_owned()), ..Plan::new(program, parameters) }, &stages).await?;
    network.open_term(&stages).await?;
    add_documents(&network, corpus, &stages).await?;
    network.close_epoch(&stages).await?;
    let idle = (1..=5).map(|n| format!("oracle-{n}")).chain((1..=6).map(|n| format!("node-{n}")));
    for name in idle.filter(|name| name != NODE) {
        network.terminate(&name).await?;
    }
    Ok(network)
}

async fn row(name: &'static str, place: &str, dir: &Path, corpus: &Corpus) -> eyre::Result<()> {
    let direct = Direct::open(corpus)?;
    let questions: Vec<String> =
        corpus.questions.iter().cycle().take(QUESTIONS + WARM_UP).map(|q| q.question.clone()).collect();
    let dir = tempfile::Builder::new().prefix("liaise-bench-").tempdir_in(dir)?;
    let synced = sync_time(dir.path())?;
    let mut network = network_in(dir.path(), corpus).await?;
    let measured = measure(&mut network, &direct, &questions).await;
    network.stop().await;
    let times = measured?;
    let (direct, whole) = (median(times.direct), median(times.whole));
    let (asked, racing, ours) = (median(times.asked), median(times.racing), median(times.overhead));
    let conditions = format!(
        "{QUESTIONS} questions, one after the other, on {PASSAGES} passages; four witness stores and one compute node of \
         {THREADS} thread, each a process, {place}, where a synced write takes {synced:.1} ms; medians: the primitive alone \
         {direct:.1} ms, prompt to first answer {whole:.1} ms; of what is more, {asked:.1} ms until the prompt is durable at \
         a quorum, {racing:.1} ms (overlapping with it) from the prompt's receipt to the commit's without the model"
    );
    print(
        "first_byte",
        Row { name, ours, reference: None, ratio: None, unit: "ms", conditions, command: String::new() },
    );
    Ok(())
}

#[tokio::main]
async fn main() -> eyre::Result<()> {
    let corpus = Corpus::read(Some(PASSAGES), Some(QUESTIONS + WARM_UP))?;
    row("first-byte-overhead", "on this machine's disk", &std::env::temp_dir(), &corpus).await?;
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() {
        row("first-byte-overhead-in-memory", "on a file system in memory", &memory, &corpus).await?;
    }
    Ok(())
}
