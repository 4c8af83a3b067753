//! The model against what sentence-transformers makes of the same texts.

use std::fs;

use liaise_compute::Primitive;
use serde_json::Value;

use crate::installed::{passages, repository, retrieval};

/// IEEE 754 half precision.
fn half(bytes: &[u8]) -> f64 {
    let bits = u16::from_le_bytes([bytes[0], bytes[1]]);
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    match exponent {
        0 => sign * fraction * 2f64.powi(-24),
        _ => sign * (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

fn texts(described: &Value) -> Vec<String> {
    let passages = passages();
    let line = |name: &str| {
        let found = passages.iter().find_map(|passage| {
            let at = passage.lines.iter().position(|line| line == name)?;
            passage.text.split('\n').nth(at + 1)
        });
        found.unwrap_or_else(|| panic!("{name} is not in the corpus")).to_owned()
    };
    let text = |entry: &Value| match (entry["text"].as_str(), entry["line"].as_str(), entry["passage"].as_u64()) {
        (Some(text), _, _) => text.to_owned(),
        (_, Some(name), _) => line(name),
        (_, _, Some(at)) => passages[at as usize].text.clone(),
        _ => panic!("an entry names no text: {entry}"),
    };
    described["texts"].as_array().unwrap().iter().map(text).collect()
}

#[test]
fn embeddings_are_those_of_sentence_transformers() {
    let described: Value = serde_json::from_slice(&fs::read(repository("tests/golden/minilm.json")).unwrap()).unwrap();
    let raw = fs::read(repository("tests/golden/minilm.f16")).unwrap();
    let dimensions = described["dimensions"].as_u64().unwrap() as usize;
    let texts = texts(&described);
    assert!(texts.len() >= 500, "{}", texts.len());
    assert!(described["longer_than_256_tokens"].as_u64() >= Some(20));
    assert_eq!(raw.len(), texts.len() * dimensions * 2);

    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let primitive = retrieval();
    let ours = primitive.embedder().embed(&texts).unwrap();
    let mut worst: f64 = 1.0;
    for ((ours, theirs), text) in ours.vectors.iter().zip(raw.chunks_exact(dimensions * 2)).zip(&texts) {
        let theirs: Vec<f64> = theirs.chunks_exact(2).map(half).collect();
        let dot: f64 = ours.iter().zip(&theirs).map(|(a, b)| f64::from(*a) * b).sum();
        let own: f64 = ours.iter().map(|a| f64::from(*a).powi(2)).sum();
        let norm = theirs.iter().map(|b| b * b).sum::<f64>().sqrt();
        assert!((own - 1.0).abs() < 1e-5, "{text:?} has the squared length {own}");
        // The promise is 0.999; what is kept as float16 allows to ask for more.
        assert!(dot / norm > 0.99999, "cosine {} for {text:?}", dot / norm);
        worst = worst.min(dot / norm);
    }
    println!("{}: {} texts, lowest cosine {worst:.8}", primitive.device(), texts.len());
}
