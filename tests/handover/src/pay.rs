//! What epochs earn, made up from the seed, and how it is folded: the part of the fold that decides where and when pay is paid.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use liaise_ledger::EpochNumber;
use liaise_oracle::fold::check_conservation;

use crate::dice::Dice;
use crate::distributor::Distributor;
use crate::network::{CHAINS, EPOCHS, PAYOUT_MIN, UTXO_CHAIN, emission};
use crate::rules::Rules;
use crate::trees::{Amounts, FILLER, PEOPLE, Person};

/// Pay that is owed and not in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owing {
    /// To whom.
    pub person: Person,
    /// Base units.
    pub amount: u64,
    /// From whose seal on it can be paid: a hold-back ends then.
    pub from: EpochNumber,
}

/// What a distributor's newest true statement stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standings {
    /// What people have earned there over the distributor's life, base units.
    pub earned: Amounts,
    /// What is owed there.
    pub owing: Vec<Owing>,
    /// The seal that it was folded from; -1 before the first.
    pub seal: EpochNumber,
}

/// A filing.
#[derive(Clone, Debug)]
pub struct Folded {
    /// What the tree pays, base units.
    pub tree: Amounts,
    /// What it leaves owed, base units.
    pub owed: u64,
    /// What the next one starts from.
    pub next: Standings,
}

/// What an epoch earns, and what of its emission nobody gets, base units.
pub type Earned = (Vec<Owing>, u64);

/// All that epochs earn, and from when on people have an account on a chain.
#[derive(Debug)]
pub struct Payroll {
    seed: u64,
    accounts: [[EpochNumber; CHAINS]; PEOPLE as usize],
    known: RefCell<HashMap<EpochNumber, Rc<Earned>>>,
}

impl Payroll {
    /// The payroll of a seed.
    pub fn new(seed: u64, dice: &mut Dice) -> Self {
        let mut late = || if dice.permille(750) { 0 } else { dice.below(u64::from(EPOCHS) + 3) as EpochNumber };
        let accounts = std::array::from_fn(|_| std::array::from_fn(|_| late()));
        Self { seed, accounts, known: RefCell::default() }
    }

    /// What an epoch earns, and how much of its emission nobody gets, base units.
    pub fn epoch(&self, epoch: EpochNumber) -> Rc<Earned> {
        let fresh = || Rc::new(self.make_up(epoch));
        self.known.borrow_mut().entry(epoch).or_insert_with(fresh).clone()
    }

    fn make_up(&self, epoch: EpochNumber) -> Earned {
        let mut dice = Dice(self.seed.wrapping_mul(1_000).wrapping_add_signed(epoch));
        let all = emission(epoch);
        if all == 0 || dice.permille(100) {
            return (vec![], all);
        }
        let mut left = all - dice.below(all / 3 + 1);
        let mut owing = Vec::new();
        for place in 0..1 + dice.below(4) {
            let amount = if place == 0 { left / 2 } else { dice.below(left + 1) };
            left -= amount;
            let from = if dice.permille(600) { epoch } else { epoch + 1 + dice.below(5) as EpochNumber };
            if amount > 0 {
                owing.push(Owing { person: dice.below(u64::from(PEOPLE)) as Person, amount, from });
            }
        }
        let paid: u64 = owing.iter().map(|item| item.amount).sum();
        (owing, all - paid)
    }

    /// Whether each of what is owed can be paid on a chain, folded from a seal.
    fn payable(&self, chain: usize, owing: &[Owing], seal: EpochNumber, late: bool, rules: &Rules) -> Vec<bool> {
        let due = |item: &Owing| item.from <= seal && self.accounts[usize::from(item.person)][chain] <= seal;
        let mut payable: Vec<bool> = owing.iter().map(due).collect();
        if chain == UTXO_CHAIN && !(late && rules.late_without_minimum) {
            let mut sums = Amounts::new();
            for (item, _) in owing.iter().zip(&payable).filter(|(_, payable)| **payable) {
                *sums.entry(item.person).or_default() += item.amount;
            }
            for (item, payable) in owing.iter().zip(&mut payable) {
                *payable &= sums.get(&item.person).is_some_and(|sum| *sum >= PAYOUT_MIN);
            }
        }
        payable
    }

    /// Whether anything that is owed can be paid on a chain, folded from a seal.
    pub fn pays(&self, chain: usize, owing: &[Owing], seal: EpochNumber, late: bool, rules: &Rules) -> bool {
        self.payable(chain, owing, seal, late, rules).contains(&true)
    }

    /// Files an epoch, or late pay under its number, folded from a seal.
    ///
    /// # Panics
    /// What is earned does not add up.
    pub fn fold(
        &self,
        (chain, epoch, late): (usize, EpochNumber, bool),
        before: &Standings,
        seal: EpochNumber,
        rules: &Rules,
    ) -> Folded {
        let earned = if late { Rc::new((vec![], 0)) } else { self.epoch(epoch) };
        let mut owing = before.owing.clone();
        owing.extend_from_slice(&earned.0);
        let payable = self.payable(chain, &owing, seal, late, rules);
        let mut pays = Amounts::new();
        for (item, _) in owing.iter().zip(&payable).filter(|(_, payable)| **payable) {
            *pays.entry(item.person).or_default() += item.amount;
        }
        let mut kept = payable.iter();
        owing.retain(|_| !kept.next().expect("one each"));
        let mut sums = before.earned.clone();
        for (person, amount) in &pays {
            *sums.entry(*person).or_default() += amount;
        }
        let sum = |owing: &[Owing]| owing.iter().map(|item| item.amount).sum::<u64>();
        let (owed, growth) = (sum(&owing), pays.values().sum::<u64>());
        let emission = if late { 0 } else { emission(epoch) };
        check_conservation(epoch, sum(&before.owing).into(), emission, growth.into(), owed.into(), earned.1)
            .expect("every unit is paid, owed or unemitted");
        let tree = if chain == UTXO_CHAIN { pays } else { sums.clone() };
        Folded { tree, owed, next: Standings { earned: sums, owing, seal } }
    }

    /// What a distributor's newest true statement stands for, and what was lost beyond what it owes: statements that no honest oracle
    /// folded are a loss, whose pay is owed as far as the distributor's own debt reaches.
    pub fn behind(
        &self,
        chain: usize,
        distributor: &Distributor,
        known: &HashMap<liaise_summary::Hash32, Standings>,
        rules: &Rules,
        tainted: bool,
    ) -> (Standings, u64) {
        let filed = &distributor.log.filed;
        let last = filed.iter().rposition(|filed| known.contains_key(&filed.digest));
        let fresh = || Standings { earned: Amounts::new(), owing: vec![], seal: -1 };
        let mut standings = last.map_or_else(fresh, |last| known[&filed[last].digest].clone());
        let false_ones = &filed[last.map_or(0, |last| last + 1)..];
        if rules.filler && !false_ones.is_empty() {
            for lost in false_ones.iter().filter(|filed| !filed.late) {
                standings.owing.extend_from_slice(&self.epoch(lost.epoch).0);
                standings.seal = lost.epoch;
            }
            if chain != UTXO_CHAIN {
                let sum: u64 = standings.earned.values().sum();
                let missing = distributor.total().saturating_sub(sum);
                if missing > 0 {
                    *standings.earned.entry(FILLER).or_default() += missing;
                }
            }
        }
        let mut lost = 0;
        let sum = |owing: &[Owing]| owing.iter().map(|item| item.amount).sum::<u64>();
        while tainted && sum(&standings.owing) > distributor.owed() {
            lost += standings.owing.pop().map_or(0, |item| item.amount);
        }
        (standings, lost)
    }
}
