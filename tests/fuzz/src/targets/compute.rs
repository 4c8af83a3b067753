//! What other nodes computed, and bundles of models.

use crate::{Target, bombs, choose, chosen, same, settles};
use liaise_compute::fuzz;
use liaise_compute::retrieval::read_added;
use liaise_compute::retrieval::task::{
    AddInput, AddOutput, AnswerInput, AnswerOutput, CHUNKS_MAX, K_MAX, QUESTION_MAX, Read, Source, TaskInput,
    TaskOutput,
};
use liaise_compute::{BlobId, ChunkId, SnapshotId};

pub const TASKS: Target = Target {
    name: "tasks",
    decoders: "`TaskInput`, `TaskOutput`, `read_added`, the documents' index",
    longest: 16 * 1024,
    memory: 128,
    read: |input| {
        let Some((which, rest)) = choose(input) else { return false };
        match which {
            0 => task(rest),
            1 => same(rest, TaskOutput::from_bytes(rest).ok().map(|output| output.to_bytes())),
            2 => added(rest),
            3 => settles(fuzz::index(rest), |bytes| fuzz::index(bytes)),
            _ => false,
        }
    },
    seeds: || {
        let answer = AnswerInput { v: 1, question: "Who?".into(), snapshot: SnapshotId([7; 32]), k: 5 };
        let inputs = [TaskInput::Answer(answer), TaskInput::Add(AddInput { v: 1, chunks: vec!["a chunk".into()] })];
        let source = Source { chunk: ChunkId([1; 32]), score: 900_000 };
        let read = Read { source: 0, sentence: 2, score: -5 };
        let answered = AnswerOutput {
            v: 1,
            snapshot: SnapshotId([7; 32]),
            sources: vec![source],
            sentences: vec![read],
            best: 0,
            chunk: source.chunk,
        };
        let blob = 1f32.to_le_bytes();
        let add = AddOutput { v: 1, dimensions: 1, chunks: vec![source.chunk], embeddings: vec![BlobId::of(&blob)] };
        let add = TaskOutput::Add(add).to_bytes();
        let outputs = [TaskOutput::Answer(answered).to_bytes(), add.clone()];
        let index = b"\xa3\x61v\x01\x66chunks\x81\xa2\x64text\x61a\x66vector\x44\x00\x00\x80\x3f\x67removed\x80";
        [
            chosen(0, inputs.iter().map(TaskInput::to_bytes)),
            chosen(1, outputs),
            chosen(2, [[&blob[..], &add].concat()]),
            chosen(3, [index.to_vec()]),
        ]
        .concat()
    },
    refused: || {
        let cut = b"\xa3\x61v\x01\x66chunks\x81\xa2\x64text\x61a\x66vector\x45\x00\x00\x80\x3f\x00\x67removed\x80";
        let all = (0..4).flat_map(|which| chosen(which, bombs()));
        all.chain(chosen(3, [cut.to_vec()])).collect()
    },
};

fn task(input: &[u8]) -> bool {
    let Ok(read) = TaskInput::from_bytes(input) else { return false };
    match &read {
        TaskInput::Answer(answer) => assert!(answer.question.len() <= QUESTION_MAX && answer.k <= K_MAX),
        TaskInput::Add(add) => assert!((1..=CHUNKS_MAX).contains(&add.chunks.len())),
    }
    same(input, Some(read.to_bytes()))
}

/// Four bytes of one blob, then an output.
fn added(input: &[u8]) -> bool {
    let Some((blob, output)) = input.split_at_checked(4) else { return false };
    read_added(output, &[blob.to_vec()]).is_ok_and(|added| {
        assert!(added.iter().all(|(_, vector)| vector.len() == 1), "an embedding is as long as its blob");
        !added.is_empty()
    })
}

pub const BUNDLE: Target = Target {
    name: "bundle",
    decoders: "a bundle's `manifest.json`: canonical JSON, paths, tables",
    longest: 8 * 1024,
    memory: 256,
    read: |input| {
        let Some((which, rest)) = choose(input) else { return false };
        match which {
            0 => settles(fuzz::json(rest), |bytes| fuzz::json(bytes)),
            1 => manifest(rest),
            _ => false,
        }
    },
    seeds: || {
        let json = br#" {"b":[1,-2,true,null],"a":"x\u0001\"\u00e9\n","c":{}} "#;
        [chosen(0, [json.to_vec()]), chosen(1, [MANIFEST.as_bytes().to_vec()])].concat()
    },
    refused: || {
        let texts = [r#"{"a":1,"a":1}"#, "1.5", "9223372036854775808", "1e3", "[1]]", "\"\u{0}\""];
        let deep = vec![b'['; 7_000];
        let texts = texts.map(|text| text.as_bytes().to_vec()).into_iter().chain([deep]);
        let spaced = format!(" {MANIFEST}");
        let outside = ["../x", "/x", "a//b", "C:x", "a\\\\b", "."].map(|path| MANIFEST.replace("LICENSE", path));
        [chosen(0, texts), chosen(1, outside.map(String::into_bytes)), chosen(1, [spaced.into_bytes()])].concat()
    },
};

/// A small bundle's, in its one form.
const MANIFEST: &str = concat!(
    r#"{"config":{},"files":{"LICENSE":{"bytes":1,"sha256":"00"}},"kind":"retrieval","#,
    r#""licence":{"attribution":"nobody","file":"LICENSE","spdx":"MIT"},"name":"x","#,
    r#""regions":{"allow":["*"],"exclude":[]},"runtime":{"library":"onnxruntime","numeric":"f32","#,
    r#""optimisation":"all","prepacking":true,"version":"1.24"},"schema":1,"schemas":{},"#,
    r#""verification":{"cost_permille":100,"evidence_tolerance":1,"rule":"recompute-sample","#,
    r#""sample_permille":{"answer":100},"tolerance_ppm":500},"version":1,"#,
    r#""work_units":{"base":1,"max":9,"per_item":1}}"#
);

fn manifest(input: &[u8]) -> bool {
    let Some((written, paths)) = fuzz::manifest(input) else { return false };
    for path in paths {
        let inside = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        assert!(inside && !path.contains(['\\', '\0', ':']), "{path:?} leads elsewhere");
    }
    same(input, Some(written))
}
