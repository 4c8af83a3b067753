//! Medians in integers.

/// The lower median: of n ascending values the one at floor((n-1)/2); `None` of none.
pub fn lower<T: Ord + Copy>(mut values: Vec<T>) -> Option<T> {
    if values.is_empty() {
        return None;
    }
    values.sort_unstable();
    Some(values[(values.len() - 1) / 2])
}

/// The lower weighted median of (value, weight): the first value at which the running weight reaches half of the total.
/// `None` where the weights add up to zero, or beyond 127 bits.
pub fn lower_weighted(mut values: Vec<(u64, u128)>) -> Option<u64> {
    values.sort_unstable();
    let total = values.iter().try_fold(0u128, |sum, (_, weight)| sum.checked_add(*weight))?;
    if total == 0 || total >= 1 << 127 {
        return None;
    }
    let mut running = 0u128;
    for (value, weight) in values {
        running += weight;
        if 2 * running >= total {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_of_two_middles() {
        assert_eq!(lower(vec![4, 1, 3, 2]), Some(2));
        assert_eq!(lower(vec![5, 1, 3]), Some(3));
        assert_eq!(lower(vec![7]), Some(7));
        assert_eq!(lower::<u64>(vec![]), None);
    }

    #[test]
    fn weight_decides_where_the_middle_is() {
        assert_eq!(lower_weighted(vec![(10, 1), (20, 1)]), Some(10));
        assert_eq!(lower_weighted(vec![(10, 1), (20, 2)]), Some(20));
        assert_eq!(lower_weighted(vec![(30, 5), (10, 4), (20, 1)]), Some(20));
        assert_eq!(lower_weighted(vec![(30, 0)]), None);
    }
}
