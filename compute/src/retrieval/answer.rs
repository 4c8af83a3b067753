//! Answering a question: search, then read.

use super::{
    Documents, Hit, Retrieval,
    index::cosine_ppm,
    sentences::sentences,
    task::{AnswerInput, AnswerOutput, Read, Source, TaskOutput},
};
use crate::{
    error::{Error, Result},
    hash::{ChunkId, SnapshotId},
    primitive::{Output, TaskContext},
};

/// Most sources of an answer, however few sentences they hold.
pub(super) const SOURCES_MAX: usize = 64;
/// Most sentences of an answer: an output stays well below a message's limit, and work stays bounded.
pub(super) const SENTENCES_MAX: usize = 512;

/// A sentence of a passage found.
pub(super) struct Sentence {
    pub(super) source: u32,
    pub(super) sentence: u32,
    pub(super) text: String,
}

/// What an answer reads: every sentence of its sources, in order.
pub(super) struct Reading {
    pub(super) sentences: Vec<Sentence>,
}

impl Reading {
    /// The sentences of these passages.
    ///
    /// # Errors
    /// [`Error::Input`] for a chunk that the documents don't have.
    pub(super) fn of(documents: &dyn Documents, sources: impl IntoIterator<Item = ChunkId>) -> Result<Self> {
        let mut reading = Self { sentences: vec![] };
        for (source, chunk) in sources.into_iter().enumerate() {
            let text =
                documents.text(chunk).ok_or_else(|| Error::input("sources", format!("there is no chunk {chunk}")))?;
            for (sentence, text) in
                sentences(&text).into_iter().enumerate().take(SENTENCES_MAX - reading.sentences.len())
            {
                let (source, sentence) = (source as u32, sentence as u32);
                reading.sentences.push(Sentence { source, sentence, text: text.into() });
            }
        }
        Ok(reading)
    }

    pub(super) fn texts(&self) -> Vec<&str> {
        self.sentences.iter().map(|sentence| sentence.text.as_str()).collect()
    }
}

/// How many of the ranked passages an answer reads: the fewest that are `k` and hold `min_sentences`.
pub(super) fn sources_to_read(documents: &dyn Documents, ranked: &[ChunkId], k: u32, min_sentences: usize) -> usize {
    let mut read = 0;
    for (at, &chunk) in ranked.iter().enumerate().take(SOURCES_MAX) {
        if at >= k as usize && read >= min_sentences || read >= SENTENCES_MAX {
            return at;
        }
        read += documents.text(chunk).map_or(0, |text| sentences(&text).len());
    }
    ranked.len().min(SOURCES_MAX)
}

/// The context's documents, at the snapshot that a task names.
pub(super) fn documents_at<'a>(ctx: &TaskContext<'a>, asked: SnapshotId) -> Result<&'a dyn Documents> {
    let documents = ctx.documents()?;
    let have = documents.snapshot();
    if have == asked { Ok(documents) } else { Err(Error::Snapshot { asked, have }) }
}

pub(super) fn run(primitive: &Retrieval, input: &AnswerInput, ctx: &TaskContext<'_>) -> Result<Output> {
    let documents = documents_at(ctx, input.snapshot)?;
    let question = embed_question(primitive, input, ctx)?;
    let hits = documents.search(&question, SOURCES_MAX);
    let ranked: Vec<ChunkId> = hits.iter().map(|hit| hit.chunk).collect();
    let count = sources_to_read(documents, &ranked, input.k, primitive.rules.min_sentences);
    let reading = Reading::of(documents, ranked[..count].iter().copied())?;
    let vectors = primitive.embedder.embed_while(&reading.texts(), ctx)?.vectors;
    let read: Vec<Read> = reading
        .sentences
        .iter()
        .zip(&vectors)
        .map(|(s, vector)| Read { source: s.source, sentence: s.sentence, score: cosine_ppm(vector, &question) })
        .collect();
    let best = best(&read).ok_or_else(|| Error::input("snapshot", "its documents hold no sentence to quote"))?;
    let output = AnswerOutput {
        v: 1,
        snapshot: input.snapshot,
        sources: hits[..count].iter().map(|&Hit { chunk, score_ppm }| Source { chunk, score: score_ppm }).collect(),
        best: best as u32,
        chunk: ranked[read[best].source as usize],
        sentences: read,
    };
    Ok(Output { bytes: TaskOutput::Answer(output).to_bytes(), blobs: vec![] })
}

pub(super) fn embed_question(primitive: &Retrieval, input: &AnswerInput, ctx: &TaskContext<'_>) -> Result<Vec<f32>> {
    let mut embedded = primitive.embedder.embed_while(&[&input.question], ctx)?;
    Ok(embedded.vectors.swap_remove(0))
}

/// The first of the highest scores.
pub(super) fn best(read: &[Read]) -> Option<usize> {
    let mut best: Option<usize> = None;
    for (at, sentence) in read.iter().enumerate() {
        if best.is_none_or(|b| sentence.score > read[b].score) {
            best = Some(at);
        }
    }
    best
}
