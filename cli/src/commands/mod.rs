//! One file a command.

pub mod account;
pub mod claim;
pub mod context;
pub mod dao;
pub mod node;
pub mod oracle;
pub mod rewards;
mod submit;
