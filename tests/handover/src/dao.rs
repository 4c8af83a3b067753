//! The honest DAO and the keys of decrees.

use liaise_ledger::EpochNumber;
use liaise_oracle::fold::term_of;
use liaise_summary::Statement;

use crate::calls::{Act, By, Call};
use crate::network::{CHAINS, EPOCHS, GUARDED_UNTIL_S, SILENCE_S, TERM, distributor_id, end_s};
use crate::schedule::Mode;
use crate::world::World;

/// Which chain a distributor is on.
pub fn chain_of(distributor: &[u8; 32]) -> usize {
    usize::from(distributor[0]) - 1
}

impl World {
    /// The DAO's day: an emergency where a chain that holds the term or is to get it is silent or does not open, and a yes to every
    /// opening that oracles signed.
    pub fn dao_acts(&mut self) {
        let hand_overs = self.final_hand_overs();
        let table = self.table(EpochNumber::MAX, &hand_overs);
        let first = (self.sealed() + 3).max(0);
        let later = table.iter().map(|row| row.first).filter(|row| *row > first);
        let looked_at: Vec<EpochNumber> = std::iter::once(first).chain(later).collect();
        for epoch in looked_at {
            let table = self.table(EpochNumber::MAX, &hand_overs);
            let Some(row) = term_of(&table, epoch) else { continue };
            let chain = &self.chains[chain_of(&row.distributor.0)];
            let silent = chain.silent_since_s.is_some_and(|since_s| self.now_s >= since_s + SILENCE_S);
            // a dishonest quorum may have opened another range over it
            let opened = chain.distributor.log.ranges.last().is_some_and(|range| range.first == row.first);
            let late = self.now_s >= end_s(row.first - 1) + SILENCE_S;
            if epoch < EpochNumber::from(EPOCHS) && (silent || !opened && late) {
                self.emergency(epoch, chain_of(&row.distributor.0));
            }
        }
        self.approve_openings();
    }

    fn approve_openings(&mut self) {
        let shut = self.shut;
        for chain in (0..CHAINS).filter(|chain| Some(*chain) != shut) {
            let distributor = &self.chains[chain].distributor;
            let (head, id, utxo) = (distributor.head, distributor.id, distributor.is_utxo());
            for place in self.by_head.get(&head).cloned().unwrap_or_default() {
                let Statement::Open(open) = self.statements[place] else { continue };
                if open.distributor != id {
                    continue;
                }
                if !utxo {
                    self.call(chain, &Call::ApproveOpen { first: open.first.0, old: open.old, head, by: By::Dao });
                }
                self.submit(chain, &Statement::Open(open), true);
            }
        }
    }

    /// Decrees that another chain takes the term from an epoch on; known one seal later.
    pub fn emergency(&mut self, mut first: EpochNumber, from: usize) {
        while self.rows.iter().any(|row| row.first == first) {
            first += 1;
        }
        let hand_overs = self.final_hand_overs();
        let table = self.table(EpochNumber::MAX, &hand_overs);
        let can_open = |chain: &usize| {
            let at = &self.chains[*chain];
            let next = at.distributor.view(at.time_s).standing.next;
            let again = table.iter().any(|row| chain_of(&row.distributor.0) == *chain && row.first > first);
            !at.is_silent() && *chain != from && next <= first && !again
        };
        let able: Vec<usize> = (0..CHAINS).filter(can_open).collect();
        if able.is_empty() || first >= EpochNumber::from(EPOCHS) {
            return;
        }
        let holder = term_of(&table, first).map_or(from, |row| chain_of(&row.distributor.0));
        let chain = self.dice.pick(&able);
        let seal = self.sealed() + 1;
        self.decree(first, chain, Some(holder), seal);
        self.report.emergencies += 1;
    }

    /// An act of the DAO; the guardian agrees, but for now and then.
    pub fn act(&mut self, chain: usize, act: Act) -> bool {
        let distributor = &self.chains[chain].distributor;
        let (guardian, utxo) = (By::Guardian(distributor.guardian), distributor.is_utxo());
        let guarded = self.chains[chain].time_s < GUARDED_UNTIL_S;
        let agreed = guarded && self.dice.permille(850);
        if agreed && !utxo {
            self.call(chain, &Call::Consent { to: act, given: true, by: guardian });
        }
        self.call(chain, &Call::Act { act, by: By::Dao, agreed })
    }

    /// A hand-over by the table's last holder, or by any chain whose contract lets it; now and then the chain falls silent in that block.
    pub fn hand_over(&mut self) {
        let hand_overs = self.final_hand_overs();
        let table = self.table(EpochNumber::MAX, &hand_overs);
        let last = table.last().map_or(0, |row| chain_of(&row.distributor.0));
        let chain = if self.dice.permille(800) { last } else { self.dice.below(CHAINS as u64) as usize };
        let others: Vec<usize> = (0..CHAINS).filter(|other| *other != chain || self.dice.permille(100)).collect();
        let to = distributor_id(self.dice.pick(&others));
        let start = self.chains[chain].distributor.log.ranges.last().map_or(0, |range| range.first);
        let end = u32::try_from(start).expect("an epoch") + TERM * (1 + self.dice.below(2) as u32);
        let done = end < EPOCHS && self.act(chain, Act::HandOver { end, to });
        if done && self.mode == Mode::Silence && self.dice.permille(200) {
            self.fall_silent(chain);
        }
    }

    /// A chain makes no more blocks; one at a time does that.
    pub fn fall_silent(&mut self, chain: usize) {
        if self.chains.iter().all(|chain| !chain.is_silent()) {
            self.chains[chain].silent_since_s = Some(self.now_s);
            self.report.silences += 1;
        }
    }

    /// The next oracle set, known everywhere, in force where a distributor is rotated to it: some members are new, or all.
    pub fn new_set(&mut self, whole: bool) {
        let newest = self.members.last().copied().unwrap_or(0);
        let mut members: Vec<u32> = (0..64).filter(|oracle| newest >> oracle & 1 == 1).collect();
        let first_new = u32::try_from(self.oracles.len()).expect("few oracles");
        let count = if whole { members.len() } else { 1 + self.dice.below(2) as usize };
        let olds = members.len();
        for (added, number) in (first_new..).take(count).enumerate() {
            let place = self.dice.below((olds - added) as u64) as usize;
            members.remove(place);
            members.push(number);
        }
        self.add_set(members);
    }
}
