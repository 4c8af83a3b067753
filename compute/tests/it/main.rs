//! The retrieval model against what sentence-transformers makes of the same texts. Needs `cargo xtask setup`.

use liaise_compute::retrieval::{Retrieval, read_passages};
use liaise_compute::{Bundle, Cache, Device, Runtime};
use serde_json::Value;
use std::path::Path;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden");
const DIMENSIONS: usize = 384;

/// IEEE 754 half precision, little-endian.
fn half_to_f64(bytes: [u8; 2]) -> f64 {
    let bits = u16::from_le_bytes(bytes);
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    match exponent {
        0 => sign * fraction * 2f64.powi(-24),
        _ => sign * (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

fn golden() -> (Value, Vec<Vec<f64>>) {
    let described = std::fs::read(Path::new(GOLDEN).join("minilm.json")).expect("committed");
    let raw = std::fs::read(Path::new(GOLDEN).join("minilm.f16")).expect("committed");
    let numbers: Vec<f64> = raw.chunks_exact(2).map(|pair| half_to_f64([pair[0], pair[1]])).collect();
    let vectors = numbers.chunks_exact(DIMENSIONS).map(<[f64]>::to_vec).collect();
    (serde_json::from_slice(&described).expect("JSON"), vectors)
}

fn texts(described: &Value) -> Vec<String> {
    let passages = read_passages(&Cache::default().passages()).expect("run `cargo xtask setup`");
    let line_of = |name: &str| {
        let found = passages.iter().find_map(|passage| {
            let at = passage.lines.iter().position(|line| line == name)?;
            passage.text.split('\n').nth(at + 1)
        });
        found.unwrap_or_else(|| panic!("{name} is not in the corpus")).to_owned()
    };
    let text = |entry: &Value| match (entry["text"].as_str(), entry["line"].as_str(), entry["passage"].as_u64()) {
        (Some(text), _, _) => text.to_owned(),
        (_, Some(line), _) => line_of(line),
        (_, _, Some(at)) => passages[at as usize].text.clone(),
        _ => panic!("an entry names no text: {entry}"),
    };
    described["texts"].as_array().expect("an array").iter().map(text).collect()
}

#[test]
fn embeddings_are_those_of_sentence_transformers() {
    let (described, vectors) = golden();
    let texts = texts(&described);
    assert!(texts.len() >= 500 && texts.len() == vectors.len());
    assert!(described["longer_than_256_tokens"].as_u64().is_some_and(|count| count > 0));
    let runtime = Runtime::load(&Cache::default().library().expect("run `cargo xtask setup`")).expect("the runtime loads");
    let bundle = Bundle::open(&Cache::default().minilm()).expect("run `cargo xtask setup`");
    let retrieval = Retrieval::open(bundle, &runtime, 2, Device::Cpu).expect("the model opens");
    let mut worst = (f64::MAX, String::new());
    for (texts, vectors) in texts.chunks(16).zip(vectors.chunks(16)) {
        let batch: Vec<&str> = texts.iter().map(String::as_str).collect();
        let ours = retrieval.embedder().embed(&batch).expect("embeddings");
        for ((ours, theirs), text) in ours.vectors.iter().zip(vectors).zip(texts) {
            let dot: f64 = ours.iter().zip(theirs).map(|(a, b)| f64::from(*a) * b).sum();
            let norm: f64 = theirs.iter().map(|x| x * x).sum::<f64>().sqrt();
            if dot / norm < worst.0 {
                worst = (dot / norm, text.clone());
            }
        }
    }
    assert!(worst.0 > 0.999, "cosine {} for {:?}", worst.0, worst.1);
}

#[test]
fn the_runtime_leaves_no_telemetry_behind() {
    let home = std::env::var_os("HOME").map(std::path::PathBuf::from).expect("a home");
    let traces = home.join(".cache/Microsoft");
    let before = traces.exists();
    Runtime::load(&Cache::default().library().expect("run `cargo xtask setup`")).expect("the runtime loads");
    assert_eq!(traces.exists(), before, "{} appeared", traces.display());
}
