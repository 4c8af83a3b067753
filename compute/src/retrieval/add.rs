//! Adding documents: embeddings of new chunks, as a task that others can check.

use std::collections::BTreeMap;

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
    let blob = |vector: &Vec<f32>| vector.iter().flat_map(|value| value.to_le_bytes()).collect();
    let blobs: Vec<Vec<u8>> = vectors.iter().map(blob).collect();
    let output = AddOutput {
        v: 1,
        dimensions: primitive.embedder.dimensions() as u32,
        chunks: texts.iter().map(|text| ChunkId::of(text)).collect(),
        embeddings: blobs.iter().map(|blob| BlobId::of(blob)).collect(),
    };
    Ok(Output { bytes: TaskOutput::Add(output).to_bytes(), blobs })
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
    let total = output.chunks.len();
    if output.embeddings.len() != total
        || !blobs.iter().map(|blob| BlobId::of(blob)).eq(output.embeddings.iter().copied())
    {
        // In this order a removal finds the embedding of its chunk.
        return Ok(Check::refused("its blobs are not one embedding for each chunk, in the order of the chunks"));
    }
    if let Some(at) = blobs.iter().position(|blob| blob.len() != dimensions * 4) {
        return Ok(Check::refused(format!("embedding {at} has {} bytes, not {}", blobs[at].len(), dimensions * 4)));
    }
    let claimed: Vec<Vec<f32>> = blobs.iter().map(|blob| floats(blob)).collect();
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

/// The embeddings of an accepted *add* task by chunk, for [`super::Index::add`] together with the texts. A chunk whose blob
/// is not among `blobs` is left out: a removal takes it away.
///
/// # Errors
/// [`Error::Input`] for an output that is none of this task, or a blob of another length than it says.
pub fn read_added(output: &[u8], blobs: &[Vec<u8>]) -> Result<Vec<(ChunkId, Vec<f32>)>> {
    let output = match TaskOutput::from_bytes(output) {
        Ok(TaskOutput::Add(output)) => output,
        Ok(TaskOutput::Answer(_)) => return Err(Error::input("output", "is an answer, not embeddings")),
        Err(problem) => return Err(Error::input("output", problem)),
    };
    let width = output.dimensions as usize * 4;
    let here: BTreeMap<BlobId, &Vec<u8>> = blobs.iter().map(|blob| (BlobId::of(blob), blob)).collect();
    let mut added = vec![];
    for (chunk, embedding) in output.chunks.into_iter().zip(output.embeddings) {
        match here.get(&embedding) {
            Some(blob) if blob.len() == width && width > 0 => added.push((chunk, floats(blob))),
            Some(blob) => {
                return Err(Error::input("embeddings", format!("the one of {chunk} has {} bytes", blob.len())));
            }
            None => {}
        }
    }
    Ok(added)
}

/// Whether an embedding has length 1. One that holds a NaN has not.
fn is_unit(vector: &[f32]) -> bool {
    (dot(vector, vector) - 1.0).abs() < 1e-3
}
