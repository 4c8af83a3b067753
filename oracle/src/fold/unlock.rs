//! What a user's history unlocks (R93), and what its tickets say.

/// h at which half of what can be unlocked is.
const HALF: u128 = 400_000;
/// The most distinct prompts of an epoch that count.
const PROMPTS: u64 = 20;
/// quality‰ until rewards define it.
const QUALITY_PERMILLE: u64 = 1_000;

/// unlock‰ = 50 + floor(950·h² / (h² + 400 000²)).
pub fn unlock_permille(h: u64) -> u16 {
    let square = u128::from(h) * u128::from(h);
    let unlocked = match square.checked_mul(950) {
        Some(scaled) => scaled / square.saturating_add(HALF * HALF),
        None => 949,
    };
    50 + u16::try_from(unlocked).expect("at most 950")
}

/// h at an epoch's end: floor(63h/64) + min(20, distinct qualified prompts)·quality‰.
pub fn next_h(h: u64, prompts: u64) -> u64 {
    let decayed = u64::try_from(u128::from(h) * 63 / 64).expect("below h");
    decayed + prompts.min(PROMPTS) * QUALITY_PERMILLE
}

/// used‰ of the last closed tickets: used / closed, floored; 1000 of none.
pub fn used_permille<'a>(tickets: impl IntoIterator<Item = &'a bool>) -> u16 {
    let (used, closed) = tickets
        .into_iter()
        .fold((0usize, 0usize), |(used, closed), is_used| (used + usize::from(*is_used), closed + 1));
    (1_000 * used).checked_div(closed).map_or(1_000, |used| u16::try_from(used).expect("at most 1000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newcomer_has_a_twentieth_and_history_unlocks_the_rest() {
        assert_eq!(unlock_permille(0), 50);
        assert_eq!(unlock_permille(400_000), 525);
        assert_eq!(unlock_permille(u64::MAX), 999);
        let after = |epochs: usize| (0..epochs).fold(0, |h, _| next_h(h, 25));
        assert_eq!(after(1), 20_000);
        assert_eq!(unlock_permille(after(1)), 52);
        assert!(unlock_permille(after(60)) > 800, "{}", unlock_permille(after(60)));
        assert!((1_279_936..=1_280_000).contains(&after(2_000)), "{}", after(2_000));
        assert_eq!(next_h(64, 0), 63);
    }

    #[test]
    fn unused_tickets_cost_weight() {
        assert_eq!(used_permille(&[]), 1_000);
        assert_eq!(used_permille(&[true, true, false]), 666);
        assert_eq!(used_permille(&[false]), 0);
    }
}
