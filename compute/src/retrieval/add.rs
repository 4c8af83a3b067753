//! Adding documents: embeddings of new chunks, as a task that others can check.

use super::{
    Retrieval, cost_permille, grade,
    index::{dot, floats},
    part,
    task::{AddInput, AddOutput, TaskOutput},
};
use crate::{
    error::{Error, Result},
    hash::{BlobId, ChunkId},
    primitive::{Check, Output, TaskContext},
    sampling::sample_positions,
};

pub(super) fn run(primitive: &Retrieval, input: &AddInput, ctx: &TaskContext<'_>) -> Result<Output> {
    let texts: Vec<&str> = input.chunks.iter().map(String::as_str).collect();
    let vectors = primitive.embedder.embed_while(&texts, ctx)?.vectors;
    let blob: Vec<u8> = vectors.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
    let output = AddOutput {
        v: 1,
        dimensions: primitive.embedder.dimensions() as u32,
        chunks: texts.iter().map(|text| ChunkId::of(text)).collect(),
        embeddings: BlobId::of(&blob),
    };
    Ok(Output { bytes: TaskOutput::Add(output).to_bytes(), blobs: vec![blob] })
}

pub(super) fn verify(
    primitive: &Retrieval,
    input: &AddInput,
    output: &AddOutput,
    blobs: &[Vec<u8>],
    sample_seed: [u8; 32],
    ctx: &TaskContext<'_>,
) -> Result<Check> {
    let dimensions = primitive.embedder.dimensions();
    if output.v != 1 || output.dimensions as usize != dimensions {
        return Ok(Check::refused(format!("its embeddings have {} values, not {dimensions}", output.dimensions)));
    }
    if !output.chunks.iter().copied().eq(input.chunks.iter().map(|text| ChunkId::of(text))) {
        return Ok(Check::refused("the chunks are not those of the task"));
    }
    let blob = find_blob(blobs, output.embeddings)?;
    let total = output.chunks.len();
    if blob.len() != total * dimensions * 4 {
        return Ok(Check::refused(format!("the blob has {} bytes, not {}", blob.len(), total * dimensions * 4)));
    }
    let claimed: Vec<Vec<f32>> = blob.chunks_exact(dimensions * 4).map(floats).collect();
    // Also catches what is not a number. Every embedding is looked at, not the sample only.
    if let Some(at) = claimed.iter().position(|vector| !is_unit(vector)) {
        return Ok(Check::refused(format!("embedding {at} has not the length 1")));
    }

    let positions = sample_positions(sample_seed, total as u32, part(total, primitive.rules.add_sample));
    let texts: Vec<&str> = input.chunks.iter().map(String::as_str).collect();
    let sampled: Vec<&str> = positions.iter().map(|&at| texts[at as usize]).collect();
    let embedded = primitive.embedder.embed_while(&sampled, ctx)?;
    let tolerance = primitive.rules.tolerance_ppm;
    let mut agreed = 0;
    let mut worst = 0;
    for (&at, own) in positions.iter().zip(&embedded.vectors) {
        let off = distance_ppm(&claimed[at as usize], own);
        agreed += usize::from(off <= tolerance);
        worst = worst.max(off);
    }
    let whole = primitive.embedder.count_tokens(&texts)?;
    let sampled = positions.len();
    let reason = match agreed == sampled {
        true => format!("{sampled} of {total} embeddings computed again, largest difference {worst} ppm"),
        false => format!(
            "{} of {sampled} embeddings computed again differ, by up to {worst} ppm, allowed are {tolerance}",
            sampled - agreed
        ),
    };
    Ok(Check {
        score_permille: grade(agreed, sampled),
        positions,
        values: embedded.fingerprints,
        reason,
        cost_permille: cost_permille(embedded.tokens, whole),
    })
}

/// Distance of two embeddings in millionths: no score that either gives later can differ by more.
fn distance_ppm(a: &[f32], b: &[f32]) -> u32 {
    let squared: f64 = a.iter().zip(b).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum();
    (squared.sqrt() * 1e6).round() as u32
}

fn find_blob(blobs: &[Vec<u8>], id: BlobId) -> Result<&[u8]> {
    blobs.iter().find(|blob| BlobId::of(blob) == id).map(Vec::as_slice).ok_or(Error::MissingBlob(id))
}

/// The embeddings of an accepted *add* task by chunk, for [`super::Index::add`] together with the texts.
///
/// # Errors
/// [`Error::Input`] for an output that is none of this task or does not fit its blob, [`Error::MissingBlob`].
pub fn read_added(output: &[u8], blobs: &[Vec<u8>]) -> Result<Vec<(ChunkId, Vec<f32>)>> {
    let output = match TaskOutput::from_bytes(output) {
        Ok(TaskOutput::Add(output)) => output,
        Ok(TaskOutput::Answer(_)) => return Err(Error::input("output", "is an answer, not embeddings")),
        Err(problem) => return Err(Error::input("output", problem)),
    };
    let blob = find_blob(blobs, output.embeddings)?;
    let width = output.dimensions as usize * 4;
    if width == 0 || blob.len() != width * output.chunks.len() {
        return Err(Error::input("embeddings", format!("the blob has {} bytes", blob.len())));
    }
    Ok(output.chunks.into_iter().zip(blob.chunks_exact(width).map(floats)).collect())
}
/// Whether an embedding has length 1. One that holds a NaN has not.
fn is_unit(vector: &[f32]) -> bool {
    (dot(vector, vector) - 1.0).abs() < 1e-3
}
