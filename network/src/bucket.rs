//! A token bucket: how often one peer may ask.

use std::time::{Duration, Instant};

const MICRO: u64 = 1_000_000;

/// Counts in millionths of a token, so that no time between two requests is lost to rounding.
#[derive(Debug)]
pub(crate) struct Bucket {
    micro_tokens: u64,
    filled_at: Instant,
}

impl Bucket {
    pub fn full(burst: u32, now: Instant) -> Self {
        Bucket { micro_tokens: u64::from(burst) * MICRO, filled_at: now }
    }

    /// Takes a token, or answers false and takes none.
    pub fn take(&mut self, per_s: u32, burst: u32, now: Instant) -> bool {
        self.fill(per_s, burst, now);
        let taken = self.micro_tokens.checked_sub(MICRO);
        self.micro_tokens = taken.unwrap_or(self.micro_tokens);
        taken.is_some()
    }

    /// True when it tells nothing that a new bucket would not: then it need not be remembered.
    pub fn is_full(&mut self, per_s: u32, burst: u32, now: Instant) -> bool {
        self.fill(per_s, burst, now);
        self.micro_tokens >= u64::from(burst) * MICRO
    }

    fn fill(&mut self, per_s: u32, burst: u32, now: Instant) {
        // Beyond an hour every bucket is as full as it gets; the cap keeps the product far from 2^64.
        let passed = now.saturating_duration_since(self.filled_at).min(Duration::from_secs(3_600));
        let gained = passed.as_micros() as u64 * u64::from(per_s);
        if gained > 0 {
            self.micro_tokens = (self.micro_tokens + gained).min(u64::from(burst) * MICRO);
            self.filled_at = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::full(3, start);
        assert!((0..3).all(|_| bucket.take(2, 3, start)));
        assert!(!bucket.take(2, 3, start), "the burst is spent");
        assert!(!bucket.take(2, 3, start + Duration::from_millis(499)));
        assert!(
            bucket.take(2, 3, start + Duration::from_millis(500)),
            "half a second brings one token at two a second"
        );
        assert!(!bucket.is_full(2, 3, start + Duration::from_millis(1_500)));
        assert!(bucket.is_full(2, 3, start + Duration::from_secs(86_400)));
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_gives_nothing() {
        let start = Instant::now();
        let mut bucket = Bucket::full(1, start + Duration::from_secs(1));
        assert!(bucket.take(1, 1, start));
        assert!(!bucket.take(1, 1, start));
    }
}
