//! Who lies: oracles below the threshold, and a dishonest quorum.

use std::rc::Rc;

use liaise_ledger::{EpochNumber, Hash};
use liaise_oracle::fold::TermRow;
use liaise_summary::{Epoch, EpochStatement, Hash32, Statement};

use crate::distributor::State;
use crate::network::{NETWORK, UTXO_CHAIN, emission};
use crate::oracles::Wanted;
use crate::trees::{Amounts, FILLER, THIEF, Tree, payee_of};
use crate::world::World;

impl World {
    /// Oracles below the threshold sign what pays a thief.
    pub fn lie(&mut self, chain: usize) {
        let distributor = &self.chains[chain].distributor;
        let liars = self.liars & self.members[distributor.set as usize];
        if liars == 0 || distributor.log.ranges.is_empty() {
            return;
        }
        let next = distributor.view(self.chains[chain].time_s).standing.next;
        let gain = emission(next);
        let sum = if chain == UTXO_CHAIN { 0 } else { distributor.total() };
        let amounts = Amounts::from([(THIEF, gain + sum)]);
        if gain > 0 {
            let statement = self.sign_false(chain, next, amounts, 0, liars);
            self.submit(chain, &statement, false);
        }
    }

    /// Signs a statement that no honest oracle folded.
    pub fn sign_false(
        &mut self,
        chain: usize,
        epoch: EpochNumber,
        pays: Amounts,
        owed: u64,
        signers: u64,
    ) -> Statement {
        let distributor = &self.chains[chain].distributor;
        let number = u32::try_from(epoch).expect("an epoch");
        let amounts = pays.into_iter().filter(|(_, amount)| *amount > 0).collect();
        let tree = if chain == UTXO_CHAIN {
            Tree::batches(number, &amounts)
        } else {
            Tree::accounts(&amounts, &distributor.id)
        };
        let root = tree.root();
        let statement = Statement::Epoch(EpochStatement {
            network: NETWORK,
            distributor: distributor.id,
            epoch: Epoch(number),
            oracle_set: distributor.set,
            head: distributor.head,
            root_hash: root.hash,
            root_sum: root.sum,
            owed,
            artefact: Hash32([0xfa; 32]),
        });
        self.trees.insert(root.hash, Rc::new(tree));
        self.sign(&Wanted { statement, digest: statement.digest(), filing: None }, signers);
        statement
    }

    /// A dishonest quorum signs what it likes, within what a distributor accepts: all that it can get for a thief.
    pub fn rob(&mut self, chain: usize) {
        let distributor = &self.chains[chain].distributor;
        if self.evil == 0 {
            (self.evil, self.tainted) = (*self.members.last().expect("a set"), true);
        }
        let set = distributor.set as usize;
        let count = (self.evil & self.members[set]).count_ones() as usize;
        if count < self.sets[set].quorum() {
            return;
        }
        let view = distributor.view(self.chains[chain].time_s);
        let next = view.standing.next;
        if self.dice.permille(250) {
            return self.open_falsely(chain, next);
        }
        let distributor = &self.chains[chain].distributor;
        let runs = view.standing.range.is_some_and(|(_, end)| end.is_none_or(|end| next < end));
        if distributor.log.ranges.is_empty() {
            return;
        }
        let epoch = if next > 0 && (!runs || self.dice.permille(200)) { next - 1 } else { next };
        let most = distributor.owed() + if epoch < next { 0 } else { emission(epoch) };
        let gain = match self.dice.below(3) {
            0 => 0,
            1 => most,
            _ => self.dice.below(most + 1),
        };
        let keep = if self.dice.permille(500) { 0 } else { most - gain };
        let amounts = match &distributor.state {
            State::Utxo(_) => Amounts::from([(THIEF, gain)]),
            State::Account(account) => {
                // what others have not claimed yet is within its reach too
                let had = account.claimed.get(&payee_of(THIEF, &distributor.id)).copied().unwrap_or(0);
                let all = distributor.total() + gain;
                let thief = all.min(had + account.vault + gain);
                Amounts::from([(THIEF, thief), (FILLER, all - thief)])
            }
        };
        self.claim(chain, THIEF, false);
        let statement = self.sign_false(chain, epoch, amounts, keep, self.evil & self.members[set]);
        if self.submit(chain, &statement, true) {
            self.report.false_statements += 1;
        }
    }

    /// A dishonest quorum signs the opening of a range that the table does not have, and the DAO believes it.
    fn open_falsely(&mut self, chain: usize, next: EpochNumber) {
        let distributor = &self.chains[chain].distributor;
        let first = next.max(self.sealed());
        let row = TermRow { first, distributor: Hash(distributor.id.0), old: Hash::ZERO, is_decreed: true };
        if let Some(wanted) = self.opening(distributor, &row) {
            let signers = self.evil & self.members[distributor.set as usize];
            self.sign(&wanted, signers);
            self.dao_acts();
        }
    }
}
