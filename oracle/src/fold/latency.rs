//! How long a racer took: measured by each witness on its own monotonic clock.

use super::median;
use super::state::StoreReceipt;

/// The lower median, over at least `quorum` witnesses, of the commit's monotonic time minus the prompt's within one boot;
/// negative counts as zero. `None` where fewer witnesses could measure it. Both lists are by store key.
pub fn lower_median(prompt: &[StoreReceipt], commit: &[StoreReceipt], quorum: usize) -> Option<u64> {
    let measured = prompt.iter().filter_map(|start| {
        let end = &commit[commit.binary_search_by(|end| end.store.cmp(&start.store)).ok()?];
        (end.boot == start.boot).then(|| end.mono_ns.saturating_sub(start.mono_ns))
    });
    of_measured(measured, quorum)
}

/// The same of what each witness measured.
pub fn of_measured(measured: impl Iterator<Item = u64>, quorum: usize) -> Option<u64> {
    let measured: Vec<u64> = measured.collect();
    if measured.len() < quorum.max(1) { None } else { median::lower(measured) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_ledger::Hash;

    fn receipt(store: u8, boot: u8, mono_ns: u64) -> StoreReceipt {
        StoreReceipt { store: Hash([store; 32]), seq: 0, boot: Hash([boot; 32]), mono_ns, wall_ms: 0 }
    }

    #[test]
    fn it_is_the_lower_median_within_one_boot() {
        let prompt = [receipt(1, 1, 100), receipt(2, 1, 1_000), receipt(3, 1, 50), receipt(4, 1, 7)];
        let commit = [receipt(1, 1, 130), receipt(2, 1, 1_010), receipt(3, 1, 40), receipt(4, 1, 27)];
        assert_eq!(lower_median(&prompt, &commit, 3), Some(10), "of 0, 10, 20, 30");
        let restarted = [receipt(1, 1, 130), receipt(2, 9, 1_010), receipt(3, 1, 40), receipt(4, 1, 27)];
        assert_eq!(lower_median(&prompt, &restarted, 3), Some(20), "of 0, 20, 30");
        assert_eq!(lower_median(&prompt, &restarted[..3], 3), None);
        assert_eq!(lower_median(&[], &[], 0), None);
    }
}
