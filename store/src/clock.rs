//! The two clocks of a store.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Time as a store reads it. Networks that pass days in seconds give a wall clock of their own.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970. It may step back; receipts don't.
    fn wall_ms(&self) -> u64;
    /// Nanoseconds since some fixed moment of this process.
    fn mono_ns(&self) -> u64;
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall_ms(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
    }

    fn mono_ns(&self) -> u64 {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed().as_nanos() as u64
    }
}
