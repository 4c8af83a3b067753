//! The same on real chains: what the simulation says is what contracts do.

mod anvil;
mod contract;
mod two_chains;
