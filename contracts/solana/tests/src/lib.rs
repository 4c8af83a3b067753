//! The program as it is deployed, in a local Solana VM, and everything that tests and figures do with it.

pub mod calls;
pub mod chain;
pub mod keys;
pub mod pool;
pub mod tree;
pub mod world;

pub use calls::Calls;
pub use chain::{Chain, Receipt, Refusal};
pub use keys::OracleKeys;
pub use tree::DeepTree;
pub use world::{Setup, World};
