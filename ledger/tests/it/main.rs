//! Integration tests of the crate.
#![allow(missing_docs)]

mod assignment;
mod canonical;
mod genesis;
mod link;
mod messages;
mod schema;
mod session;
mod strategies;
mod tree;
mod vectors;
mod wallets;

// the writer's own modules, so that the committed files are compared with exactly what it would write
#[path = "../../examples/vectors/draws.rs"]
mod draws;
#[path = "../../examples/vectors/ed25519.rs"]
mod ed25519;
#[path = "../../examples/vectors/files.rs"]
mod files;
#[path = "../../examples/vectors/genesis_files.rs"]
mod genesis_files;
#[path = "../../examples/vectors/links.rs"]
mod links;
#[path = "../../examples/vectors/sample.rs"]
mod sample;
#[path = "../../examples/vectors/sessions.rs"]
mod sessions;
