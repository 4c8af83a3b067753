//! How well the search finds known answers, beside BM25 and beside the Python reference.

use std::{collections::BTreeMap, fs};

use liaise_compute::{
    ChunkId,
    retrieval::{Bm25, Documents, Quality, evaluate, read_questions},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::installed::{index_of, passages, repository, retrieval};

/// Half a point, in millionths.
const HALF_A_POINT: u32 = 5_000;

fn close(ours: Quality, reference: &Value) {
    let theirs: Quality = serde_json::from_value(reference.clone()).unwrap();
    assert_eq!(ours.questions, theirs.questions);
    assert!(ours.recall_at_5_ppm.abs_diff(theirs.recall_at_5_ppm) <= HALF_A_POINT, "{ours:?} {theirs:?}");
    assert!(ours.mrr_ppm.abs_diff(theirs.mrr_ppm) <= HALF_A_POINT, "{ours:?} {theirs:?}");
}

#[test]
fn every_answer_stands_where_its_question_says() {
    let lines: BTreeMap<String, String> = passages()
        .into_iter()
        .flat_map(|passage| {
            let texts: Vec<String> = passage.text.lines().skip(1).map(str::to_owned).collect();
            assert_eq!(texts.len(), passage.lines.len());
            passage.lines.into_iter().zip(texts)
        })
        .collect();
    let questions = read_questions(&repository("tests/corpus/questions.json")).unwrap();
    assert!(questions.len() >= 200, "{}", questions.len());
    for question in &questions {
        for verse in &question.verses {
            assert!(lines.contains_key(verse), "{verse} of {question:?} is not in the corpus");
        }
        assert!(!question.answer.is_empty() && lines[&question.verses[0]].contains(&question.answer), "{question:?}");
    }
}

#[test]
fn search_is_as_good_as_the_python_reference() {
    let path = repository("tests/corpus/questions.json");
    let reference: Value =
        serde_json::from_slice(&fs::read(repository("tests/corpus/reference.json")).unwrap()).unwrap();
    let asked = hex::encode(Sha256::digest(fs::read(&path).unwrap()));
    assert_eq!(reference["questions_sha256"], asked.as_str(), "run compute/setup/reference.py again");
    let (passages, questions) = (passages(), read_questions(&path).unwrap());

    let bm25 = Bm25::new(passages.iter().map(|passage| passage.text.as_str()));
    let counted = evaluate(&questions, &passages, |question| Ok(bm25.search(question, 10))).unwrap();

    let primitive = retrieval();
    let texts: Vec<String> = passages.iter().map(|passage| passage.text.clone()).collect();
    let index = index_of(&primitive, &texts);
    let at: BTreeMap<ChunkId, usize> = texts.iter().enumerate().map(|(at, text)| (ChunkId::of(text), at)).collect();
    let embedded = evaluate(&questions, &passages, |question| {
        let vector = primitive.embedder().embed(&[question])?.vectors.swap_remove(0);
        Ok(index.search(&vector, 10).iter().map(|hit| at[&hit.chunk]).collect())
    })
    .unwrap();

    println!("embeddings {embedded:?}\nBM25       {counted:?}");
    close(counted, &reference["bm25"]);
    close(embedded, &reference["embedding"]);
}
