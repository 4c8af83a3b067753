//! What every node of LIAISE agrees on: accounts, wallet signatures, messages, the DAG's rules and the draw.
//!
//! Pure: no I/O, no clock, no randomness but what a caller passes in. `docs/protocol.md` lists every field.
//!
//! From a question to those who answer it: a [`genesis`] names the network; a wallet delegates to a [`session`] key, which
//! signs [`message`]s with a [`body`]; a ticket's [`beacon`] round and the [`eligibility`] snapshot give the [`draw`], which
//! an [`assignment`] recomputes for anybody.

pub mod account;
pub mod assignment;
pub mod beacon;
pub mod body;
pub mod cbor;
pub mod draw;
pub mod ed25519;
pub mod eligibility;
pub mod equivocation;
pub mod genesis;
pub mod hash;
pub mod link;
pub mod message;
pub mod plain_tree;
pub mod session;

pub use account::{Account, Author, ChainId};
pub use assignment::Assignment;
pub use beacon::{Beacon, BeaconKey, RoundSignature};
pub use body::Body;
pub use draw::{Seed, Timeline};
pub use eligibility::{Candidate, Eligibility, Row};
pub use equivocation::Equivocation;
pub use genesis::{Genesis, Parameters};
pub use hash::Hash;
pub use link::{Link, LinkAct, LinkClaim, LinkError, LinkText};
pub use message::{Draft, Message, MessageError, Signed, Signer, Verified};
pub use session::{Revocation, Scope, Scopes, Session, SessionGrant, SessionOutcome, SessionText};

/// An epoch's number. Epoch -1 is all time before genesis.
pub type EpochNumber = i64;
