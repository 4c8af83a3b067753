//! One file a command.

pub mod node;
