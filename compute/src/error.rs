//! The one error type of this crate. Every message names the thing at fault and, where there is one, the remedy.

use std::path::{Path, PathBuf};

use crate::hash::SnapshotId;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong on this machine or with what this machine was given to do.
///
/// A bad *output of another node* is no error: [`crate::Primitive::verify`] reports it as a low score.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// ONNX Runtime's shared library is missing or not usable.
    #[error("ONNX Runtime at {path}: {why}; run `cargo xtask setup`")]
    Library {
        /// The path that was tried.
        path: PathBuf,
        /// What the loader said.
        why: String,
    },
    /// A device that was asked for by name does not work here.
    #[error("device {device}: {why}; choose `--device cpu`, or `auto` to fall back by itself")]
    Device {
        /// The device asked for.
        device: &'static str,
        /// What ONNX Runtime said, which names the missing library or driver.
        why: String,
    },
    /// ONNX Runtime refused a model or a run.
    #[error("ONNX Runtime: {0}")]
    Onnx(String),
    /// A bundle is not what its manifest says, or the manifest itself is not acceptable.
    #[error("bundle {bundle}: {place}: {problem}; {remedy}")]
    Bundle {
        /// The bundle's folder.
        bundle: PathBuf,
        /// The file or manifest field at fault.
        place: String,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// No primitive of this kind is registered.
    #[error(
        "no primitive of kind `{kind}` is built into this program; it has: {known}; update it, or choose another adapter"
    )]
    UnknownKind {
        /// The manifest's kind.
        kind: String,
        /// The kinds that are registered.
        known: String,
    },
    /// A task's input can't be worked on.
    #[error("task input, field `{field}`: {problem}")]
    Input {
        /// The field at fault.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// This node's documents are not at the snapshot that the task names.
    #[error("the task reads snapshot {asked}, this node's documents are at {have}; wait until they have caught up")]
    Snapshot {
        /// The snapshot that the task names.
        asked: SnapshotId,
        /// The snapshot of the documents in the context.
        have: SnapshotId,
    },
    /// The context holds no documents and the primitive needs them.
    #[error("this task reads documents, and the node has none loaded; add documents first")]
    NoDocuments,
    /// The documents can't be changed as asked.
    #[error("document {what}: {problem}")]
    Documents {
        /// The chunk or file.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The caller's flag asked the work to stop.
    #[error("stopped on request")]
    Cancelled,
    /// The tokenizer's files can't be used.
    #[error("tokenizer {path}: {why}")]
    Tokenizer {
        /// The tokenizer's file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The thread that owns a model has ended.
    #[error("the thread that owns the model has ended; restart the node")]
    SessionGone,
    /// Reading or writing failed.
    #[error("{path}: {source}")]
    Io {
        /// The path at fault.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
        move |source| Error::Io { path: path.into(), source }
    }

    pub(crate) fn input(field: &'static str, problem: impl Into<String>) -> Error {
        Error::Input { field, problem: problem.into() }
    }
}

impl From<ort::Error> for Error {
    fn from(error: ort::Error) -> Self {
        Error::Onnx(error.to_string())
    }
}
