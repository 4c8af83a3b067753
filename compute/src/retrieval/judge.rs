//! Judging an answer: the search is done again, for it is cheap; of the reading a sample and the quoted sentence.

use std::collections::BTreeSet;

use super::{
    Documents, Retrieval,
    answer::{self, Reading, SENTENCES_MAX, SOURCES_MAX},
    cost_permille, grade,
    index::cosine_ppm,
    part,
    task::{AnswerInput, AnswerOutput},
};
use crate::{
    error::Result,
    hash::ChunkId,
    primitive::{Check, TaskContext},
    sampling::sample_positions,
};

pub(super) fn verify(
    primitive: &Retrieval,
    input: &AnswerInput,
    output: &AnswerOutput,
    sample_seed: [u8; 32],
    ctx: &TaskContext<'_>,
) -> Result<Check> {
    let documents = answer::documents_at(ctx, input.snapshot)?;
    let reading = match check_form(primitive, input, output, documents) {
        Ok(reading) => reading,
        Err(problem) => return Ok(Check::refused(problem)),
    };
    let question = answer::embed_question(primitive, input, ctx)?;
    let tolerance = primitive.rules.tolerance_ppm;
    if let Err(problem) = check_search(output, documents, &question, tolerance) {
        return Ok(Check::refused(problem));
    }

    let total = output.sentences.len();
    let count = part(total, primitive.rules.answer_sample);
    let mut positions = sample_positions(sample_seed, total as u32, count);
    if let Err(at) = positions.binary_search(&output.best) {
        positions.insert(at, output.best);
    }
    let texts = reading.texts();
    let sampled: Vec<&str> = positions.iter().map(|&at| texts[at as usize]).collect();
    let embedded = primitive.embedder.embed_while(&sampled, ctx)?;
    let mut agreed = 0;
    let mut worst = (0, 0);
    for (&at, vector) in positions.iter().zip(&embedded.vectors) {
        let off = output.sentences[at as usize].score.abs_diff(cosine_ppm(vector, &question));
        agreed += usize::from(off <= tolerance);
        worst = worst.max((off, at));
    }
    let asked = primitive.embedder.count_tokens(&[&input.question])?;
    let whole = asked + primitive.embedder.count_tokens(&texts)?;
    let sampled = positions.len();
    let reason = match agreed == sampled {
        true => format!("{sampled} of {total} sentences computed again, largest difference {} ppm", worst.0),
        false => format!(
            "{} of {sampled} sentences computed again differ; sentence {} by {} ppm, allowed are {tolerance}",
            sampled - agreed,
            worst.1,
            worst.0
        ),
    };
    Ok(Check {
        score_permille: grade(agreed, sampled),
        positions,
        values: embedded.fingerprints,
        reason,
        cost_permille: cost_permille(asked + embedded.tokens, whole),
    })
}

/// Everything that needs no model: the snapshot, what was read, and that the quotation is the best of it.
fn check_form(
    primitive: &Retrieval,
    input: &AnswerInput,
    output: &AnswerOutput,
    documents: &dyn Documents,
) -> Result<Reading, String> {
    if output.v != 1 || output.snapshot != input.snapshot {
        return Err(format!("it is for snapshot {}, asked was {}", output.snapshot, input.snapshot));
    }
    let ids: Vec<ChunkId> = output.sources.iter().map(|source| source.chunk).collect();
    if ids.iter().collect::<BTreeSet<_>>().len() != ids.len() {
        return Err("a source comes twice".into());
    }
    if !output.sources.is_sorted_by_key(|source| (-i64::from(source.score), source.chunk)) {
        return Err("the sources are not in order".into());
    }
    let reading = Reading::of(documents, ids.iter().copied()).map_err(|error| error.to_string())?;
    let needed = answer::sources_to_read(documents, &ids, input.k, primitive.rules.min_sentences);
    // Fewer than the question reads are right only where that is all there is.
    let read_all = ids.len() == documents.count().min(SOURCES_MAX);
    let enough = ids.len() >= input.k as usize && reading.sentences.len() >= primitive.rules.min_sentences;
    if needed != ids.len() || !(enough || read_all || reading.sentences.len() >= SENTENCES_MAX) {
        return Err(format!("{} sources are not as many as this question reads", ids.len()));
    }
    let listed = output.sentences.iter().map(|read| (read.source, read.sentence));
    if !listed.eq(reading.sentences.iter().map(|s| (s.source, s.sentence))) {
        return Err("the sentences listed are not those of the sources".into());
    }
    let Some(best) = answer::best(&output.sentences) else { return Err("it quotes nothing".into()) };
    if output.best as usize != best {
        return Err(format!("sentence {} is quoted, {best} has the highest score", output.best));
    }
    let quoted = &reading.sentences[best];
    if output.chunk != ids[quoted.source as usize] {
        return Err("the quotation is not the sentence that it cites".into());
    }
    Ok(reading)
}

/// The sources are the nearest ones, as far as two honest nodes can agree on that.
fn check_search(
    output: &AnswerOutput,
    documents: &dyn Documents,
    question: &[f32],
    tolerance: u32,
) -> Result<(), String> {
    let mut lowest = i32::MAX;
    for source in &output.sources {
        let own = documents.score(source.chunk, question).ok_or("a source is not in the snapshot")?;
        if own.abs_diff(source.score) > tolerance {
            return Err(format!("source {} has {own} ppm, claimed are {}", source.chunk, source.score));
        }
        lowest = lowest.min(own);
    }
    let cited: BTreeSet<ChunkId> = output.sources.iter().map(|source| source.chunk).collect();
    // Two scores that are each off by the tolerance may change places.
    let slack = i64::from(tolerance) * 2;
    for hit in documents.search(question, output.sources.len()) {
        if !cited.contains(&hit.chunk) && i64::from(hit.score_ppm) > i64::from(lowest) + slack {
            return Err(format!("chunk {} is nearer than a source and is left out", hit.chunk));
        }
    }
    Ok(())
}
