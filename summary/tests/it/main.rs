//! Integration tests of the crate.
#![allow(missing_docs)]

mod second_opinion;
mod statements;
mod vectors;

// the writer's own modules, so that the committed files are compared with exactly what it would write
#[path = "../../examples/vectors/files.rs"]
mod files;
#[path = "../../examples/vectors/keys.rs"]
mod keys;
#[path = "../../examples/vectors/statements.rs"]
mod statement_vectors;
#[path = "../../examples/vectors/trees.rs"]
mod trees;
