//! Eligibility: who may be drawn, with what weight. One snapshot a sealed epoch; its root is part of every seed.

use crate::account::Account;
use crate::genesis::{Genesis, Parameters};
use crate::hash::Hash;
use crate::plain_tree::PlainTree;
use serde::{Deserialize, Serialize};

/// The weight of one slot.
pub const SLOT_WEIGHT: u32 = 10_000;
/// Length of [`Row::to_bytes`].
pub const ROW_BYTES: usize = 103;
const PROVEN: u8 = 1;

/// A node that may be drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Who works and is paid.
    pub account: Account,
    /// Weight in the draw; 0 is never drawn.
    pub weight: u32,
    /// Tasks that it can work on at once.
    pub slots: u16,
    /// Proven nodes judge; unproven ones weigh little together.
    pub proven: bool,
    /// `H` of the lowest account of its cluster: a cluster is drawn once.
    pub cluster: Hash,
    /// Adapters that it may be drawn for, ascending.
    pub adapters: Vec<Hash>,
}

impl Row {
    /// The row's canonical bytes: H(account) 32, weight u32, slots u16, flags u8 (1 proven), cluster 32, H(adapters) 32.
    pub fn to_bytes(&self) -> [u8; ROW_BYTES] {
        let ids: Vec<&[u8]> = self.adapters.iter().map(|id| id.0.as_slice()).collect();
        let mut out = [0; ROW_BYTES];
        out[..32].copy_from_slice(&self.account.hash().0);
        out[32..36].copy_from_slice(&self.weight.to_be_bytes());
        out[36..38].copy_from_slice(&self.slots.to_be_bytes());
        out[38] = if self.proven { PROVEN } else { 0 };
        out[39..71].copy_from_slice(&self.cluster.0);
        out[71..].copy_from_slice(&Hash::of(&ids).0);
        out
    }

    /// Whether it may be drawn for an adapter.
    pub fn serves(&self, adapter: &Hash) -> bool {
        self.weight > 0 && self.adapters.binary_search(adapter).is_ok()
    }
}

/// What is known of a node at an epoch's end, before weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who works and is paid.
    pub account: Account,
    /// Slots that count: those that a probe proved.
    pub slots: u16,
    /// It keeps no snapshot of the ledger.
    pub light: bool,
    /// Reliability excludes it.
    pub excluded: bool,
    /// It works its way back from exclusion.
    pub probation: bool,
    /// Scored jobs so far.
    pub scored_jobs: u64,
    /// It stands in genesis, and so counts as proven until it has enough scored jobs.
    pub genesis: bool,
    /// The lowest account of its cluster.
    pub cluster: Account,
    /// Adapters that are certified, that it declared, and that its region allows; in any order.
    pub adapters: Vec<Hash>,
}

impl Candidate {
    /// Whether it may judge and weighs in full.
    pub fn is_proven(&self, parameters: &Parameters) -> bool {
        !self.probation && (self.genesis || self.scored_jobs >= parameters.reliability_min_jobs)
    }

    fn own_weight(&self, parameters: &Parameters) -> u64 {
        let full = u64::from(self.slots) * u64::from(SLOT_WEIGHT);
        match (self.excluded, self.light) {
            (true, _) => 0,
            (false, true) => full * parameters.light_permille / 1000,
            (false, false) => full,
        }
    }
}

/// An epoch's snapshot: rows by H(account).
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Eligibility {
    rows: Vec<Row>,
}

impl Eligibility {
    /// The snapshot of some rows: sorted by H(account), adapters ascending.
    ///
    /// # Panics
    /// If an account has two rows: the fold makes one each.
    pub fn new(mut rows: Vec<Row>) -> Eligibility {
        for row in &mut rows {
            row.adapters.sort_unstable();
            row.adapters.dedup();
        }
        rows.sort_by_cached_key(|row| row.account.hash());
        assert!(rows.windows(2).all(|w| w[0].account != w[1].account), "an account has one eligibility row");
        Eligibility { rows }
    }

    /// The snapshot of epochs -4 to -1, as genesis states it.
    pub fn of_genesis(genesis: &Genesis) -> Eligibility {
        let row = |node: &crate::genesis::GenesisNode| Row {
            account: node.account.clone(),
            weight: node.weight,
            slots: node.slots,
            proven: true,
            cluster: node.account.hash(),
            adapters: node.adapters.clone(),
        };
        Eligibility::new(genesis.nodes.iter().map(row).collect())
    }

    /// Weighs candidates: slots times [`SLOT_WEIGHT`], times `light_permille` if light, 0 if excluded; then all unproven
    /// together are scaled down to `unproven_permille` of the proven ones' weight, each floored. Where no proven node has
    /// weight, the unproven keep theirs.
    pub fn weigh(candidates: &[Candidate], parameters: &Parameters) -> Eligibility {
        let total = |proven: bool| -> u128 {
            let same = candidates.iter().filter(|c| c.is_proven(parameters) == proven);
            same.map(|c| u128::from(c.own_weight(parameters))).sum()
        };
        let (proven, unproven) = (total(true), total(false));
        let limit = proven * u128::from(parameters.unproven_permille) / 1000;
        let weight = |c: &Candidate| {
            let own = c.own_weight(parameters);
            if c.is_proven(parameters) || proven == 0 || unproven <= limit {
                own
            } else {
                u64::try_from(u128::from(own) * limit / unproven).expect("scaled down from a u64")
            }
        };
        let row = |c: &Candidate| Row {
            account: c.account.clone(),
            weight: u32::try_from(weight(c)).expect("65 535 slots of 10 000 are below 2^32"),
            slots: c.slots,
            proven: c.is_proven(parameters),
            cluster: c.cluster.hash(),
            adapters: c.adapters.clone(),
        };
        Eligibility::new(candidates.iter().map(row).collect())
    }

    /// The rows, by H(account).
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The row of an account.
    pub fn row(&self, account: &Account) -> Option<&Row> {
        let hash = account.hash();
        self.rows.binary_search_by_key(&hash, |row| row.account.hash()).ok().map(|i| &self.rows[i])
    }

    /// Root of the plain tree over the rows.
    pub fn root(&self) -> Hash {
        PlainTree::new(self.rows.iter().map(Row::to_bytes)).root()
    }

    /// Whether unproven nodes judge too: the snapshot has fewer than K+1 proven nodes with weight.
    pub fn unproven_judge(&self, parameters: &Parameters) -> bool {
        let proven = self.rows.iter().filter(|row| row.proven && row.weight > 0).count() as u64;
        proven < parameters.racers + 1
    }

    /// Whether a row may judge, and audit.
    pub fn may_judge(&self, row: &Row, parameters: &Parameters) -> bool {
        row.proven || self.unproven_judge(parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(i: u8) -> Candidate {
        let account = Account::evm(1, [i; 20]);
        Candidate {
            cluster: account.clone(),
            account,
            slots: 1,
            light: false,
            excluded: false,
            probation: false,
            scored_jobs: 20,
            genesis: false,
            adapters: vec![Hash([2; 32]), Hash([1; 32])],
        }
    }

    fn weight(snapshot: &Eligibility, i: u8) -> u32 {
        snapshot.row(&Account::evm(1, [i; 20])).unwrap().weight
    }

    #[test]
    fn weights_follow_slots_light_and_exclusion() {
        let light = Candidate { light: true, slots: 3, ..candidate(1) };
        let excluded = Candidate { excluded: true, ..candidate(2) };
        let largest = Candidate { slots: u16::MAX, ..candidate(3) };
        let snapshot = Eligibility::weigh(&[light, excluded, largest], &Parameters::default());
        assert_eq!([1, 2, 3].map(|i| weight(&snapshot, i)), [15_000, 0, 655_350_000]);
    }

    #[test]
    fn unproven_nodes_share_a_twentieth_of_the_proven() {
        let parameters = Parameters::default();
        let fresh = |i| Candidate { scored_jobs: 19, ..candidate(i) };
        let on_probation = Candidate { probation: true, ..candidate(9) };
        let proven: Vec<_> = (1..=6).map(candidate).collect();
        let all: Vec<_> = proven.into_iter().chain([fresh(7), fresh(8), on_probation]).collect();
        let snapshot = Eligibility::weigh(&all, &parameters);
        // 5 % of 60 000 are 3 000 for three of equal weight.
        assert_eq!([1, 7, 8, 9].map(|i| weight(&snapshot, i)), [10_000, 1_000, 1_000, 1_000]);
        assert!(!snapshot.unproven_judge(&parameters));
        let alone = Eligibility::weigh(&[fresh(7), fresh(8)], &parameters);
        assert_eq!(weight(&alone, 7), 10_000, "without a proven node the unproven weigh in full");
        assert!(alone.may_judge(&alone.rows()[0], &parameters));
        let founder = Candidate { genesis: true, scored_jobs: 0, ..candidate(7) };
        assert!(founder.is_proven(&parameters));
    }

    #[test]
    fn the_root_depends_on_rows_and_not_on_their_order() {
        let all: Vec<_> = (1..=5).map(candidate).collect();
        let reversed: Vec<_> = all.iter().rev().cloned().collect();
        let parameters = Parameters::default();
        let root = Eligibility::weigh(&all, &parameters).root();
        assert_eq!(root, Eligibility::weigh(&reversed, &parameters).root());
        for change in [
            |c: &mut Candidate| c.slots = 2,
            |c: &mut Candidate| c.scored_jobs = 0,
            |c: &mut Candidate| c.cluster = Account::evm(1, [1; 20]),
            |c: &mut Candidate| c.adapters = vec![Hash([1; 32])],
        ] {
            let mut changed = all.clone();
            change(&mut changed[2]);
            assert_ne!(root, Eligibility::weigh(&changed, &parameters).root());
        }
    }
}
