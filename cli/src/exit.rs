//! Exit codes that scripts can use: 0 done, 2 usage (clap's), 3 refused, 4 chain, 5 proof, 6 integrity, 1 anything else.
//! docs/exit-codes.md lists them, and a test provokes each.

use crate::output::note;
use std::fmt;
use std::process::ExitCode;

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The arguments make no sense together, or a file that they name can't be used.
    Usage = 2,
    /// The network, a store or a contract refused.
    Refused = 3,
    /// The chain can't be reached or is another one.
    Chain = 4,
    /// A proof does not hold.
    Proof = 5,
    /// What is stored or derived does not agree.
    Integrity = 6,
}

/// An error with its exit code.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    error: eyre::Report,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)
    }
}

impl std::error::Error for Failure {}

/// Gives an error its exit code.
pub trait OrExit<T> {
    /// Fails with this kind.
    fn or_exit(self, kind: Kind) -> eyre::Result<T>;
}

impl<T, E: Into<eyre::Report>> OrExit<T> for Result<T, E> {
    fn or_exit(self, kind: Kind) -> eyre::Result<T> {
        self.map_err(|error| eyre::Report::new(Failure { kind, error: error.into() }))
    }
}

/// A failure of a kind, in words.
pub fn fail<T>(kind: Kind, why: impl Into<String>) -> eyre::Result<T> {
    Err(eyre::Report::new(Failure { kind, error: eyre::Report::msg(why.into()) }))
}

/// Prints an error and returns its code.
pub fn report(outcome: eyre::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note!("error: {error:#}");
            let kind = error.chain().find_map(|cause| cause.downcast_ref::<Failure>()).map(|failure| failure.kind);
            kind.map_or(ExitCode::FAILURE, |kind| ExitCode::from(kind as u8))
        }
    }
}
