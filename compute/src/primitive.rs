//! What every kind of work must offer to be raced, judged and paid.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{
    device::DeviceReport,
    error::{Error, Result},
    hash::AdapterId,
    retrieval::Documents,
};

/// A kind of useful work, bound to one certified bundle and one device.
///
/// Implementations are shared between threads; calls block.
pub trait Primitive: Send + Sync {
    /// The manifest's `kind`.
    fn kind(&self) -> &str;

    /// The bundle that this instance runs.
    fn adapter(&self) -> AdapterId;

    /// The device that its model has.
    fn device(&self) -> &DeviceReport;

    /// Does the task. `input` is DAG-CBOR of the kind's input schema.
    ///
    /// # Errors
    /// [`Error::Input`] names a bad field; [`Error::Snapshot`] where the documents are at another snapshot.
    fn run(&self, input: &[u8], ctx: &TaskContext<'_>) -> Result<Output>;

    /// Judges another node's `output` (and the blobs that its result names, all of them and in that order) for `input`,
    /// recomputing the part of it that `sample_seed` draws. The racer must not know the seed before it has committed.
    ///
    /// # Errors
    /// Only what stops *this* node from judging. Whatever is wrong with the output is a [`Check`] below 500.
    fn verify(
        &self,
        input: &[u8],
        output: &[u8],
        blobs: &[Vec<u8>],
        sample_seed: [u8; 32],
        ctx: &TaskContext<'_>,
    ) -> Result<Check>;

    /// This node's own evidence values at `positions`, for comparing with what a judge opened.
    ///
    /// # Errors
    /// As [`Primitive::verify`]; [`Error::Input`] for a position that the task does not have.
    fn recompute(&self, input: &[u8], output: &[u8], positions: &[u32], ctx: &TaskContext<'_>) -> Result<Vec<i32>>;

    /// How far two honest nodes' evidence values for one position may lie apart.
    fn evidence_tolerance(&self) -> u32;

    /// How much work a task holds, in the items that the kind counts: the adapter's certified table makes work units of
    /// them. It takes the output's word for what it lists; [`Primitive::verify`] holds that against the task.
    ///
    /// # Errors
    /// [`Error::Input`] where input or output can't be read.
    fn items(&self, input: &[u8], output: &[u8]) -> Result<u64>;
}

/// What a racer publishes: the DAG-CBOR that it commits to, and the blobs that this names by SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Canonical DAG-CBOR, integers only.
    pub bytes: Vec<u8>,
    /// Larger data named by the output.
    pub blobs: Vec<Vec<u8>>,
}

/// A judge's finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// 0 to 1000; 500 and more accepts.
    pub score_permille: u16,
    /// What was drawn and recomputed, ascending; what a position means is the primitive's.
    pub positions: Vec<u32>,
    /// The judge's own value at each position. None of them can be read off the judged output, so that a verdict
    /// which opens them shows that its author has run the model.
    pub values: Vec<i32>,
    /// One sentence for people.
    pub reason: String,
    /// Model work of this check per thousand of the work judged, counted in tokens.
    pub cost_permille: u16,
}

impl Check {
    /// Whether the score accepts.
    pub fn accepts(&self) -> bool {
        self.score_permille >= 500
    }

    /// A refusal that needed no model.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self { score_permille: 0, positions: vec![], values: vec![], reason: reason.into(), cost_permille: 0 }
    }
}

/// What a node lends to a task.
#[derive(Clone, Copy, Default)]
pub struct TaskContext<'a> {
    documents: Option<&'a dyn Documents>,
    cancel: Option<&'a AtomicBool>,
}

impl<'a> TaskContext<'a> {
    /// A context without documents that nobody cancels.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lends the documents, at one snapshot for the whole task.
    pub fn with_documents(mut self, documents: &'a dyn Documents) -> Self {
        self.documents = Some(documents);
        self
    }

    /// The work stops between two batches once the flag is set: a racer that lost need not finish.
    pub fn with_cancel(mut self, flag: &'a AtomicBool) -> Self {
        self.cancel = Some(flag);
        self
    }

    /// The documents.
    ///
    /// # Errors
    /// [`Error::NoDocuments`].
    pub fn documents(&self) -> Result<&'a dyn Documents> {
        self.documents.ok_or(Error::NoDocuments)
    }

    /// To be called between pieces of work.
    ///
    /// # Errors
    /// [`Error::Cancelled`] once the flag is set.
    pub fn keep_going(&self) -> Result<()> {
        match self.cancel {
            Some(flag) if flag.load(Ordering::Relaxed) => Err(Error::Cancelled),
            _ => Ok(()),
        }
    }
}
