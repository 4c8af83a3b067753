//! Decoders that nothing outside needs, for tests/fuzz. Each gives what it read, written again.

use crate::chain::Chain;
use crate::sessions::SessionRow;

pub use crate::car::fuzz::{CarRead, read_car, write_car};
pub use crate::db::fuzz::{log_frame, log_rows};

/// A witness' chain, as its row.
pub fn chain_row(bytes: &[u8]) -> Option<Vec<u8>> {
    Chain::decode(bytes).map(|chain| chain.encode())
}

/// What is known of a session key, as its row.
pub fn session_row(bytes: &[u8]) -> Option<Vec<u8>> {
    SessionRow::decode(bytes).map(|row| row.encode())
}
