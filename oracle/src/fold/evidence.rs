//! Whether a verdict opens its commit, and whether its evidence shows that the judge computed its own.

use liaise_ledger::Hash;
use liaise_ledger::beacon::RoundSignature;
use liaise_ledger::genesis::Genesis;

use super::decide::ACCEPT_SCORE;
use super::fact::Ruled;

/// Verified rounds, ascending.
pub struct Rounds<'a>(Vec<(u64, &'a RoundSignature)>);

impl<'a> Rounds<'a> {
    /// Of rounds that stand in their order.
    pub fn new(rounds: Vec<(u64, &'a RoundSignature)>) -> Rounds<'a> {
        debug_assert!(rounds.is_sorted_by_key(|(round, _)| *round));
        Rounds(rounds)
    }

    /// A round's signature.
    pub fn get(&self, round: u64) -> Option<&'a RoundSignature> {
        // Where none is missing before it, a round stands as far behind the first as it is later.
        let behind = usize::try_from(round.checked_sub(self.0.first()?.0)?).ok()?;
        match self.0.get(behind) {
            Some((found, signature)) if *found == round => Some(signature),
            _ => self.0.binary_search_by_key(&round, |(found, _)| *found).ok().map(|at| self.0[at].1),
        }
    }

    /// Whether a round is there.
    pub fn has(&self, round: u64) -> bool {
        self.get(round).is_some()
    }
}

/// How many of its values a judge opens, or all where it has not more.
pub const OPENED: usize = 4;
/// A verdict commit's round comes at least this long after it and after the result.
const AHEAD_MS: u64 = 1_000;
/// And at most so many rounds ahead.
const ROUNDS_AHEAD: u64 = 20;

/// Whether a verdict commit that was observed at `at_ms` may open by a round.
pub fn round_fits(genesis: &Genesis, round: u64, at_ms: u64, result_ms: u64) -> bool {
    let from = at_ms.max(result_ms).saturating_add(AHEAD_MS);
    from <= genesis.round_time_ms(round) && round <= genesis.round_at(at_ms).saturating_add(ROUNDS_AHEAD)
}

/// Whether a verdict opens the commit that holds `hash`, and its values stand in the tree that it committed to. Who accepts
/// must have values; a refusal may need none.
pub fn opens(hash: Hash, verdict: &Ruled) -> bool {
    verdict.hash == hash && verdict.is_proved && (verdict.count > 0 || verdict.score < ACCEPT_SCORE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_found_with_and_without_gaps_before_it() {
        let signatures = [[0; 48], [1; 48], [2; 48], [3; 48]];
        let named = [7, 8, 10, u64::MAX];
        let rounds = Rounds::new(named.into_iter().zip(&signatures).collect());
        for (round, signature) in named.into_iter().zip(&signatures) {
            assert_eq!(rounds.get(round), Some(signature));
        }
        for round in [0, 6, 9, 11, u64::MAX - 1] {
            assert!(!rounds.has(round), "{round}");
        }
        assert!(!Rounds::new(vec![]).has(0));
    }
}
