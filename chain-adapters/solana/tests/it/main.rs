//! Integration tests over the local chain.
#![allow(missing_docs)]

mod conformance;
mod council;
mod decoders;
// one disk and one driver for the journal over every chain
#[path = "../../../arbitrum/tests/it/disk.rs"]
mod disk;
mod faults;
mod harness;
mod journal;
