//! The seal of an epoch: the witness stores agree on one vector of close batches, by Tendermint consensus.
//!
//! The consensus is the `malachitebft` core library's; this module gives it values, signatures, a log and rules, and
//! turns it into a state machine without I/O: [`Agreement`]. Its caller carries messages between the witnesses, keeps
//! timers, and answers from its store what it holds ([`View`]).
//!
//! - **Value**: for each witness, by ascending key, the [`CloseHeader`] of its close batch, or nothing; at least
//!   `Q = ceil(2N/3)` are set. Height = epoch + 2.
//! - **Decision**: more than two thirds of the witnesses precommit. Their signatures are the certificate, which anybody
//!   checks with [`verify_certificate`].
//! - **Validity**: a witness refuses a fresh vector with a batch that does not descend from that store's last sealed one, or
//!   with null where it has held that store's batch for [`Config::wait`]; while it lacks a batch or its chain it does not
//!   vote for it. A vector with a polka is valid whatever it has seen.
//! - **Waiting**: an epoch starts when all batches are there, another witness has started, or the wait is over; before it is
//!   over nobody proposes a null.
//! - **Crashes**: every input of the library and every signature is in the log before it has an effect. After a restart the
//!   log is replayed; a guard beside it refuses a second signature for one height, round and kind.
//! - **Late witnesses**: a message of a decided height is answered with the decision.
//!
//! What it assumes: fewer than a third of the witnesses are dishonest; one process uses a key; the log tells the truth about
//! what is durable. Messages may be lost: what matters is sent again by timers.

mod action;
mod agreement;
mod bytes;
mod certificate;
mod context;
mod early;
mod error;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod guard;
mod height;
mod journal;
mod office;
mod record;
mod signing;
mod tally;
mod value;
mod view;
mod wal;
mod wire;

#[cfg(test)]
mod decoders;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod simulation;

pub use action::{Action, Pace, To, Token};
pub use agreement::{Agreement, Config, Event};
pub use certificate::{CertificateError, places_needed, verify_certificate};
pub use error::SealError;
pub use value::{CloseHeader, MAX_WITNESSES};
pub use view::{BatchStatus, Decision, Held, View};
pub use wal::{FileWal, MemoryWal, Wal, WalError};
