//! When a lost static peer is dialled again.

use libp2p::PeerId;
use std::time::Duration;

/// Doubles from `first` to `longest`, with a jitter that differs by peer so that two peers don't dial in step for ever.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause before the next attempt.
    pub fn next(&mut self, peer: &PeerId, first: Duration, longest: Duration) -> Duration {
        let pause = first.saturating_mul(1 << self.failures.min(16)).min(longest);
        let last_byte = peer.to_bytes().last().copied().unwrap_or_default();
        // Up to a quarter less, never more: `longest` is a promise.
        let less = pause / 1024 * (u32::from(last_byte).wrapping_add(self.failures.wrapping_mul(97)) % 256);
        self.failures = self.failures.saturating_add(1);
        pause - less
    }

    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_its_longest_and_starts_over() {
        let (peer, first, longest) = (PeerId::random(), Duration::from_millis(100), Duration::from_secs(2));
        let mut backoff = Backoff::default();
        for n in 0..40 {
            let nominal = first.saturating_mul(1 << n.min(16)).min(longest);
            let pause = backoff.next(&peer, first, longest);
            assert!(pause <= nominal && pause >= nominal * 3 / 4, "attempt {n}: {pause:?} of {nominal:?}");
        }
        backoff.reset();
        assert!(backoff.next(&peer, first, longest) <= first);
    }
}
