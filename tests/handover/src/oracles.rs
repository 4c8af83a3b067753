//! Oracles: what each sees, what it writes down before it signs, and what it signs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use liaise_ledger::EpochNumber;
use liaise_oracle::fold::{DecreedRow, Duty, HandOver, TermRow, duty, table};
use liaise_oracle::quorum::{QuorumError, SignGuard, promise};
use liaise_summary::{DistributorId, Epoch, EpochStatement, Hash32, OpenStatement, Statement, sha256};

use crate::distributor::{Distributor, View};
use crate::network::{CHAINS, EPOCH_DELAY_S, LONG_DELAY_S, NETWORK, distributor_id, schedule};
use crate::pay::{Folded, Standings};
use crate::trees::Tree;
use crate::world::World;

/// An oracle's disk: what it promised.
#[derive(Debug, Default)]
pub struct Disk(RefCell<HashMap<Vec<u8>, Vec<u8>>>);

impl SignGuard for Disk {
    fn load(&self, slot: &[u8]) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.borrow().get(slot).cloned())
    }

    fn replace(&self, slot: &[u8], expected: Option<&[u8]>, value: &[u8]) -> Result<bool, String> {
        let mut rows = self.0.borrow_mut();
        if rows.get(slot).map(Vec::as_slice) != expected {
            return Ok(false);
        }
        rows.insert(slot.to_vec(), value.to_vec());
        Ok(true)
    }
}

impl Disk {
    /// Forgets everything: what a guard that keeps nothing does.
    fn forget(&self) {
        self.0.borrow_mut().clear();
    }
}

/// An oracle.
#[derive(Debug)]
pub struct Oracle {
    /// Its number, which is its bit among signers.
    pub number: u32,
    /// Whether it runs.
    pub is_up: bool,
    /// Whether it is a seal and a block behind.
    pub lags: bool,
    /// The final hand-overs that it knows.
    hand_overs: Rc<Vec<HandOver>>,
    disk: Disk,
}

impl Oracle {
    /// An oracle that has signed nothing.
    pub fn new(number: u32, hand_overs: Rc<Vec<HandOver>>) -> Self {
        Self { number, is_up: true, lags: false, hand_overs, disk: Disk::default() }
    }
}

/// All that decides what is wanted of a distributor: two oracles that see the same want the same.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    head: Hash32,
    set: u32,
    view: View,
    seal: EpochNumber,
    rows: usize,
    hand_overs: Rc<Vec<HandOver>>,
    tainted: bool,
}

/// What was wanted last of each distributor, so that not every oracle folds the same again.
#[derive(Debug, Default)]
pub struct Memory(HashMap<usize, (Seen, Option<Rc<Wanted>>)>);

/// What an honest oracle signs over a head, and what the filing is behind it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The statement.
    pub statement: Statement,
    /// Its digest.
    pub digest: Hash32,
    /// Of an epoch's: what the next filing starts from, and the tree.
    pub filing: Option<(Standings, Rc<Tree>)>,
}

impl World {
    /// The hand-overs that final blocks hold; with the rule broken, those that any block holds.
    pub fn final_hand_overs(&self) -> Rc<Vec<HandOver>> {
        let state = |chain: usize| {
            let chain = &self.chains[chain];
            if self.rules.final_hand_overs { chain.final_state() } else { &chain.distributor }
        };
        let of = |chain: usize| {
            let from = liaise_ledger::Hash(distributor_id(chain).0);
            state(chain).log.ranges.iter().filter_map(move |range| {
                let (end, to) = range.handed?;
                Some(HandOver { from, opened: range.first, end, to: liaise_ledger::Hash(to.0) })
            })
        };
        Rc::new((0..CHAINS).flat_map(of).collect())
    }

    /// The table of terms as of a seal.
    pub fn table(&self, seal: EpochNumber, hand_overs: &[HandOver]) -> Vec<TermRow> {
        let sealed: Vec<DecreedRow> = self.rows.iter().filter(|row| row.seal <= seal).copied().collect();
        if self.rules.walk {
            return table(&sealed, hand_overs);
        }
        // broken: every hand-over is a row, whatever the range that it closes
        let row = |row: &DecreedRow| TermRow { first: row.first, distributor: row.new, old: row.old, is_decreed: true };
        let over =
            |over: &HandOver| TermRow { first: over.end, distributor: over.to, old: over.from, is_decreed: false };
        let mut rows: Vec<TermRow> = sealed.iter().map(row).chain(hand_overs.iter().map(over)).collect();
        rows.sort_by_key(|row| (row.first, !row.is_decreed));
        rows
    }

    /// [`Self::wanted`], folded once for all who see the same.
    fn wanted_as_seen(
        &mut self,
        chain: usize,
        (distributor, time_s): (&Distributor, u64),
        seal: EpochNumber,
        hand_overs: &Rc<Vec<HandOver>>,
    ) -> Option<Rc<Wanted>> {
        let seen = Seen {
            head: distributor.head,
            set: distributor.set,
            view: distributor.view(time_s),
            seal,
            rows: self.rows.len(),
            hand_overs: hand_overs.clone(),
            tainted: self.tainted,
        };
        if let Some((_, wanted)) = self.memory.0.get(&chain).filter(|(known, _)| *known == seen) {
            return wanted.clone();
        }
        let wanted = self.wanted(chain, (distributor, time_s), seal, hand_overs).map(Rc::new);
        self.memory.0.insert(chain, (seen, wanted.clone()));
        wanted
    }

    /// What an honest oracle signs for a distributor that it sees at a time, with what it knows.
    pub fn wanted(
        &self,
        chain: usize,
        (distributor, time_s): (&Distributor, u64),
        seal: EpochNumber,
        hand_overs: &[HandOver],
    ) -> Option<Wanted> {
        let view = distributor.view(time_s);
        if view.busy {
            return None;
        }
        let (rules, payroll) = (&self.rules, &self.payroll);
        let (before, _) = payroll.behind(chain, distributor, &self.known, rules, self.tainted);
        let pays = |seal: &EpochNumber| payroll.pays(chain, &before.owing, *seal, true, rules);
        let late_seal = || {
            let first = (before.seal + 1..=seal).find(pays);
            if rules.late_seal { first } else { first.map(|_| seal).filter(pays) }
        };
        let table = self.table(seal, hand_overs);
        let in_order = || !distributor.log.filed.is_empty() && late_seal().is_some();
        let mut due = duty(&table, &view.standing, || rules.late_before_opening && in_order());
        if !rules.late_before_opening && due.is_none() && in_order() {
            due = Some(Duty::Late(view.standing.next - 1));
        }
        if !rules.table && view.standing.range.is_some_and(|(_, end)| end.is_none_or(|end| view.standing.next < end)) {
            due = Some(Duty::File(view.standing.next));
        }
        let (epoch, late, seal) = match due? {
            Duty::Open(row) => return self.opening(distributor, &row),
            Duty::File(epoch) if epoch > seal => return None,
            Duty::File(epoch) => (epoch, false, epoch),
            Duty::Late(epoch) => (epoch, true, late_seal()?),
        };
        let folded = payroll.fold((chain, epoch, late), &before, seal, rules);
        Some(self.filing(distributor, (epoch, late, seal), folded))
    }

    /// The opening of a row's range over the present head.
    pub fn opening(&self, distributor: &Distributor, row: &TermRow) -> Option<Wanted> {
        let statement = Statement::Open(OpenStatement {
            network: NETWORK,
            distributor: distributor.id,
            first: Epoch(u32::try_from(row.first).ok()?),
            oracle_set: distributor.set,
            head: distributor.head,
            old: DistributorId(row.old.0),
            epoch_delay_s: EPOCH_DELAY_S,
            long_delay_s: LONG_DELAY_S,
            schedule: schedule().id(),
        });
        Some(Wanted { statement, digest: statement.digest(), filing: None })
    }

    fn filing(
        &self,
        distributor: &Distributor,
        (epoch, late, seal): (EpochNumber, bool, EpochNumber),
        folded: Folded,
    ) -> Wanted {
        let number = u32::try_from(epoch).expect("an epoch of the schedule");
        let Folded { tree, owed, next } = folded;
        let tree =
            if distributor.is_utxo() { Tree::batches(number, &tree) } else { Tree::accounts(&tree, &distributor.id) };
        let root = tree.root();
        let owing: Vec<u8> = next
            .owing
            .iter()
            .flat_map(|item| [&[item.person][..], &item.amount.to_be_bytes(), &item.from.to_be_bytes()].concat())
            .collect();
        let earned: Vec<u8> =
            next.earned.iter().flat_map(|(person, amount)| [&[*person][..], &amount.to_be_bytes()].concat()).collect();
        let artefact = sha256(&[&[u8::from(late)], &seal.to_be_bytes(), &earned, &owing]);
        let statement = Statement::Epoch(EpochStatement {
            network: NETWORK,
            distributor: distributor.id,
            epoch: Epoch(number),
            oracle_set: distributor.set,
            head: distributor.head,
            root_hash: root.hash,
            root_sum: root.sum,
            owed,
            artefact,
        });
        Wanted { statement, digest: statement.digest(), filing: Some((next, Rc::new(tree))) }
    }

    /// An honest oracle looks at every chain and signs what is due. It may end between writing down and telling anybody.
    pub fn look_and_sign(&mut self, oracle: usize) {
        let bit = 1 << self.oracles[oracle].number;
        if !self.oracles[oracle].is_up || (self.liars | self.evil) & bit != 0 {
            return;
        }
        let lags = self.oracles[oracle].lags;
        if !lags {
            self.oracles[oracle].hand_overs = self.final_hand_overs();
        }
        let hand_overs = self.oracles[oracle].hand_overs.clone();
        let seal = self.sealed() - EpochNumber::from(lags);
        for chain in 0..CHAINS {
            let at = &self.chains[chain];
            if at.is_silent() {
                continue;
            }
            let (time_s, distributor) =
                if lags { at.last_block().clone() } else { (at.time_s, at.distributor.clone()) };
            if !self.is_member(oracle, distributor.set) {
                continue;
            }
            let Some(wanted) = self.wanted_as_seen(chain, (&distributor, time_s), seal, &hand_overs) else { continue };
            if self.votes.get(&wanted.digest).is_none_or(|signers| signers & bit == 0) {
                let crashes = self.dice.permille(self.crash_permille);
                self.promise_and_sign(oracle, &wanted, crashes);
            }
        }
    }

    fn promise_and_sign(&mut self, oracle: usize, wanted: &Wanted, crashes: bool) {
        let Oracle { number, disk, .. } = &self.oracles[oracle];
        if !self.rules.guard {
            disk.forget();
        }
        match promise(disk, &wanted.statement) {
            Ok(()) if crashes => self.report.crashes += 1,
            Ok(()) => {
                let bit = 1 << number;
                self.sign(wanted, bit);
            }
            Err(QuorumError::SignedOther { .. } | QuorumError::OlderSet { .. }) => self.report.refused_to_sign += 1,
            Err(other) => panic!("a disk that never fails: {other}"),
        }
    }

    /// Publishes signatures under a statement, and what is behind it.
    pub fn sign(&mut self, wanted: &Wanted, signers: u64) {
        let digest = wanted.digest;
        if self.votes.insert(digest, self.votes.get(&digest).copied().unwrap_or(0) | signers).is_none() {
            let head = match &wanted.statement {
                Statement::Epoch(epoch) => epoch.head,
                Statement::Open(open) => open.head,
                _ => unreachable!("oracles sign nothing else"),
            };
            self.by_head.entry(head).or_default().push(self.statements.len());
            self.statements.push(wanted.statement);
        }
        if let Some((standings, tree)) = &wanted.filing {
            self.trees.entry(tree.root().hash).or_insert_with(|| tree.clone());
            self.known.entry(digest).or_insert_with(|| standings.clone());
        }
    }
}
