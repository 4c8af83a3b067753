//! Which part of an output a judge recomputes: drawn from a seed that the racer can't know in advance.

use crate::hash::sha256;

/// `count` distinct positions below `total`, ascending, drawn by `seed`; all of them where `count` is larger.
///
/// A partial Fisher-Yates shuffle driven by SHA-256 over seed and step. The slight bias of reducing 64 random bits
/// modulo `total` is below 2^-32 for any output that fits a message.
pub fn sample_positions(seed: [u8; 32], total: u32, count: u32) -> Vec<u32> {
    let count = count.min(total);
    let mut positions: Vec<u32> = (0..total).collect();
    for step in 0..count {
        let hash = sha256(&[b"LIAISE/SAMPLE/01", &seed, &step.to_be_bytes()]);
        let random = u64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]]);
        let pick = u64::from(step) + random % u64::from(total - step);
        positions.swap(step as usize, pick as usize);
    }
    positions.truncate(count as usize);
    positions.sort_unstable();
    positions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_distinct_seeded_and_cover_everything() {
        let a = sample_positions([1; 32], 50, 12);
        assert_eq!(a.len(), 12);
        assert!(a.windows(2).all(|w| w[0] < w[1]) && a[11] < 50);
        assert_eq!(a, sample_positions([1; 32], 50, 12));
        assert_ne!(a, sample_positions([2; 32], 50, 12));
        assert_eq!(sample_positions([0; 32], 3, 9), [0, 1, 2]);
        assert!(sample_positions([0; 32], 0, 5).is_empty());
        let mut seen = [false; 50];
        for seed in 0..100 {
            sample_positions([seed; 32], 50, 12).iter().for_each(|&p| seen[p as usize] = true);
        }
        assert!(seen.iter().all(|&s| s), "some positions are never drawn");
    }
}
