//! Answers from documents: racing, judging, adding and removing.

use std::{fs, sync::atomic::AtomicBool};

use liaise_compute::{
    Bundle, ChunkId, Device, Error, Output, Primitive, Registry, SnapshotId, TaskContext,
    retrieval::{
        Documents, Index, Retrieval, read_added, sentences,
        task::{AddInput, AnswerInput, AnswerOutput, TaskInput, TaskOutput},
    },
};

use crate::installed::{bundle_folder, device, index_of, passages, retrieval, runtime, template, write_bundle};

const QUESTION: &str = "On which mountains did the ark come to rest?";

/// The first chapters of Genesis.
pub fn texts() -> Vec<String> {
    passages().into_iter().take(64).map(|passage| passage.text).collect()
}

pub fn question(snapshot: SnapshotId, k: u32) -> Vec<u8> {
    TaskInput::Answer(AnswerInput { v: 1, question: QUESTION.into(), snapshot, k }).to_bytes()
}

pub fn answer(output: &Output) -> AnswerOutput {
    match TaskOutput::from_bytes(&output.bytes).unwrap() {
        TaskOutput::Answer(answer) => answer,
        other => panic!("{other:?}"),
    }
}

fn bytes(answer: AnswerOutput) -> Vec<u8> {
    TaskOutput::Answer(answer).to_bytes()
}

fn quotation(index: &Index, answer: &AnswerOutput) -> String {
    let read = answer.sentences[answer.best as usize];
    let text = index.text(answer.chunk).unwrap();
    sentences(&text)[read.sentence as usize].to_string()
}

#[test]
fn an_answer_cites_its_source_and_passes_its_judge_at_a_fraction_of_the_cost() {
    let primitive = Registry::default().open(Bundle::open(&bundle_folder()).unwrap(), &runtime(), 1, device()).unwrap();
    let index = index_of(primitive.as_ref(), &texts());
    let ctx = TaskContext::new().with_documents(&index);
    let input = question(index.snapshot_id(), 10);
    let output = primitive.run(&input, &ctx).unwrap();
    let found = answer(&output);
    assert_eq!(found.snapshot, index.snapshot_id());
    assert!(found.sources.len() >= 10 && found.sentences.len() >= 40, "{found:?}");
    assert!(quotation(&index, &found).contains("mountains of Ararat"), "{}", quotation(&index, &found));
    assert!(found.sources.iter().any(|source| source.chunk == found.chunk));
    assert_eq!(primitive.items(&input, &output.bytes).unwrap(), found.sentences.len() as u64);
    // What a document says is not in the output: documents can be removed, outputs stay.
    assert!(!output.bytes.windows(6).any(|window| window == b"Ararat"));

    // Another node with its own index and its own session judges it.
    let judge = retrieval();
    let own = index_of(&judge, &texts());
    let ctx = TaskContext::new().with_documents(&own);
    let limit = Bundle::open(&bundle_folder()).unwrap().manifest().verification.cost_permille;
    let mut drawn = std::collections::BTreeSet::new();
    for seed in 0..4 {
        let check = judge.verify(&input, &output.bytes, &[], [seed; 32], &ctx).unwrap();
        assert_eq!(check.score_permille, 1000, "{}", check.reason);
        assert!(check.accepts() && u32::from(check.cost_permille) <= limit, "{check:?}");
        assert!(check.positions.contains(&found.best));
        assert!(check.positions.len() * 3 >= found.sentences.len() / 2, "a quarter at least: {check:?}");
        // An auditor gets the same evidence.
        let again = primitive.recompute(&input, &output.bytes, &check.positions, &ctx).unwrap();
        for (theirs, ours) in check.values.iter().zip(&again) {
            assert!(theirs.abs_diff(*ours) <= judge.evidence_tolerance(), "{theirs} {ours}");
        }
        assert!(check.values.windows(2).any(|pair| pair[0].abs_diff(pair[1]) > 20 * judge.evidence_tolerance()));
        drawn.extend(check.positions);
    }
    assert!(drawn.len() > found.sentences.len() / 2, "seeds draw different parts");
}

#[test]
fn a_dishonest_answer_is_refused() {
    let primitive = retrieval();
    let index = index_of(&primitive, &texts());
    let ctx = TaskContext::new().with_documents(&index);
    let input = question(index.snapshot_id(), 10);
    let honest = answer(&primitive.run(&input, &ctx).unwrap());
    let refused = |change: &dyn Fn(&mut AnswerOutput)| {
        let mut forged = honest.clone();
        change(&mut forged);
        let check = primitive.verify(&input, &bytes(forged), &[], [3; 32], &ctx).unwrap();
        assert!(check.score_permille < 500, "{}", check.reason);
        check.reason
    };
    let best = honest.best as usize;
    let other = (best + 1) % honest.sentences.len();
    type Forgery<'a> = (&'a str, &'a dyn Fn(&mut AnswerOutput));
    let cases: [Forgery<'_>; 11] = [
        ("asked was", &|a| a.snapshot = SnapshotId([9; 32])),
        ("has the highest score", &|a| a.best = other as u32),
        // The quoted sentence is always computed again, whatever is drawn.
        ("differ", &|a| {
            a.sentences[other].score = a.sentences[best].score + 1;
            a.best = other as u32;
            a.chunk = a.sources[a.sentences[other].source as usize].chunk;
        }),
        ("differ", &|a| a.sentences.iter_mut().for_each(|read| read.score -= 5000)),
        ("not the sentence that it cites", &|a| a.chunk = ChunkId([1; 32])),
        ("ppm, claimed are", &|a| a.sources[0].score += 5000),
        ("not in order", &|a| a.sources.swap(0, 1)),
        ("comes twice", &|a| a.sources[1] = a.sources[0]),
        ("there is no chunk", &|a| a.sources[0].chunk = ChunkId([1; 32])),
        ("not as many", &|a| {
            a.sources.pop();
            a.sentences.retain(|read| (read.source as usize) < a.sources.len());
        }),
        ("not those of the sources", &|a| a.sentences.truncate(a.sentences.len() - 1)),
    ];
    for (expected, change) in cases {
        let reason = refused(change);
        assert!(reason.contains(expected), "{expected}: {reason}");
    }
    // The nearest passage is left out and the next ones move up, all else being honest.
    let mut rest = index.clone();
    rest.remove(honest.sources[0].chunk);
    let other = TaskContext::new().with_documents(&rest);
    let mut left_out = answer(&primitive.run(&question(rest.snapshot_id(), 10), &other).unwrap());
    left_out.snapshot = index.snapshot_id();
    let check = primitive.verify(&input, &bytes(left_out), &[], [3; 32], &ctx).unwrap();
    assert!(!check.accepts() && check.reason.contains("is left out"), "{}", check.reason);
    // Bytes that are no output at all, and outputs of the other task.
    let add = TaskInput::Add(AddInput { v: 1, chunks: vec!["a text".into()] }).to_bytes();
    let added = primitive.run(&add, &ctx).unwrap().bytes;
    for junk in [vec![], b"junk".to_vec(), added] {
        assert_eq!(primitive.verify(&input, &junk, &[], [3; 32], &ctx).unwrap().score_permille, 0);
    }
}

/// The bundle with one matrix of twenty-four made a twentieth larger.
pub fn altered(device: Device) -> (tempfile::TempDir, Retrieval) {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str| fs::read(bundle_folder().join(name)).unwrap();
    let (mut model, tokenizer) = (read("model/model.onnx"), read("tokenizer/tokenizer.json"));
    // In the file the matrix's name is followed by the field of its numbers: a tag, a length of four bytes, the numbers.
    let name = b"encoder.layer.3.output.dense.weight_transposed\x4a";
    let start = model.windows(name.len()).position(|window| window == name).unwrap() + name.len() + 4;
    for at in (start..start + 1536 * 384 * 4).step_by(4) {
        let value = f32::from_le_bytes([model[at], model[at + 1], model[at + 2], model[at + 3]]);
        model[at..at + 4].copy_from_slice(&(value * 1.05).to_le_bytes());
    }
    let files = [("NOTICE", &b"notice"[..]), ("model/model.onnx", &model), ("tokenizer/tokenizer.json", &tokenizer)];
    write_bundle(folder.path(), &template(), &files, |_| ());
    let primitive = Retrieval::open(Bundle::open(folder.path()).unwrap(), &runtime(), 2, device).unwrap();
    (folder, primitive)
}

#[test]
fn altered_weights_are_refused() {
    let honest = retrieval();
    let index = index_of(&honest, &texts());
    let ctx = TaskContext::new().with_documents(&index);
    let (_folder, cheat) = altered(device());
    assert_ne!(cheat.adapter(), honest.adapter());
    let input = question(index.snapshot_id(), 10);
    let output = cheat.run(&input, &ctx).unwrap();
    let check = honest.verify(&input, &output.bytes, &[], [5; 32], &ctx).unwrap();
    assert!(check.score_permille < 500, "{}", check.reason);

    let add = TaskInput::Add(AddInput { v: 1, chunks: texts() }).to_bytes();
    let output = cheat.run(&add, &ctx).unwrap();
    let check = honest.verify(&add, &output.bytes, &output.blobs, [5; 32], &ctx).unwrap();
    assert!(check.score_permille < 500, "{}", check.reason);
}

#[test]
fn adding_documents_is_checked_by_a_sample() {
    let primitive = retrieval();
    let ctx = TaskContext::new();
    let chunks = texts();
    let input = TaskInput::Add(AddInput { v: 1, chunks: chunks.clone() }).to_bytes();
    let output = primitive.run(&input, &ctx).unwrap();
    assert_eq!(output.blobs.len(), chunks.len());
    assert!(output.blobs.iter().all(|blob| blob.len() == 384 * 4));
    assert_eq!(primitive.items(&input, &output.bytes).unwrap(), 4 * chunks.len() as u64);
    let verify = |bytes: &[u8], blobs: &[Vec<u8>]| primitive.verify(&input, bytes, blobs, [1; 32], &ctx);
    let check = verify(&output.bytes, &output.blobs).unwrap();
    assert_eq!((check.score_permille, check.positions.len()), (1000, chunks.len() / 8), "{}", check.reason);
    assert!(check.cost_permille <= 200, "{check:?}");
    let again = primitive.recompute(&input, &output.bytes, &check.positions, &ctx).unwrap();
    assert!(check.values.iter().zip(&again).all(|(a, b)| a.abs_diff(*b) <= primitive.evidence_tolerance()));
    assert!(primitive.recompute(&input, &output.bytes, &[chunks.len() as u32], &ctx).is_err());

    // Blobs that a removal could not tell apart by their places: none, one less, one more, in another order.
    let mut shifted = output.blobs.clone();
    shifted.rotate_left(1);
    let more = [&output.blobs[..], &output.blobs[..1]].concat();
    for blobs in [&[][..], &output.blobs[1..], &more, &shifted] {
        let check = verify(&output.bytes, blobs).unwrap();
        assert!(check.score_permille == 0 && check.reason.contains("order of the chunks"), "{}", check.reason);
    }
    let forged = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut blobs = output.blobs.clone();
        change(&mut blobs);
        let Ok(TaskOutput::Add(mut forged)) = TaskOutput::from_bytes(&output.bytes) else { panic!() };
        forged.embeddings = blobs.iter().map(|blob| liaise_compute::BlobId::of(blob)).collect();
        let check = verify(&TaskOutput::Add(forged).to_bytes(), &blobs).unwrap();
        assert!(check.score_permille < 500, "{}", check.reason);
        check.reason
    };
    // Each embedding under its neighbour's name: all of length 1, none of them right.
    assert!(forged(&|blobs| blobs.rotate_left(1)).contains("differ"));
    assert!(forged(&|blobs| blobs.truncate(5)).contains("one embedding for each chunk"));
    assert!(forged(&|blobs| drop(blobs[7].drain(..4))).contains("embedding 7 has 1532 bytes"));
    assert!(forged(&|blobs| blobs[7][..4].copy_from_slice(&f32::NAN.to_le_bytes())).contains("length 1"));
}

#[test]
fn a_removed_chunk_leaves_its_embedding_out_and_no_other() {
    let primitive = retrieval();
    let chunks: Vec<String> = texts().into_iter().take(3).collect();
    let input = TaskInput::Add(AddInput { v: 1, chunks: chunks.clone() }).to_bytes();
    let output = primitive.run(&input, &TaskContext::new()).unwrap();
    let ids: Vec<ChunkId> = chunks.iter().map(|text| ChunkId::of(text)).collect();
    let read = |blobs: &[Vec<u8>]| -> Vec<ChunkId> {
        read_added(&output.bytes, blobs).unwrap().into_iter().map(|(chunk, _)| chunk).collect()
    };
    assert_eq!(read(&output.blobs), ids);
    // The second was purged: its blob is gone, and nothing of it is in the others or in the output.
    let rest = [output.blobs[0].clone(), output.blobs[2].clone()];
    assert_eq!(read(&rest), [ids[0], ids[2]]);
    let part = &output.blobs[1][..16];
    let holds_it = |bytes: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(!rest.iter().any(|blob| holds_it(blob)) && !holds_it(&output.bytes));
}

#[test]
fn a_removed_document_is_never_cited_again() {
    let primitive = retrieval();
    let mut index = index_of(&primitive, &texts());
    let before = index.snapshot_id();
    let run = |index: &Index, snapshot| {
        primitive.run(&question(snapshot, 10), &TaskContext::new().with_documents(index)).map(|output| answer(&output))
    };
    let first = run(&index, before).unwrap();
    assert!(index.remove(first.chunk));
    let second = run(&index, index.snapshot_id()).unwrap();
    assert!(second.chunk != first.chunk && second.sources.iter().all(|source| source.chunk != first.chunk));
    assert!(!quotation(&index, &second).contains("Ararat"));
    match run(&index, before) {
        Err(Error::Snapshot { asked, have }) => assert_eq!((asked, have), (before, index.snapshot_id())),
        other => panic!("{other:?}"),
    }
}

#[test]
fn few_documents_none_and_a_node_that_lost_the_race() {
    let primitive = retrieval();
    let index = index_of(&primitive, &texts()[..2]);
    let input = question(index.snapshot_id(), 10);
    let ctx = TaskContext::new().with_documents(&index);
    let output = primitive.run(&input, &ctx).unwrap();
    assert_eq!(answer(&output).sources.len(), 2);
    assert!(primitive.verify(&input, &output.bytes, &[], [1; 32], &ctx).unwrap().accepts());

    let empty = Index::new();
    let ctx = TaskContext::new().with_documents(&empty);
    assert!(matches!(primitive.run(&question(empty.snapshot_id(), 10), &ctx), Err(Error::Input { .. })));
    assert!(matches!(primitive.run(&input, &TaskContext::new()), Err(Error::NoDocuments)));
    let stop = AtomicBool::new(true);
    let ctx = TaskContext::new().with_documents(&index).with_cancel(&stop);
    assert!(matches!(primitive.run(&input, &ctx), Err(Error::Cancelled)));
}
