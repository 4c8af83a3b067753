//! One look at what this machine can do: library, provider, device, and a timed inference.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use serde::Serialize;

use crate::{
    bundle::Bundle,
    device::Device,
    error::Result,
    hash::AdapterId,
    retrieval::{Embedder, RetrievalConfig},
    runtime::Runtime,
};

/// What `liaise compute check` prints..
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// ONNX Runtime's library.
    pub library: PathBuf,
    /// What the library says about its build.
    pub library_build: String,
    /// The library's SHA-256.
    pub library_sha256: String,
    /// The execution provider in use.
    pub provider: String,
    /// `CPU`, `CUDA` or `CPU (CUDA failed: why)`.
    pub device: String,
    /// The adapter that was run.
    pub adapter: AdapterId,
    /// Its name.
    pub model: String,
    /// Threads inside one operator.
    pub threads: usize,
    /// Time to check all hashes of the bundle, in microseconds.
    pub verify_us: u64,
    /// Time to load the model, in microseconds.
    pub load_us: u64,
    /// Median time of one inference of `tokens` tokens, in microseconds.
    pub inference_us: u64,
    /// Tokens of the text that was timed.
    pub tokens: usize,
}

const SENTENCE: &str = "Useful work is what somebody asked for and somebody else has checked.";
const RUNS: usize = 9;

/// Loads `library`, opens the retrieval bundle at `bundle` and times an inference.
///
/// # Errors
/// Whatever keeps the machine from computing, with its remedy.
pub fn check(library: &Path, bundle: &Path, threads: usize, device: Device) -> Result<CheckReport> {
    let runtime = Runtime::load(library)?;
    let start = Instant::now();
    let bundle = Bundle::open(bundle)?;
    let verify_us = micros(start);
    let start = Instant::now();
    let config: RetrievalConfig = bundle.config()?;
    let embedder = Embedder::open(&bundle, &config, &runtime, threads, device)?;
    let load_us = micros(start);
    let mut times = Vec::with_capacity(RUNS);
    let mut tokens = 0;
    for _ in 0..RUNS {
        let start = Instant::now();
        tokens = embedder.embed(&[SENTENCE])?.tokens;
        times.push(micros(start));
    }
    times.sort_unstable();
    let report = embedder.device();
    Ok(CheckReport {
        library: runtime.library().into(),
        library_build: runtime.identity().build.clone(),
        library_sha256: runtime.identity().sha256.clone(),
        provider: report.provider.clone(),
        device: report.to_string(),
        adapter: bundle.id(),
        model: bundle.manifest().name.clone(),
        threads,
        verify_us,
        load_us,
        inference_us: times[RUNS / 2],
        tokens,
    })
}

fn micros(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX)
}
