//! One file a command.

pub mod account;
pub mod audit;
pub mod claim;
pub mod completions;
pub mod compute;
mod consent;
mod context;
pub mod dao;
pub mod ledger;
pub mod node;
pub mod oracle;
pub mod prompt;
pub mod retrieval;
pub mod rewards;
mod session;
mod submit;
