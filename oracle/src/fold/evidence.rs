//! Whether a verdict opens its commit, and whether its evidence shows that the judge computed its own.

use std::collections::BTreeMap;

use liaise_ledger::Hash;
use liaise_ledger::beacon::RoundSignature;
use liaise_ledger::genesis::Genesis;

use super::decide::ACCEPT_SCORE;
use super::fact::Ruled;

/// Verified rounds.
pub type Rounds<'a> = BTreeMap<u64, &'a RoundSignature>;

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
