//! What goes in and what comes out, as DAG-CBOR.
//!
//! Both are maps with one key that names the task, `answer` or `add`, whose value is the struct below. Ids are byte
//! strings of 32 bytes. An output is accepted only in its canonical form: one result, one commitment.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    error::{Error, Result},
    hash::{BlobId, ChunkId, SnapshotId},
};

/// Longest question, in bytes.
pub const QUESTION_MAX: usize = 4096;
/// Most sources that a question may ask for.
pub const K_MAX: u32 = 20;
/// Most chunks of one task.
pub const CHUNKS_MAX: usize = 256;
/// Longest chunk, in bytes.
pub const CHUNK_MAX: usize = 16 * 1024;

/// The input of a retrieval task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskInput {
    /// Answer a question from the documents.
    Answer(AnswerInput),
    /// Embed chunks for the index.
    Add(AddInput),
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerInput {
    /// Version: 1.
    pub v: u32,
    /// The question, at most [`QUESTION_MAX`] bytes.
    pub question: String,
    /// The snapshot to read.
    pub snapshot: SnapshotId,
    /// Sources wanted, 1 to [`K_MAX`]; more are read where they hold too few sentences.
    pub k: u32,
}

/// Chunks to be embedded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddInput {
    /// Version: 1.
    pub v: u32,
    /// Texts, at most [`CHUNKS_MAX`] of at most [`CHUNK_MAX`] bytes.
    pub chunks: Vec<String>,
}

/// The output of a retrieval task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskOutput {
    /// To [`TaskInput::Answer`].
    Answer(AnswerOutput),
    /// To [`TaskInput::Add`].
    Add(AddOutput),
}

/// An answer: the quoted sentence, and everything that was read to find it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerOutput {
    /// Version: 1.
    pub v: u32,
    /// The snapshot that was read.
    pub snapshot: SnapshotId,
    /// The nearest passages, best first, ties by chunk id.
    pub sources: Vec<Source>,
    /// Every sentence of these passages, in order.
    pub sentences: Vec<Read>,
    /// Which entry of `sentences` is quoted: the first of those with the highest score. Its words are not here: documents
    /// can be removed, outputs stay; readers cut the sentence out of the chunk's text.
    pub best: u32,
    /// The passage that it stands in.
    pub chunk: ChunkId,
}

/// A passage found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its id.
    pub chunk: ChunkId,
    /// Cosine with the question, in millionths.
    pub score: i32,
}

/// A sentence read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Index into `sources`.
    pub source: u32,
    /// Which sentence of that passage, from 0, as [`super::sentences`] counts.
    pub sentence: u32,
    /// Cosine with the question, in millionths.
    pub score: i32,
}

/// Embeddings of chunks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddOutput {
    /// Version: 1.
    pub v: u32,
    /// Length of one embedding.
    pub dimensions: u32,
    /// The chunks' ids, in the order of the input.
    pub chunks: Vec<ChunkId>,
    /// The embeddings in that order, little-endian f32, each a blob of its own: it goes when its chunk is removed.
    pub embeddings: Vec<BlobId>,
}

impl TaskInput {
    /// DAG-CBOR.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads and checks an input.
    ///
    /// # Errors
    /// [`Error::Input`] names the field.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let input: Self = decode(bytes).map_err(|problem| Error::input("input", problem))?;
        match &input {
            Self::Answer(answer) => {
                version(answer.v)?;
                if answer.question.trim().is_empty() || answer.question.len() > QUESTION_MAX {
                    return Err(Error::input("question", format!("must have 1 to {QUESTION_MAX} bytes")));
                }
                if !(1..=K_MAX).contains(&answer.k) {
                    return Err(Error::input("k", format!("must be between 1 and {K_MAX}, is {}", answer.k)));
                }
            }
            Self::Add(add) => {
                version(add.v)?;
                if add.chunks.is_empty() || add.chunks.len() > CHUNKS_MAX {
                    return Err(Error::input("chunks", format!("must be 1 to {CHUNKS_MAX}, are {}", add.chunks.len())));
                }
                if let Some(at) = add.chunks.iter().position(|c| c.trim().is_empty() || c.len() > CHUNK_MAX) {
                    return Err(Error::input("chunks", format!("number {at} must have 1 to {CHUNK_MAX} bytes")));
                }
            }
        }
        Ok(input)
    }
}

impl TaskOutput {
    /// DAG-CBOR.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads an output; what is wrong with it is a text, for it is another node's fault.
    ///
    /// # Errors
    /// What is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        decode(bytes)
    }
}

fn version(v: u32) -> Result<()> {
    if v == 1 { Ok(()) } else { Err(Error::input("v", format!("is {v}, this program reads 1"))) }
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    serde_ipld_dagcbor::to_vec(value).expect("strings, integers and byte strings always encode")
}

/// Decodes, and refuses what would encode to other bytes.
fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let value: T = serde_ipld_dagcbor::from_slice(bytes).map_err(|error| error.to_string())?;
    if encode(&value) == bytes { Ok(value) } else { Err("it is not canonical DAG-CBOR".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(text: &str, k: u32) -> TaskInput {
        TaskInput::Answer(AnswerInput { v: 1, question: text.into(), snapshot: SnapshotId([7; 32]), k })
    }

    #[test]
    fn inputs_are_checked_by_field() {
        assert_eq!(TaskInput::from_bytes(&question("Who?", 10).to_bytes()).unwrap(), question("Who?", 10));
        let add = |chunks: Vec<String>| TaskInput::Add(AddInput { v: 1, chunks });
        for (input, field) in [
            (question(" ", 10), "question"),
            (question(&"x".repeat(QUESTION_MAX + 1), 10), "question"),
            (question("Who?", 0), "`k`"),
            (question("Who?", 21), "`k`"),
            (add(vec![]), "chunks"),
            (add(vec!["a".into(), "".into()]), "number 1"),
            (add(vec!["a".into(); CHUNKS_MAX + 1]), "chunks"),
        ] {
            let error = TaskInput::from_bytes(&input.to_bytes()).unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        }
    }

    #[test]
    fn only_the_canonical_bytes_count() {
        let bytes = question("Who?", 10).to_bytes();
        let mut trailing = bytes.clone();
        trailing.push(0);
        assert!(TaskInput::from_bytes(&trailing).is_err());
        // {"add": {"chunks": ["a"], "v": 1}}: the same map with its keys the other way round.
        let swapped = [&b"\xa1\x63add\xa2\x66chunks\x81\x61a\x61v\x01"[..]].concat();
        assert!(TaskInput::from_bytes(&swapped).is_err());
        let right = [&b"\xa1\x63add\xa2\x61v\x01\x66chunks\x81\x61a"[..]].concat();
        assert!(TaskInput::from_bytes(&right).is_ok());
    }
}
