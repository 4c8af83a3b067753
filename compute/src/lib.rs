//! Model adapters and primitives over ONNX Runtime.
//!
//! A compute node opens a certified [`Bundle`] through a [`Registry`] and gets a [`Primitive`]: something that can
//! `run` a task, `verify` what another node says about the same task at a fraction of the cost, and count the `items` of
//! its work, from which a certified table makes work units. Inputs and outputs are DAG-CBOR bytes that hold integers only; larger data travels beside them as blobs
//! named by their SHA-256.
//!
//! Everything here blocks: an asynchronous caller puts it on a blocking thread. Nothing here knows accounts,
//! messages or chains. A new kind of work is a type that implements [`Primitive`] and one call of
//! [`Registry::register`].
//!
//! Units: scores and tolerances are millionths (`ppm`: a cosine of 1 is 1 000 000), shares are thousandths
//! (`permille`), embeddings are `f32` vectors of length 1.
#![warn(missing_docs)]

mod bundle;
mod cache;
mod canonical;
mod check;
mod device;
mod error;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod hash;
mod manifest;
mod pack;
mod placement;
mod primitive;
mod registry;
pub mod retrieval;
mod runtime;
mod sampling;
mod session;

pub use bundle::Bundle;
pub use cache::Cache;
pub use canonical::Json;
pub use check::{CheckReport, check};
pub use device::{Device, DeviceReport};
pub use error::{Error, Result};
pub use hash::{AdapterId, BlobId, ChunkId, SnapshotId};
pub use manifest::{FileEntry, Licence, Manifest, Regions, RuntimeClass, Verification, WorkUnits};
pub use pack::pack;
pub use primitive::{Check, Output, Primitive, TaskContext};
pub use registry::{Factory, Registry};
pub use runtime::Runtime;
pub use sampling::sample_positions;
pub use session::{Port, Session, Tensor};
