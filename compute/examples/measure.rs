//! Times the retrieval tasks on this machine: `cargo run --release -p liaise-compute --example measure [THREADS [DEVICE]]`.

use std::time::{Duration, Instant};

use liaise_compute::{
    Bundle, Cache, Device, Error, Primitive, Runtime, TaskContext,
    retrieval::{
        Index, Retrieval, read_added, read_passages,
        task::{AddInput, AnswerInput, TaskInput},
    },
};

const QUESTIONS: [&str; 9] = [
    "Who created the heaven and the earth?",
    "On which mountains did the ark come to rest?",
    "For what did Esau sell his birthright?",
    "What did Jacob see in his dream?",
    "For how much was Joseph sold?",
    "Who would not bow to Haman?",
    "What words were written on the wall?",
    "Who shut the lions' mouths?",
    "How long was Jonah in the belly of the fish?",
];

fn main() -> Result<(), Error> {
    let threads = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1);
    let device = std::env::args().nth(2).map_or(Ok(Device::Auto), |device| device.parse());
    let device = device.map_err(|problem| Error::Input { field: "DEVICE", problem })?;
    let cache = Cache::default();
    let runtime = Runtime::load(&cache.library()?)?;
    let primitive = Retrieval::open(Bundle::open(&cache.minilm())?, &runtime, threads, device)?;
    let chunks: Vec<String> = read_passages(&cache.passages())?.into_iter().map(|passage| passage.text).collect();
    println!("{} on {} with {threads} thread(s)", primitive.adapter(), primitive.device());

    let mut index = Index::new();
    let mut adding = vec![];
    let mut checking = vec![];
    for chunks in chunks.chunks(64) {
        let input = TaskInput::Add(AddInput { v: 1, chunks: chunks.to_vec() }).to_bytes();
        let (output, time) = timed(|| primitive.run(&input, &TaskContext::new()))?;
        adding.push(time);
        let judge = || primitive.verify(&input, &output.bytes, &output.blobs, [7; 32], &TaskContext::new());
        checking.push(timed(judge)?.1);
        let vectors = read_added(&output.bytes, &output.blobs)?;
        index.add(chunks.iter().cloned().zip(vectors.into_iter().map(|(_, vector)| vector)))?;
    }
    let all: Duration = adding.iter().sum();
    println!(
        "add: {} chunks in {:.1} s; a task of 64, median {}",
        index.len(),
        all.as_secs_f64(),
        shown(adding, checking)
    );

    let ctx = TaskContext::new().with_documents(&index);
    let (mut running, mut judging, mut cost) = (vec![], vec![], vec![]);
    for question in QUESTIONS {
        let snapshot = index.snapshot_id();
        let input = TaskInput::Answer(AnswerInput { v: 1, question: question.into(), snapshot, k: 10 }).to_bytes();
        let (output, time) = timed(|| primitive.run(&input, &ctx))?;
        running.push(time);
        let (check, time) = timed(|| primitive.verify(&input, &output.bytes, &[], [7; 32], &ctx))?;
        judging.push(time);
        cost.push(check.cost_permille);
        println!("  {:5.0} ms, {} B: {question}", running[running.len() - 1].as_secs_f64() * 1e3, output.bytes.len());
    }
    println!("answer: median {}, cost in tokens {cost:?} permille", shown(running, judging));
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<(T, Duration), Error> {
    let start = Instant::now();
    work().map(|done| (done, start.elapsed()))
}

fn shown(mut work: Vec<Duration>, mut check: Vec<Duration>) -> String {
    work.sort();
    check.sort();
    let (work, check) = (work[work.len() / 2].as_secs_f64() * 1e3, check[check.len() / 2].as_secs_f64() * 1e3);
    format!("{work:.0} ms, checked in {check:.0} ms")
}
