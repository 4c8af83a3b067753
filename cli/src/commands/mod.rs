//! One file a command.

// `say!` and `note!` instead: these panic when their reader goes away.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod account;
pub mod audit;
pub mod claim;
pub mod completions;
pub mod compute;
mod consent;
mod context;
pub mod dao;
mod delegation;
pub mod ledger;
pub mod link;
pub mod manual;
pub mod node;
pub mod oracle;
pub mod prompt;
pub mod retrieval;
pub mod rewards;
mod session;
mod submit;
