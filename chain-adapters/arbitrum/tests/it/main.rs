//! The adapter against real anvil.
#![allow(missing_docs)]

mod conformance;
mod deployment;
mod disk;
mod faults;
mod fees;
mod harness;
mod journal;
mod stand_in;
mod twin;
