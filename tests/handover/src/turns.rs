//! One random turn: something that somebody does, or that happens.

use liaise_ledger::EpochNumber;
use liaise_oracle::fold::term_of;
use liaise_summary::{Epoch, EpochStatement, Hash32, Proof};

use crate::calls::{Act, By, Call};
use crate::dao::chain_of;
use crate::distributor::State;
use crate::network::{CHAINS, NETWORK, UTXO_CHAIN, distributor_id, emission};
use crate::schedule::Mode;
use crate::trace::Event;
use crate::trees::{FILLER, PEOPLE, Person, THIEF};
use crate::world::World;

impl World {
    /// A turn.
    pub fn turn(&mut self) {
        let chain = self.dice.below(CHAINS as u64) as usize;
        match self.dice.below(1_000) {
            0..300 => {
                let hours = self.dice.pick(&[1, 3, 6, 6, 12]);
                self.tick(hours, true);
            }
            300..500 => self.oracles_turn(),
            500..560 => self.replay(),
            560..590 => self.veto(chain, false),
            590..600 => self.veto(chain, true),
            600..612 => drop(self.advance(chain, By::Dao)),
            612..680 => self.dao_acts(),
            680..745 => self.hand_over(),
            745..765 => self.needless_emergency(),
            765..800 => self.rotate(chain),
            800..815 => self.change_guardian(chain),
            815..880 => self.pay(chain),
            880..905 => {
                let blocks = 1 + self.dice.below(2) as usize;
                if !self.chains[chain].is_silent() {
                    let blocks = self.chains[chain].reorg(blocks);
                    self.report.reorgs += blocks as u64;
                    self.note(chain, Event::Gone { blocks });
                }
            }
            905..920 => self.silence(chain),
            920..945 => {
                let oracle = self.dice.below(self.oracles.len() as u64) as usize;
                self.oracles[oracle].is_up = self.dice.permille(800);
                self.oracles[oracle].lags = self.dice.permille(250);
            }
            945..955 => self.lie(chain),
            955..980 => self.nonsense(chain),
            _ if self.mode == Mode::Dishonest => self.rob(chain),
            _ => self.lie(chain),
        }
    }

    fn oracles_turn(&mut self) {
        let order: Vec<usize> = (0..self.oracles.len()).collect();
        for oracle in self.dice.shuffled(order) {
            if self.dice.permille(800) {
                self.look_and_sign(oracle);
            }
        }
        if self.dice.permille(800) {
            self.submit_all();
        }
    }

    /// Anything that was ever signed, by whomever, in any order, to any distributor.
    fn replay(&mut self) {
        for _ in 0..6.min(self.statements.len()) {
            let statement = self.statements[self.dice.below(self.statements.len() as u64) as usize];
            let own = chain_of(&statement.distributor().0);
            let chain = if self.dice.permille(900) { own } else { self.dice.below(CHAINS as u64) as usize };
            let members_only = self.dice.permille(700);
            self.submit(chain, &statement, members_only);
        }
    }

    fn veto(&mut self, chain: usize, dao: bool) {
        let distributor = &self.chains[chain].distributor;
        let by = if dao { By::Dao } else { By::Guardian(distributor.guardian) };
        let (digest, reason) = (distributor.head, self.dice.below(4) as u8);
        if self.call(chain, &Call::Veto { digest, reason, by }) {
            self.report.vetoes += 1;
        }
    }

    /// The head moves, for oracles that split.
    pub fn advance(&mut self, chain: usize, by: By) -> bool {
        let own = if self.rules.reasons_differ { 100 } else { 0 };
        let (head, reason) = (self.chains[chain].distributor.head, own + self.dice.below(4) as u8);
        self.call(chain, &Call::Advance { head, reason, by })
    }

    /// An emergency row without a reason: decrees are whatever the DAO's keys sign.
    fn needless_emergency(&mut self) {
        let first = self.sealed().max(-1) + 2 + self.dice.below(4) as EpochNumber;
        if self.mode != Mode::Silence || self.rows.len() >= 5 || !self.dice.permille(400) {
            return;
        }
        let table = self.table(EpochNumber::MAX, &self.final_hand_overs());
        if let Some(holder) = term_of(&table, first).map(|row| chain_of(&row.distributor.0)) {
            self.emergency(first, holder);
        }
    }

    fn rotate(&mut self, chain: usize) {
        if self.dice.permille(300) && self.sets.len() < 6 {
            let whole = self.dice.permille(300);
            self.new_set(whole);
        }
        let version = self.chains[chain].distributor.set + 1;
        if (version as usize) < self.sets.len() && self.act(chain, Act::Rotate { version }) {
            self.report.rotations += 1;
        }
    }

    fn change_guardian(&mut self, chain: usize) {
        let guardian = self.chains[chain].distributor.guardian + 1;
        self.act(chain, Act::SetGuardian { guardian });
    }

    fn silence(&mut self, chain: usize) {
        if self.mode == Mode::Silence && !self.chains[chain].is_silent() {
            self.fall_silent(chain);
        } else if self.dice.permille(500) {
            self.chains[chain].silent_since_s = None;
        }
    }

    /// A person is paid, or the next batch of some output; now and then by another root, leaf or batch than the right one.
    fn pay(&mut self, chain: usize) {
        if chain == UTXO_CHAIN {
            let place = self.dice.below(3) as usize;
            let skip = u32::from(self.dice.permille(100));
            self.crank(place, skip);
            return;
        }
        let person = match self.dice.below(20) {
            0 => FILLER,
            1 => THIEF,
            _ => self.dice.below(u64::from(PEOPLE)) as Person,
        };
        let previous = self.dice.permille(400);
        self.claim(chain, person, previous);
    }

    /// Claims what a held root says a person has. Returns whether it was accepted.
    pub fn claim(&mut self, chain: usize, person: Person, previous: bool) -> bool {
        let State::Account(account) = &self.chains[chain].distributor.state else { return false };
        let mut books = account.books.clone();
        books.mature(self.chains[chain].time_s);
        let Some(root) = (if previous { books.previous } else { books.newest }) else { return false };
        let id = distributor_id(chain);
        let Some(tree) = self.trees.get(&Hash32(root.hash)) else { return false };
        let Some((leaf, proof)) = tree.leaf(person, &id) else { return false };
        self.call(chain, &Call::Claim { leaf, proof })
    }

    /// Pays a batch of the output at a place. Returns whether it was accepted.
    pub fn crank(&mut self, place: usize, skip: u32) -> bool {
        let State::Utxo(utxo) = &self.chains[UTXO_CHAIN].distributor.state else { return false };
        let Some(output) = utxo.outputs.get(place) else { return false };
        let (digest, batch) = (output.digest, output.next_batch() + skip);
        let root = self.chains[UTXO_CHAIN].distributor.log.filed.iter().find(|filed| filed.digest == digest);
        let Some(tree) = root.and_then(|filed| self.trees.get(&filed.root.hash)) else { return false };
        // with the rule broken whoever likes sends the first batch again
        let batch = if self.rules.batches_once { batch } else { 0 };
        let Some((payouts, proof)) = tree.batch(batch) else { return false };
        self.call(UTXO_CHAIN, &Call::Crank { digest, payouts, proof })
    }

    /// What nobody should ask for, so that every refusal comes up.
    fn nonsense(&mut self, chain: usize) {
        let distributor = &self.chains[chain].distributor;
        let (head, utxo, guardian) = (distributor.head, distributor.is_utxo(), By::Guardian(distributor.guardian));
        let set = distributor.set;
        let other = Hash32([0xee; 32]);
        let next = u32::try_from(distributor.view(self.chains[chain].time_s).standing.next).expect("an epoch");
        let by = self.dice.pick(&[By::Dao, By::Anybody, guardian, By::Guardian(99)]);
        let to = distributor_id(self.dice.below(CHAINS as u64) as usize);
        let act = match self.dice.below(3) {
            0 => Act::HandOver { end: next + self.dice.below(9) as u32, to },
            1 => Act::Rotate { version: set + self.dice.pick(&[0, 2]) },
            _ => Act::SetGuardian { guardian: 98 },
        };
        let agreed = self.dice.permille(500);
        match self.dice.below(8) {
            0 => drop(self.advance(chain, by)),
            1 => drop(self.call(chain, &Call::Advance { head: other, reason: 0, by: By::Dao })),
            2 => drop(self.call(chain, &Call::Veto { digest: other, reason: 0, by })),
            3 => drop(self.call(chain, &Call::Veto { digest: head, reason: 0, by })),
            4 => drop(self.call(chain, &Call::Act { act, by, agreed })),
            5 if !utxo => {
                for end in 0..5 {
                    let to = Act::HandOver { end: 100 + end, to };
                    self.call(chain, &Call::Consent { to, given: agreed, by });
                }
            }
            5 => {
                let proof = Proof { index: 0, siblings: vec![] };
                self.call(chain, &Call::Crank { digest: other, payouts: vec![], proof });
            }
            6 if !utxo => {
                let old = distributor_id(chain);
                self.call(chain, &Call::ApproveOpen { first: next, old, head, by });
            }
            _ => self.nonsense_statement(chain, next),
        }
    }

    /// A statement over the present head, signed by everybody, that the distributor's own rules refuse.
    fn nonsense_statement(&mut self, chain: usize, next: u32) {
        let distributor = &self.chains[chain].distributor;
        let (utxo, total, set) = (distributor.is_utxo(), distributor.total(), distributor.set);
        let epoch = (next + self.dice.below(3) as u32).saturating_sub(1);
        let root_sum = match self.dice.below(3) {
            0 => 0,
            1 => total,
            _ => total + emission(epoch.into()) + distributor.owed() + 1,
        };
        let statement = EpochStatement {
            network: NETWORK,
            distributor: distributor.id,
            epoch: Epoch(epoch),
            oracle_set: set,
            head: distributor.head,
            root_hash: Hash32([0xdd; 32]),
            root_sum: if utxo { root_sum.saturating_sub(total) } else { root_sum },
            owed: if root_sum == total { distributor.owed() + emission(epoch.into()) + 1 } else { 0 },
            artefact: Hash32::ZERO,
        };
        // nobody signed it: a distributor that would take it says so last
        let signers = 1 << self.members[set as usize].trailing_zeros();
        self.call(chain, &Call::Submit { statement, signers });
    }
}
