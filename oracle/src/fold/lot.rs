//! Draws from one snapshot: what every task of it needs is worked out once.

use std::cell::OnceCell;

use liaise_ledger::draw::{self, Seed, SeedParts};
use liaise_ledger::eligibility::Eligibility;
use liaise_ledger::genesis::{Genesis, Parameters};
use liaise_ledger::{Hash, beacon::RoundSignature, body::Ticket};

use super::people::{People, Person};

/// A node's place among a snapshot's rows.
pub type RowAt = u32;
/// Nobody's.
const NO_ROW: RowAt = RowAt::MAX;
/// How much of an order is worked out ahead: racers and judges stand there, unless most of them are silent.
pub const FRONT: usize = 16;
/// The first rows of a task's order; [`RowAt::MAX`] after its end.
pub type Front = [RowAt; FRONT];

/// The draw of a ticket, as it was worked out when its round came: whoever knows a ticket, its round and its snapshot can, and
/// the fold needs neither any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Root of the snapshot that it was drawn from.
    pub eligibility: Hash,
    /// The task's randomness.
    pub seed: Seed,
    /// The front of the order.
    pub front: Front,
}

/// A snapshot, ready for draws.
pub struct Urn {
    snapshot: Eligibility,
    root: Hash,
    /// `H` of each row's account.
    hashes: Vec<Hash>,
}

impl Urn {
    /// Prepares a snapshot.
    pub fn new(snapshot: Eligibility) -> Urn {
        let hashes = snapshot.rows().iter().map(|row| row.account.hash()).collect();
        Urn { root: snapshot.root(), hashes, snapshot }
    }

    /// The randomness of a ticket whose message has a digest. `signature` is the verified one of its round.
    pub fn seed(
        &self,
        genesis: &Genesis,
        network: Hash,
        id: Hash,
        ticket: &Ticket,
        signature: &RoundSignature,
    ) -> Seed {
        let parts = SeedParts {
            network,
            chain_hash: genesis.beacon.chain_hash,
            round: ticket.round,
            signature,
            ticket: id,
            eligibility: self.root,
        };
        parts.seed()
    }

    /// The rows that serve an adapter, first drawn first: each is hashed with the seed.
    fn order(&self, seed: &Seed, adapter: &Hash) -> Vec<RowAt> {
        let order = draw::order_of(seed, self.snapshot.rows(), &self.hashes, adapter);
        order.into_iter().map(|row| RowAt::try_from(row).expect("a snapshot has fewer than 2^32 rows")).collect()
    }

    /// The draw of a ticket whose message has a digest, to be kept. `signature` is the verified one of its round.
    pub fn draw(
        &self,
        genesis: &Genesis,
        network: Hash,
        id: Hash,
        ticket: &Ticket,
        signature: &RoundSignature,
    ) -> Kept {
        let seed = self.seed(genesis, network, id, ticket, signature);
        Kept { eligibility: self.root, seed, front: self.front(&seed, &ticket.adapter) }
    }

    /// The front of an order.
    fn front(&self, seed: &Seed, adapter: &Hash) -> Front {
        let mut front = [NO_ROW; FRONT];
        front.iter_mut().zip(self.order(seed, adapter)).for_each(|(front, row)| *front = row);
        front
    }
}

/// The draw of a task.
pub struct Draw<'a> {
    /// The task's randomness.
    pub seed: Seed,
    adapter: Hash,
    lot: &'a Lot,
    front: &'a [RowAt],
    /// All of the order, if more than its front is asked for.
    whole: OnceCell<Vec<RowAt>>,
}

impl Draw<'_> {
    fn whole(&self) -> &[RowAt] {
        self.whole.get_or_init(|| self.lot.urn.order(&self.seed, &self.adapter))
    }

    /// The first `count` of the order, or all.
    pub fn first(&self, count: usize) -> &[RowAt] {
        let known = if count <= self.front.len() { self.front } else { self.whole() };
        let known = &known[..count.min(known.len())];
        &known[..known.iter().position(|row| *row == NO_ROW).unwrap_or(known.len())]
    }

    /// Whether somebody is among the first `count`.
    pub fn is_among(&self, who: Person, count: usize) -> bool {
        self.lot.row(who).is_some_and(|row| self.first(count).contains(&row))
    }

    /// Somebody's place in the order.
    pub fn place(&self, who: Person) -> Option<usize> {
        let row = self.lot.row(who)?;
        let find = |order: &[RowAt]| order.iter().position(|drawn| *drawn == row);
        find(self.front).or_else(|| find(self.whole()))
    }

    /// All of the order, from its front.
    pub fn iter(&self) -> impl Iterator<Item = RowAt> + '_ {
        let front = self.first(self.front.len());
        let rest = std::iter::once_with(|| self.whole().iter().skip(front.len())).flatten();
        front.iter().chain(rest).copied()
    }
}

/// An urn, with the numbers of its accounts.
pub struct Lot {
    urn: Urn,
    /// Whose each row is.
    people: Vec<Person>,
    /// The row of each person.
    row_of: Vec<RowAt>,
    /// Unproven nodes judge too.
    unproven_judge: bool,
}

impl Lot {
    /// Prepares a snapshot whose accounts all have numbers.
    pub fn new(parameters: &Parameters, snapshot: Eligibility, people: &People) -> Lot {
        let numbers: Vec<Person> = snapshot.rows().iter().map(|row| people.number(&row.account)).collect();
        let mut row_of = vec![NO_ROW; people.len()];
        for (row, person) in (0..).zip(&numbers) {
            row_of[*person as usize] = row;
        }
        let unproven_judge = snapshot.unproven_judge(parameters);
        Lot { urn: Urn::new(snapshot), unproven_judge, people: numbers, row_of }
    }

    /// What draws its tickets.
    pub fn urn(&self) -> &Urn {
        &self.urn
    }

    /// What was kept of a draw, if it is from this snapshot.
    pub fn kept<'a>(&self, kept: Option<&'a Kept>) -> Option<&'a Kept> {
        kept.filter(|kept| kept.eligibility == self.urn.root)
    }

    /// The draw of a seed, with its front where that is known.
    pub fn draw<'a>(&'a self, seed: Seed, adapter: Hash, front: Option<&'a Front>) -> Draw<'a> {
        Draw { seed, adapter, lot: self, front: front.map_or(&[], |front| front), whole: OnceCell::new() }
    }

    /// Whose a row is.
    pub fn person(&self, row: RowAt) -> Person {
        self.people[row as usize]
    }

    /// Whether somebody may judge, and audit.
    pub fn may_judge(&self, who: Person) -> bool {
        let proven = |row: RowAt| self.urn.snapshot.rows()[row as usize].proven;
        self.row(who).is_some_and(|row| proven(row) || self.unproven_judge)
    }

    /// `H` of the account of somebody who has a row.
    pub fn hash(&self, who: Person) -> Option<&Hash> {
        self.row(who).map(|row| &self.urn.hashes[row as usize])
    }

    fn row(&self, who: Person) -> Option<RowAt> {
        Some(self.row_of[who as usize]).filter(|row| *row != NO_ROW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_ledger::Account;
    use liaise_ledger::eligibility::Row;
    use std::collections::BTreeMap;

    const ADAPTER: Hash = Hash([7; 32]);

    /// A snapshot of `count` nodes, ready for draws, and a seed.
    fn lot(count: u8) -> (Lot, Seed) {
        let accounts: Vec<Account> = (0..count).map(|i| Account::evm(1, [i; 20])).collect();
        let row = |account: &Account| Row {
            account: account.clone(),
            weight: 10_000,
            slots: 1,
            proven: true,
            cluster: account.hash(),
            adapters: vec![ADAPTER],
        };
        let people = People::new(&BTreeMap::new(), &[], &accounts);
        let snapshot = Eligibility::new(accounts.iter().map(row).collect());
        (Lot::new(&Parameters::default(), snapshot, &people), Seed(Hash([3; 32])))
    }

    #[test]
    fn a_front_that_was_kept_is_the_front_of_the_whole_order() {
        for count in [0, 3, 15, 16, 17, 40] {
            let (lot, seed) = lot(count);
            let front = lot.urn().front(&seed, &ADAPTER);
            let (kept, drawn) = (lot.draw(seed, ADAPTER, Some(&front)), lot.draw(seed, ADAPTER, None));
            let all: Vec<RowAt> = drawn.iter().collect();
            assert_eq!(all.len(), usize::from(count));
            assert_eq!(kept.iter().collect::<Vec<_>>(), all);
            for first in [0, 1, 15, 16, 17, 100] {
                assert_eq!(kept.first(first), &all[..first.min(all.len())], "{first} of {count}");
                assert_eq!(drawn.first(first), kept.first(first));
            }
            for (place, row) in all.iter().enumerate() {
                let who = lot.person(*row);
                assert_eq!((kept.place(who), drawn.place(who)), (Some(place), Some(place)));
                assert!(kept.is_among(who, place + 1) && !kept.is_among(who, place));
            }
        }
    }
}
