//! Answers from documents: a search in an index with a snapshot id, then a reading of the best passages.
//!
//! Two tasks share one model. *Answer* embeds a question, finds the nearest passages and reads every sentence of
//! them, quoting the best one with its source. *Add* embeds new passages, so that a node's index can take them in.
//! See [`task`] for the exact inputs and outputs.

mod add;
mod answer;
mod bm25;
mod embed;
mod evaluate;
mod index;
mod judge;
mod passages;
mod rounding;
mod sentences;
mod snapshot;
pub mod task;

use serde::Deserialize;

pub use add::read_added;
pub use bm25::Bm25;
pub use embed::{Embedder, Embeddings};
pub use evaluate::{Quality, Question, evaluate, read_questions};
pub use index::{Documents, Hit, Index};
pub use passages::{Passage, read_passages};
pub use rounding::{Apart, Rounding};
pub use sentences::sentences;
pub use snapshot::snapshot_id;

use crate::{
    bundle::Bundle,
    device::{Device, DeviceReport},
    error::{Error, Result},
    hash::AdapterId,
    primitive::{Check, Output, Primitive, TaskContext},
    runtime::Runtime,
};
use task::{TaskInput, TaskOutput};

/// The `config` of a retrieval bundle's manifest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetrievalConfig {
    /// The ONNX file. Inputs `input_ids`, `attention_mask`, `token_type_ids`: i64, texts x tokens.
    pub model: String,
    /// The tokenizer, in the `tokenizers` format.
    pub tokenizer: String,
    /// Longer texts are cut to so many tokens, the two markers included.
    pub max_tokens: usize,
    /// Length of an embedding.
    pub dimensions: usize,
    /// Output with mean-pooled embeddings of length 1: f32, texts x dimensions.
    pub embedding_output: String,
    /// Output with every token's last state: f32, texts x tokens x dimensions.
    pub state_output: String,
    /// An answer reads at least so many sentences, as long as there are passages left.
    pub min_sentences: usize,
}

/// The retrieval primitive.
pub struct Retrieval {
    bundle: Bundle,
    embedder: Embedder,
    rules: Rules,
}

/// The manifest's figures, read once so that a bad manifest is refused when it is opened.
struct Rules {
    min_sentences: usize,
    tolerance_ppm: u32,
    evidence_tolerance: u32,
    answer_sample: u32,
    add_sample: u32,
}

/// Items of an added chunk, an item being a sentence that an answer read: a chunk is embedded as one text, and takes three
/// to four times as long as a sentence (docs/compute.md).
const CHUNK_ITEMS: u64 = 4;

impl Retrieval {
    /// The manifest's kind.
    pub const KIND: &'static str = "retrieval";

    /// Loads the bundle's model.
    ///
    /// # Errors
    /// [`Error::Bundle`] for settings that are missing or wrong, [`Error::Tokenizer`], [`Error::Onnx`] and
    /// [`Error::Device`].
    pub fn open(bundle: Bundle, runtime: &Runtime, threads: usize, device: Device) -> Result<Self> {
        let config: RetrievalConfig = bundle.config()?;
        let rules = Rules {
            min_sentences: config.min_sentences,
            tolerance_ppm: bundle.manifest().verification.tolerance_ppm,
            evidence_tolerance: bundle.manifest().verification.evidence_tolerance,
            answer_sample: bundle.sample_permille("answer")?,
            add_sample: bundle.sample_permille("add")?,
        };
        let embedder = Embedder::open(&bundle, &config, runtime, threads, device)?;
        Ok(Self { bundle, embedder, rules })
    }

    /// The model itself, for filling an index at home.
    pub fn embedder(&self) -> &Embedder {
        &self.embedder
    }
}

impl Primitive for Retrieval {
    fn kind(&self) -> &str {
        Self::KIND
    }

    fn adapter(&self) -> AdapterId {
        self.bundle.id()
    }

    fn device(&self) -> &DeviceReport {
        self.embedder.device()
    }

    fn run(&self, input: &[u8], ctx: &TaskContext<'_>) -> Result<Output> {
        match TaskInput::from_bytes(input)? {
            TaskInput::Answer(input) => answer::run(self, &input, ctx),
            TaskInput::Add(input) => add::run(self, &input, ctx),
        }
    }

    fn verify(
        &self,
        input: &[u8],
        output: &[u8],
        blobs: &[Vec<u8>],
        sample_seed: [u8; 32],
        ctx: &TaskContext<'_>,
    ) -> Result<Check> {
        let input = TaskInput::from_bytes(input)?;
        let output = match TaskOutput::from_bytes(output) {
            Ok(output) => output,
            Err(problem) => return Ok(Check::refused(format!("the output can't be read: {problem}"))),
        };
        match (input, output) {
            (TaskInput::Answer(input), TaskOutput::Answer(output)) => {
                judge::verify(self, &input, &output, sample_seed, ctx)
            }
            (TaskInput::Add(input), TaskOutput::Add(output)) => {
                add::verify(self, &input, &output, blobs, sample_seed, ctx)
            }
            _ => Ok(Check::refused("the output is for another kind of task")),
        }
    }

    fn recompute(&self, input: &[u8], output: &[u8], positions: &[u32], ctx: &TaskContext<'_>) -> Result<Vec<i32>> {
        let input = TaskInput::from_bytes(input)?;
        let output = TaskOutput::from_bytes(output).map_err(|problem| Error::input("output", problem))?;
        let texts: Vec<String> = match (&input, &output) {
            (TaskInput::Answer(input), TaskOutput::Answer(output)) => {
                let documents = answer::documents_at(ctx, input.snapshot)?;
                let reading = answer::Reading::of(documents, output.sources.iter().map(|source| source.chunk))?;
                reading.sentences.into_iter().map(|sentence| sentence.text).collect()
            }
            (TaskInput::Add(input), TaskOutput::Add(_)) => input.chunks.clone(),
            _ => return Err(Error::input("output", "is for another kind of task")),
        };
        let wanted: Vec<&str> = positions
            .iter()
            .map(|&at| texts.get(at as usize).map(String::as_str))
            .collect::<Option<_>>()
            .ok_or_else(|| Error::input("positions", format!("the task has {}", texts.len())))?;
        Ok(self.embedder.embed_while(&wanted, ctx)?.fingerprints)
    }

    fn evidence_tolerance(&self) -> u32 {
        self.rules.evidence_tolerance
    }

    fn items(&self, input: &[u8], output: &[u8]) -> Result<u64> {
        let output = TaskOutput::from_bytes(output).map_err(|problem| Error::input("output", problem))?;
        match (TaskInput::from_bytes(input)?, output) {
            (TaskInput::Answer(_), TaskOutput::Answer(output)) => Ok(output.sentences.len() as u64),
            (TaskInput::Add(input), TaskOutput::Add(_)) => Ok(CHUNK_ITEMS * input.chunks.len() as u64),
            _ => Err(Error::input("output", "is for another kind of task")),
        }
    }
}

/// `permille` of `total`, rounded up.
fn part(total: usize, permille: u32) -> u32 {
    let part = (total as u64 * u64::from(permille)).div_ceil(1000);
    u32::try_from(part).unwrap_or(u32::MAX)
}

/// Tokens spent per thousand of the tokens of the work judged.
fn cost_permille(spent: usize, whole: usize) -> u16 {
    u16::try_from((spent * 1000).div_ceil(whole.max(1))).unwrap_or(u16::MAX)
}

/// The score of a check in which `agreed` of `sampled` values lay within the tolerance: one value that does not is a
/// refusal, and the score says how bad it is.
fn grade(agreed: usize, sampled: usize) -> u16 {
    if agreed == sampled {
        return 1000;
    }
    u16::try_from(agreed * 400 / sampled.max(1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_off_refuses() {
        assert_eq!(grade(12, 12), 1000);
        assert!(grade(11, 12) < 500);
        assert_eq!(grade(0, 12), 0);
        assert_eq!((part(50, 250), part(1, 125), part(8, 125), part(9, 125)), (13, 1, 1, 2));
        assert_eq!((cost_permille(1, 4), cost_permille(5, 0)), (250, 5000));
    }

    /// A higher limit would let a dishonest majority count more than any task can be; a lower one would cut honest work.
    #[test]
    fn the_certified_table_ends_at_the_largest_task() {
        let manifest = include_str!("../../adapters/minilm.manifest.json");
        let units = serde_json::from_str::<crate::Manifest>(manifest).unwrap().work_units;
        let largest = (CHUNK_ITEMS * task::CHUNKS_MAX as u64).max(answer::SENTENCES_MAX as u64);
        assert_eq!(units.max, units.base + units.per_item * largest);
    }
}
