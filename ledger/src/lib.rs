//! What every node of LIAISE agrees on: accounts, wallet signatures, messages, the DAG's rules and the draw.
//!
//! Pure: no I/O, no clock, no randomness but what a caller passes in. `docs/protocol.md` lists every field.

pub mod account;
pub mod body;
pub mod hash;
pub mod message;

pub use account::{Account, Author, ChainId};
pub use body::Body;
pub use hash::Hash;
pub use message::{Draft, Message, MessageError, Signed, Signer, Verified};

/// An epoch's number. Epoch -1 is all time before genesis.
pub type EpochNumber = i64;
