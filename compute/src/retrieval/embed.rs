//! Texts to embeddings.

use tokenizers::{Encoding, Tokenizer, TruncationParams};

use super::RetrievalConfig;
use crate::{
    bundle::Bundle,
    device::{Device, DeviceReport},
    error::{Error, Result},
    hash::sha256,
    primitive::TaskContext,
    runtime::Runtime,
    session::{Session, Tensor},
};

/// Tokens of one batch, padding included. What the layers pass on fits a core's cache then, and little is padded: answers take a
/// quarter less than with 1024; fewer gain nothing on one thread and lose on two.
const BATCH_TOKENS: usize = 512;
/// The same on a GPU, which a batch must keep busy for longer than it takes to start its kernels.
const GPU_BATCH_TOKENS: usize = 8192;

/// A tokenizer and a model.
pub struct Embedder {
    tokenizer: Tokenizer,
    session: Session,
    batch_tokens: usize,
    dimensions: usize,
    embedding_output: String,
    state_output: String,
    signs: Vec<f64>,
}

/// What a model makes of texts, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    /// One embedding of length 1 a text.
    pub vectors: Vec<Vec<f32>>,
    /// One number a text, in millionths, that can't be had from the embedding: a random-sign projection of the first
    /// token's last state. It shows that whoever knows it has run the model.
    pub fingerprints: Vec<i32>,
    /// Tokens of all texts together.
    pub tokens: usize,
}

impl Embedder {
    /// Opens the bundle's tokenizer and model.
    ///
    /// # Errors
    /// [`Error::Tokenizer`], [`Error::Onnx`], [`Error::Device`], or [`Error::Bundle`] for a file that the manifest
    /// does not list.
    pub fn open(
        bundle: &Bundle,
        config: &RetrievalConfig,
        runtime: &Runtime,
        threads: usize,
        device: Device,
    ) -> Result<Self> {
        let path = bundle.file(&config.tokenizer)?;
        let fail = |why: tokenizers::Error| Error::Tokenizer { path: path.clone(), why: why.to_string() };
        let mut tokenizer = Tokenizer::from_file(&path).map_err(fail)?;
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(Some(TruncationParams { max_length: config.max_tokens, ..Default::default() }))
            .map_err(fail)?;
        let session = runtime.session(&bundle.file(&config.model)?, threads, device)?;
        let batch_tokens = if session.device().is_cuda() { GPU_BATCH_TOKENS } else { BATCH_TOKENS };
        Ok(Self {
            tokenizer,
            session,
            batch_tokens,
            dimensions: config.dimensions,
            embedding_output: config.embedding_output.clone(),
            state_output: config.state_output.clone(),
            signs: signs(config.dimensions),
        })
    }

    /// The device that the model has.
    pub fn device(&self) -> &DeviceReport {
        self.session.device()
    }

    /// Length of an embedding.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Embeds texts. A text longer than the model's limit is cut.
    ///
    /// # Errors
    /// [`Error::Onnx`], [`Error::Input`] where the tokenizer refuses a text.
    pub fn embed(&self, texts: &[&str]) -> Result<Embeddings> {
        self.embed_while(texts, &TaskContext::new())
    }

    /// How many tokens the model would read.
    ///
    /// # Errors
    /// [`Error::Input`] where the tokenizer refuses a text.
    pub fn count_tokens(&self, texts: &[&str]) -> Result<usize> {
        Ok(self.encode(texts)?.iter().map(Encoding::len).sum())
    }

    /// As [`Embedder::embed`], stopping between batches once the context says so.
    pub(super) fn embed_while(&self, texts: &[&str], ctx: &TaskContext<'_>) -> Result<Embeddings> {
        let encodings = self.encode(texts)?;
        // Texts of like length share a batch, so that little is padded.
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&at| encodings[at].len());
        let mut result = Embeddings {
            vectors: vec![vec![]; texts.len()],
            fingerprints: vec![0; texts.len()],
            tokens: encodings.iter().map(Encoding::len).sum(),
        };
        let mut rest = &order[..];
        while !rest.is_empty() {
            ctx.keep_going()?;
            let mut take = 1;
            while take < rest.len() && (take + 1) * encodings[rest[take]].len() <= self.batch_tokens {
                take += 1;
            }
            let (batch, later) = rest.split_at(take);
            self.embed_batch(&encodings, batch, &mut result)?;
            rest = later;
        }
        Ok(result)
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<Encoding>> {
        texts
            .iter()
            .map(|&text| self.tokenizer.encode(text, true).map_err(|e| Error::input("text", e.to_string())))
            .collect()
    }

    fn embed_batch(&self, encodings: &[Encoding], batch: &[usize], into: &mut Embeddings) -> Result<()> {
        let rows = batch.len();
        let width = batch.iter().map(|&at| encodings[at].len()).max().unwrap_or(0);
        let padded = |pick: fn(&Encoding) -> &[u32]| {
            let mut data = vec![0; rows * width];
            for (row, &at) in batch.iter().enumerate() {
                for (slot, &value) in data[row * width..].iter_mut().zip(pick(&encodings[at])) {
                    *slot = i64::from(value);
                }
            }
            Tensor::I64 { shape: vec![rows, width], data }
        };
        let inputs = vec![
            ("input_ids".into(), padded(Encoding::get_ids)),
            ("attention_mask".into(), padded(Encoding::get_attention_mask)),
            ("token_type_ids".into(), padded(Encoding::get_type_ids)),
        ];
        let outputs = self.session.run(inputs, &[&self.embedding_output, &self.state_output])?;
        let d = self.dimensions;
        let vectors = self.values(&outputs[0], &self.embedding_output, &[rows, d])?;
        let states = self.values(&outputs[1], &self.state_output, &[rows, width, d])?;
        for (row, &at) in batch.iter().enumerate() {
            into.vectors[at] = vectors[row * d..][..d].to_vec();
            let first_token = &states[row * width * d..][..d];
            into.fingerprints[at] = fingerprint(first_token, &self.signs);
        }
        Ok(())
    }

    fn values<'t>(&self, tensor: &'t Tensor, name: &str, expected: &[usize]) -> Result<&'t [f32]> {
        match tensor {
            Tensor::F32 { shape, data } if shape == expected && data.iter().all(|value| value.is_finite()) => Ok(data),
            Tensor::F32 { shape, .. } if shape == expected => {
                Err(Error::Onnx(format!("output `{name}` holds numbers that are not finite")))
            }
            Tensor::F32 { shape, .. } | Tensor::I64 { shape, .. } => {
                Err(Error::Onnx(format!("output `{name}` must be f32 {expected:?}, has shape {shape:?}")))
            }
        }
    }
}

fn fingerprint(state: &[f32], signs: &[f64]) -> i32 {
    let projected: f64 = state.iter().zip(signs).map(|(&value, sign)| f64::from(value) * sign).sum();
    (projected * 1e6).round() as i32
}

/// Random signs over the square root of their number, the same for everybody.
fn signs(dimensions: usize) -> Vec<f64> {
    let size = 1.0 / (dimensions as f64).sqrt();
    (0..dimensions)
        .map(|at| {
            let block = sha256(&[b"LIAISE/FINGER/01", &((at / 256) as u32).to_be_bytes()]);
            let bit = block[at % 256 / 8] >> (at % 8) & 1;
            if bit == 1 { size } else { -size }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_fixed_and_balanced() {
        let signs = signs(384);
        let plus = signs.iter().filter(|&&s| s > 0.0).count();
        assert!((150..=234).contains(&plus), "{plus}");
        assert!((signs.iter().map(|s| s * s).sum::<f64>() - 1.0).abs() < 1e-9);
        assert_eq!(fingerprint(&vec![0.0; 384], &signs), 0);
    }
}
