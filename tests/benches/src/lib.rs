//! How benchmarks measure and what they print: one JSON row a figure, for `cargo xtask bench`.

pub mod epoch;
mod leaves;
pub mod network;
mod others;
mod python;
mod row;

pub use leaves::{LEAVES, leaves};
pub use others::{light, others_leaves, rs};
pub use python::Python;
pub use row::{Row, alone, machine, median, print, processor_time, thread_time, versus};
