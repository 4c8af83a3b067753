//! An oracle moves to another host, and never signs two contents for one head on the way.
//!
//! Three steps, each durable before it shows: the new host *receives* (it draws an id and signs nothing), the old one
//! *exports* for that id (its mark is on disk before the file is complete, and it signs nothing ever after), the new one
//! *imports* (its rows are on disk before the mark that lets it sign). So at every moment at most one of them can sign, a
//! crash between any two steps leaves a state from which the same command goes on, and a copy of the file is of no use
//! anywhere else: it names the one host that takes it.
//!
//! What the marks can't see, the ledger shows: a host signs only while its journal allows for every vote of its key that
//! the ledger holds ([`check_votes`]). A restored backup, a second host with the same key, an export from before newer rows
//! are found out so.

mod error;
mod file;
mod guard;
mod rows;
mod standing;
mod steps;
#[cfg(test)]
mod tests;

pub use error::MoveError;
pub use file::JournalFile;
pub use guard::{Guard, check_votes, may_sign, votes_of};
pub use standing::Standing;
pub use steps::{Imported, export, import, receive};
