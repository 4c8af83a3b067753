//! Calm: adversaries stop, and an honest quorum and an honest DAO go on until everything is filed, paid and empty.

use std::collections::BTreeSet;

use liaise_ledger::EpochNumber;

use crate::calls::{Act, By, Call};
use crate::check::Broken;
use crate::dao::chain_of;
use crate::distributor::State;
use crate::network::{CHAINS, EPOCHS, UTXO_CHAIN, emission};
use crate::schedule::Mode;
use crate::trees::{Amounts, FILLER, PEOPLE};
use crate::world::World;

/// Passes of six hours before it counts as stuck.
const PASSES: u32 = 700;
/// After so many passes over one head for which oracles have something to sign, the DAO advances it.
const PATIENCE: u32 = 12;
/// As many advances as a schedule may need.
const MOST_ADVANCES: u64 = 60;

impl World {
    /// Whoever was silent stays so for good now and then.
    pub fn bury_the_silent(&mut self) {
        for chain in 0..CHAINS {
            if self.mode == Mode::Silence && self.chains[chain].is_silent() && self.dice.permille(300) {
                self.chains[chain].is_dead = true;
            }
        }
    }

    /// See the module.
    ///
    /// # Errors
    /// A promise that is broken, or something that never ends.
    pub fn calm(&mut self) -> Result<(), Broken> {
        for chain in &mut self.chains {
            chain.silent_since_s = chain.silent_since_s.filter(|_| chain.is_dead);
        }
        if self.evil != 0 {
            // the DAO replaces the liars at once, which go on signing
            self.new_set(true);
            (self.replaced, self.evil) = (self.evil, 0);
        }
        self.crash_permille = 0;
        for oracle in &mut self.oracles {
            (oracle.is_up, oracle.lags) = (true, false);
        }
        let pest = self.dice.permille(100);
        let mut waited = [(liaise_summary::Hash32::ZERO, 0); CHAINS];
        let mut advances = 0;
        for _ in 0..PASSES {
            self.tick(6, false);
            self.pass(pest);
            self.the_replaced_try()?;
            self.check()?;
            if self.is_done() {
                return self.check_end();
            }
            for (chain, (head, passes)) in waited.iter_mut().enumerate() {
                let now = self.chains[chain].distributor.head;
                *passes = if *head == now { *passes + 1 } else { 0 };
                *head = now;
                if *passes > PATIENCE && self.is_wanted(chain) && self.advance(chain, By::Dao) {
                    (advances, *passes) = (advances + 1, 0);
                }
            }
            if advances > MOST_ADVANCES {
                break;
            }
        }
        let stands = |chain: usize| {
            let at = &self.chains[chain];
            let view = at.distributor.view(at.time_s);
            let (range, next, owed) = (view.standing.range, view.standing.next, at.distributor.owed());
            let wanted = self.is_wanted(chain);
            format!("{chain}: silent {}, range {range:?}, next {next}, owed {owed}, wanted {wanted}", at.is_silent())
        };
        let stands: Vec<String> = (0..CHAINS).map(stands).collect();
        let table = self.table(EpochNumber::MAX, &self.final_hand_overs());
        let rows: Vec<_> = table.iter().map(|row| (row.first, chain_of(&row.distributor.0))).collect();
        Err(format!("stuck: {}; table {rows:?}", stands.join("; ")))
    }

    fn is_wanted(&self, chain: usize) -> bool {
        let at = &self.chains[chain];
        let hand_overs = self.final_hand_overs();
        !at.is_silent() && self.wanted(chain, (&at.distributor, at.time_s), self.sealed(), &hand_overs).is_some()
    }

    /// Six hours of everybody's work. A pest is a guardian that vetoes whatever it may, for ever.
    fn pass(&mut self, pest: bool) {
        for chain in 0..CHAINS {
            let distributor = &self.chains[chain].distributor;
            let (digest, by) = (distributor.head, By::Guardian(distributor.guardian));
            if pest {
                self.call(chain, &Call::Veto { digest, reason: 0, by });
            }
        }
        if !pest && self.sealed() < EpochNumber::from(EPOCHS) && self.dice.permille(50) {
            self.hand_over();
        }
        for chain in 0..CHAINS {
            let version = self.chains[chain].distributor.set + 1;
            if (version as usize) < self.sets.len() {
                self.act(chain, Act::Rotate { version });
            }
        }
        for oracle in 0..self.oracles.len() {
            self.look_and_sign(oracle);
        }
        self.submit_all();
        self.dao_acts();
        for chain in 0..CHAINS {
            if chain == UTXO_CHAIN {
                self.crank(0, 0);
            } else {
                self.claim_all(chain);
            }
        }
    }

    /// Who was replaced signs on, and nobody counts it where the new set is in force.
    fn the_replaced_try(&mut self) -> Result<(), Broken> {
        for chain in 0..CHAINS {
            let distributor = &self.chains[chain].distributor;
            let in_force = distributor.set as usize + 1 == self.sets.len() && !distributor.log.ranges.is_empty();
            if self.replaced != 0 && in_force && self.dice.permille(100) {
                let next = distributor.view(self.chains[chain].time_s).standing.next;
                let statement = self.sign_false(chain, next, Amounts::new(), 0, self.replaced);
                if self.submit(chain, &statement, false) {
                    return Err(format!("a replaced set files on {chain}"));
                }
            }
        }
        Ok(())
    }

    fn claim_all(&mut self, chain: usize) {
        let at = &self.chains[chain];
        let State::Account(account) = &at.distributor.state else { return };
        if account.vault == 0 && account.clone().books.mature(at.time_s).is_none() {
            return;
        }
        for person in 0..PEOPLE {
            self.claim(chain, person, false);
        }
    }

    /// Whether nothing is left to file, to pay or to empty; epochs that no range can take any more are listed as lost.
    fn is_done(&mut self) -> bool {
        let filed = |epoch: EpochNumber| {
            self.chains.iter().any(|chain| chain.distributor.log.filed.iter().any(|filed| filed.epoch == epoch))
        };
        let missing: BTreeSet<EpochNumber> = (0..EpochNumber::from(EPOCHS)).filter(|epoch| !filed(*epoch)).collect();
        let table = self.table(EpochNumber::MAX, &self.final_hand_overs());
        if missing.iter().any(|epoch| self.can_still_file(*epoch, &table)) {
            return false;
        }
        self.lost_epochs = missing;
        (0..CHAINS).all(|chain| self.is_empty(chain))
    }

    fn is_empty(&self, chain: usize) -> bool {
        let at = &self.chains[chain];
        if at.is_silent() {
            return true;
        }
        let view = at.distributor.view(at.time_s);
        let (behind, _) = self.payroll.behind(chain, &at.distributor, &self.known, &self.rules, self.tainted);
        // what is below the least payout waits for more while a range runs
        let runs = view.standing.range.is_some_and(|(_, end)| end.is_none_or(|end| view.standing.next < end));
        let seal = self.sealed();
        let waits =
            at.distributor.is_utxo() && runs && !self.payroll.pays(chain, &behind.owing, seal, false, &self.rules);
        let owes = at.distributor.owed() > 0 && !waits && (!self.tainted || !behind.owing.is_empty());
        // something may wait for ever, where a pest makes each epoch wait longer than an epoch, but no pay
        let paid = match &at.distributor.state {
            State::Utxo(utxo) => utxo.outputs.is_empty(),
            State::Account(account) => account.settled(at.time_s).supply == account.root_sum(),
        };
        paid && !owes
    }

    fn check_end(&mut self) -> Result<(), Broken> {
        self.report.lost_epochs += self.lost_epochs.len() as u64;
        let silent = self.chains.iter().any(|chain| chain.is_silent());
        let emergencies = self.rows.len() > 1 || silent || self.shut.is_some();
        if !self.lost_epochs.is_empty() && !emergencies && !self.tainted {
            return Err(format!("epochs {:?} are lost without an emergency", self.lost_epochs));
        }
        if self.tainted {
            self.measure_the_damage();
            return Ok(());
        }
        let mut filed = BTreeSet::new();
        for chain in 0..CHAINS {
            let log = &self.chains[chain].distributor.log;
            filed.extend(log.filed.iter().filter(|filed| !filed.late).map(|filed| filed.epoch));
            if !self.chains[chain].is_silent() {
                self.everybody_is_paid(chain)?;
            }
        }
        let issued: u64 = self.chains.iter().map(|chain| chain.distributor.total() + chain.distributor.owed()).sum();
        let unemitted: u64 = filed.iter().map(|epoch| self.payroll.epoch(*epoch).1).sum();
        let all: u64 = filed.iter().map(|epoch| emission(*epoch)).sum();
        if issued + unemitted != all {
            return Err(format!(
                "issued {issued} and unemitted {unemitted} are not the {all} of the epochs that were filed"
            ));
        }
        Ok(())
    }

    fn everybody_is_paid(&self, chain: usize) -> Result<(), Broken> {
        let distributor = &self.chains[chain].distributor;
        let (behind, _) = self.payroll.behind(chain, distributor, &self.known, &self.rules, self.tainted);
        for (person, amount) in &behind.earned {
            let paid = match &distributor.state {
                State::Utxo(utxo) => utxo.paid.get(person),
                State::Account(account) => account.claimed.get(&crate::trees::payee_of(*person, &distributor.id)),
            };
            if paid.copied().unwrap_or(0) != *amount {
                return Err(format!("{person} has {paid:?} of {amount} on {chain}"));
            }
        }
        Ok(())
    }

    /// Under a dishonest quorum the distributors' own bounds hold, and this is what honest people lack all the same.
    fn measure_the_damage(&mut self) {
        let mut emitted: Vec<EpochNumber> = Vec::new();
        for chain in 0..CHAINS {
            let distributor = &self.chains[chain].distributor;
            let log = &distributor.log;
            emitted.extend(log.filed.iter().filter(|filed| !filed.late && filed.growth > 0).map(|filed| filed.epoch));
            let (behind, lost) = self.payroll.behind(chain, distributor, &self.known, &self.rules, true);
            self.report.lost_units += lost;
            if let State::Account(account) = &distributor.state {
                let id = &distributor.id;
                let lacks = |(person, amount): (&u8, &u64)| {
                    let had = account.claimed.get(&crate::trees::payee_of(*person, id)).copied().unwrap_or(0);
                    if *person == FILLER { 0 } else { amount.saturating_sub(had) }
                };
                let lacking: u64 = behind.earned.iter().map(lacks).sum();
                self.report.robbed_units += lacking.saturating_sub(account.vault);
            }
        }
        emitted.sort_unstable();
        let twice = emitted.windows(2).filter(|pair| pair[0] == pair[1]).count();
        self.report.emitted_twice += twice as u64;
    }
}
