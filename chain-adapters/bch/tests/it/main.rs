//! The adapter against contracts/bch/devnet, the project's local chain.

mod coins;
mod conformance;
mod faults;
mod harness;
mod hostile;
mod patient;
mod rights;
