//! The eligibility snapshot of a closing epoch.

use std::collections::BTreeMap;

use liaise_ledger::eligibility::{Candidate, Eligibility};
use liaise_ledger::genesis::Genesis;
use liaise_ledger::{Account, EpochNumber};

use super::shared::Shared;
use super::state::AccountState;

/// The other accounts of a cluster.
fn others(state: &AccountState) -> std::slice::Iter<'_, Account> {
    state.links.as_deref().map_or(&[][..], |links| &links.with).iter()
}

/// A node's slots until probes prove more.
const UNPROBED_SLOTS: u16 = 1;

/// Who may be drawn by the snapshot of `epoch`: everybody with a capability that no drain has ended, with the declared
/// adapters that earn in the epoch after. Who is linked is drawn as one, with the jobs of all its accounts.
pub fn snapshot(
    genesis: &Genesis,
    shared: &Shared,
    accounts: &BTreeMap<Account, AccountState>,
    epoch: EpochNumber,
) -> Eligibility {
    if epoch < 0 {
        return Eligibility::of_genesis(genesis);
    }
    let round = genesis.round_at(genesis.epoch_end_ms(epoch));
    let in_genesis = |account: &Account| genesis.nodes.binary_search_by(|node| node.account.cmp(account)).is_ok();
    let candidates = accounts.iter().filter_map(|(account, state)| {
        let capability = state.capability.as_ref()?;
        if capability.drain_round.is_some_and(|drain| drain <= round) {
            return None;
        }
        let earns = |id: &&liaise_ledger::Hash| shared.certified(id, epoch + 1).is_some();
        Some(Candidate {
            account: account.clone(),
            slots: UNPROBED_SLOTS,
            light: capability.light,
            excluded: false,
            probation: false,
            scored_jobs: others(state)
                .fold(state.scored_jobs, |sum, other| sum.saturating_add(accounts[other].scored_jobs)),
            genesis: in_genesis(account),
            cluster: others(state).chain([account]).min().expect("at least itself").clone(),
            adapters: capability.adapters.iter().filter(earns).copied().collect(),
        })
    });
    Eligibility::weigh(&candidates.collect::<Vec<_>>(), &genesis.parameters)
}
