//! What must hold after every turn, over the newest state of every chain.

use std::collections::BTreeMap;

use liaise_ledger::EpochNumber;
use liaise_oracle::fold::{TermRow, term_of};

use crate::dao::chain_of;
use crate::distributor::{Distributor, State};
use crate::network::{CHAINS, SUPPLY, emission};
use crate::world::World;

/// Which promise is broken.
pub type Broken = String;

impl World {
    /// See the module.
    ///
    /// # Errors
    /// The first promise that is broken.
    pub fn check(&self) -> Result<(), Broken> {
        let mut emitted: BTreeMap<EpochNumber, Vec<usize>> = BTreeMap::new();
        for (chain, at) in self.chains.iter().enumerate() {
            let distributor = &at.distributor;
            accepted_once(chain, distributor)?;
            issued_within_the_schedule(chain, distributor, &mut emitted)?;
            match &distributor.state {
                State::Account(account) => {
                    let paid: u64 = account.claimed.values().sum();
                    let payable = account.books.payable_sum();
                    if account.supply != payable || paid + account.vault != account.supply {
                        return Err(format!("paid {paid}, unclaimed {}, payable {payable} on {chain}", account.vault));
                    }
                    if self.evil == 0 && !self.tainted && account.root_sum() != distributor.total() {
                        return Err(format!(
                            "trees sum to {}, not {}, on {chain}",
                            account.root_sum(),
                            distributor.total()
                        ));
                    }
                }
                State::Utxo(utxo) => {
                    let in_outputs: u64 = utxo.outputs.iter().map(|output| output.tokens()).sum();
                    let paid: u64 = utxo.paid.values().sum();
                    if utxo.reserve + in_outputs + paid != SUPPLY {
                        return Err(format!(
                            "reserve {}, in outputs {in_outputs}, paid {paid} on {chain}",
                            utxo.reserve
                        ));
                    }
                    if utxo.outputs.iter().filter(|output| output.waits(at.time_s)).count() > 1 {
                        return Err(format!("two statements wait on {chain}"));
                    }
                }
            }
            let unknown = distributor.log.filed.iter().find(|filed| !self.known.contains_key(&filed.digest));
            if let Some(filed) = unknown.filter(|_| !self.tainted) {
                return Err(format!("epoch {} on {chain} is filed as no honest oracle folded it", filed.epoch));
            }
        }
        if self.tainted { Ok(()) } else { self.ranges_are_disjoint(&emitted) }
    }

    fn ranges_are_disjoint(&self, emitted: &BTreeMap<EpochNumber, Vec<usize>>) -> Result<(), Broken> {
        if let Some((epoch, chains)) = emitted.iter().find(|(_, chains)| chains.len() > 1) {
            return Err(format!("epoch {epoch} is emitted on {chains:?}"));
        }
        self.hand_overs_stay()?;
        let hand_overs = self.final_hand_overs();
        let table = self.table(EpochNumber::MAX, &hand_overs);
        for row in table.iter().filter(|row| !row.is_decreed) {
            let old = &self.chains[chain_of(&row.old.0)].distributor;
            let runs_on =
                old.log.ranges.last().is_some_and(|range| range.first < row.first && range.contains(row.first));
            if runs_on {
                let ranges: Vec<_> = self.chains.iter().map(|chain| &chain.distributor.log.ranges).collect();
                let rows: Vec<_> =
                    table.iter().map(|row| (row.first, chain_of(&row.distributor.0), row.is_decreed)).collect();
                let old = chain_of(&row.old.0);
                return Err(format!("{old} still takes epoch {} that was handed over: {rows:?} {ranges:?}", row.first));
            }
        }
        Ok(())
    }

    /// What a range was opened for stays: a decreed row, or a hand-over, which no block that goes away may take along.
    fn hand_overs_stay(&self) -> Result<(), Broken> {
        for (chain, at) in self.chains.iter().enumerate() {
            let id = at.distributor.id;
            for range in &at.distributor.log.ranges {
                let decreed = self.rows.iter().any(|row| row.new.0 == id.0 && row.first == range.first);
                let all = self.chains.iter().flat_map(|other| &other.distributor.log.ranges);
                if !decreed && !all.filter_map(|other| other.handed).any(|handed| handed == (range.first, id)) {
                    return Err(format!("the hand-over for which {chain} opened {} is gone", range.first));
                }
            }
        }
        Ok(())
    }

    /// Whether an epoch that no distributor filed is one that some range could still take.
    pub fn can_still_file(&self, epoch: EpochNumber, table: &[TermRow]) -> bool {
        let Some(row) = term_of(table, epoch) else { return false };
        let chain = chain_of(&row.distributor.0);
        let at = &self.chains[chain];
        let last = at.distributor.log.ranges.last();
        let opened = last.is_some_and(|range| range.first == row.first);
        if at.is_silent() || self.shut == Some(chain) && !opened {
            return false;
        }
        let next = at.distributor.view(at.time_s).standing.next;
        // a range that was opened from a later epoch on takes no earlier one
        let overtaken = last.is_some_and(|range| range.first > row.first);
        !overtaken && next <= if opened { epoch } else { row.first }
    }
}

fn accepted_once(chain: usize, distributor: &Distributor) -> Result<(), Broken> {
    let log = &distributor.log;
    let twice = (1..log.accepted.len()).any(|place| log.accepted[..place].contains(&log.accepted[place]));
    if twice {
        return Err(format!("a statement is accepted twice on {chain}"));
    }
    if log.filed.iter().any(|filed| log.vetoed.contains(&filed.digest)) {
        return Err(format!("a vetoed statement lives on {chain}"));
    }
    Ok(())
}

fn issued_within_the_schedule(
    chain: usize,
    distributor: &Distributor,
    emitted: &mut BTreeMap<EpochNumber, Vec<usize>>,
) -> Result<(), Broken> {
    let log = &distributor.log;
    let issued: i64 = log.filed.iter().map(|filed| filed.growth).sum();
    let now = distributor.total() + distributor.owed();
    if i64::try_from(now) != Ok(issued) {
        return Err(format!("issued {now}, by its statements {issued}, on {chain}"));
    }
    let mut grown: BTreeMap<EpochNumber, i64> = BTreeMap::new();
    for filed in &log.filed {
        *grown.entry(filed.epoch).or_default() += filed.growth;
    }
    for (epoch, growth) in grown.into_iter().filter(|(_, growth)| *growth > 0) {
        if growth > i64::try_from(emission(epoch)).expect("small") {
            return Err(format!("issued grows by {growth} in epoch {epoch} on {chain}"));
        }
        if !log.ranges.iter().any(|range| range.contains(epoch)) {
            return Err(format!("epoch {epoch} is outside every range of {chain}"));
        }
        emitted.entry(epoch).or_default().push(chain);
    }
    debug_assert!(chain < CHAINS);
    Ok(())
}
