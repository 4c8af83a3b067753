//! The retrieval primitive's run beside the same model called from ONNX Runtime's Python package: the same weights, texts,
//! batches, threads and settings, in turn.

use liaise_benches::{Python, Row, median, print};
use liaise_compute::retrieval::task::{AddInput, TaskInput};
use liaise_compute::retrieval::{Retrieval, RetrievalConfig, read_added, read_passages};
use liaise_compute::{Bundle, Cache, Device, Primitive, Runtime, Session, TaskContext, Tensor};
use serde::Deserialize;
use std::path::Path;
use std::time::{Duration, Instant};

/// Passages of a task.
const PASSAGES: usize = 64;
/// Threads inside one operator, on both sides.
const THREADS: usize = 1;
/// Tokens of a batch, padding included: the embedder's own limit.
const BATCH_TOKENS: usize = 512;
/// An odd number: the median counts.
const ROUNDS: usize = 9;

/// What Python gives the model: texts x tokens.
#[derive(Deserialize)]
struct Batch {
    ids: Vec<Vec<i64>>,
    mask: Vec<Vec<i64>>,
}

type Inputs = Vec<(String, Tensor)>;

impl Batch {
    fn inputs(&self) -> Inputs {
        let shape = vec![self.ids.len(), self.ids[0].len()];
        let tensor = |rows: &[Vec<i64>]| Tensor::I64 { shape: shape.clone(), data: rows.concat() };
        let kinds = Tensor::I64 { shape: shape.clone(), data: vec![0; shape.iter().product()] };
        vec![
            ("input_ids".into(), tensor(&self.ids)),
            ("attention_mask".into(), tensor(&self.mask)),
            ("token_type_ids".into(), kinds),
        ]
    }
}

/// The model alone, over all batches.
fn session_time(session: &Session, config: &RetrievalConfig, batches: &[Inputs]) -> Duration {
    let batches = batches.to_vec();
    let started = Instant::now();
    for inputs in batches {
        session.run(inputs, &[&config.embedding_output, &config.state_output]).expect("the model runs");
    }
    started.elapsed()
}

fn run_time(primitive: &Retrieval, input: &[u8]) -> Duration {
    let started = Instant::now();
    primitive.run(input, &TaskContext::new()).expect("the task can be done");
    started.elapsed()
}

/// Both must have done the same work: the largest difference of any value of an embedding.
fn difference(primitive: &Retrieval, input: &[u8], python: &mut Python) -> f32 {
    let output = primitive.run(input, &TaskContext::new()).expect("the task can be done");
    let ours = read_added(&output.bytes, &output.blobs).expect("its own output");
    let theirs: Vec<Vec<f32>> = python.ask("embeddings");
    assert_eq!(ours.len(), theirs.len());
    let pairs = ours.iter().zip(&theirs).flat_map(|((_, ours), theirs)| ours.iter().zip(theirs));
    pairs.map(|(ours, theirs)| (ours - theirs).abs()).fold(0.0, f32::max)
}

fn report(name: &'static str, what: &str, ours: Vec<Duration>, reference: Vec<Duration>) {
    let ms = |times: Vec<Duration>| median(times).as_secs_f64() * 1e3;
    let (ours, reference) = (ms(ours), ms(reference));
    let conditions = format!(
        "{what}; {PASSAGES} passages of the King James Version in batches of at most {BATCH_TOKENS} tokens, {THREADS} \
         thread, all optimisations, deterministic kernels, no spinning on both sides; medians of {ROUNDS}, in turn"
    );
    let ratio = Some(reference / ours);
    let reference = Some(reference);
    print("run", Row { name, ours, reference, ratio, unit: "ms", conditions, command: String::new() });
}

fn main() {
    let cache = Cache::default();
    let folder = cache.minilm();
    let bundle = Bundle::open(&folder).expect("`cargo xtask setup` was run");
    let config: RetrievalConfig = bundle.config().expect("a retrieval bundle");
    let runtime = Runtime::load(&cache.library().expect("`cargo xtask setup` was run")).expect("it loads");
    let model = bundle.file(&config.model).expect("listed");
    let session = runtime.session(&model, THREADS, Device::Cpu).expect("it loads");
    let texts: Vec<String> =
        read_passages(&cache.passages()).expect("installed").into_iter().take(PASSAGES).map(|p| p.text).collect();
    let numbers = [THREADS, config.max_tokens, BATCH_TOKENS].map(|number| number.to_string());
    let tokenizer = bundle.file(&config.tokenizer).expect("listed");
    let mut arguments = vec![model.as_os_str(), tokenizer.as_os_str()];
    arguments.extend(numbers.iter().map(|number| Path::new(number).as_os_str()));
    let mut python = Python::start(&arguments, &texts);
    let primitive = Retrieval::open(bundle, &runtime, THREADS, Device::Cpu).expect("it opens");
    let input = TaskInput::Add(AddInput { v: 1, chunks: texts }).to_bytes();
    let apart = difference(&primitive, &input, &mut python);
    assert!(apart < 1e-4, "the two sides do not compute the same: {apart}");
    let batches: Vec<Inputs> = python.ask::<Vec<Batch>>("inputs").iter().map(Batch::inputs).collect();

    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..ROUNDS {
        times[0].push(run_time(&primitive, &input));
        times[1].push(Duration::from_nanos(python.ask("whole")));
        times[2].push(session_time(&session, &config, &batches));
        times[3].push(Duration::from_nanos(python.ask("session")));
    }
    let [whole, python_whole, model_alone, python_alone] = times;
    report(
        "run-vs-onnxruntime-python",
        "a task of the retrieval primitive from its bytes to its output, beside tokenizers, numpy and onnxruntime in Python \
         from texts to embeddings and states",
        whole,
        python_whole,
    );
    report(
        "session-vs-onnxruntime-python",
        "the model alone, the same tensors handed in and taken out",
        model_alone,
        python_alone,
    );
}
