//! The crate as its callers see it.

mod artefact;
mod audit;
mod fold;
mod seal;

// the writer's own module, so that the committed file is compared with exactly what it would write
#[path = "../../examples/vectors/apportion_vectors.rs"]
mod apportion_vectors;
