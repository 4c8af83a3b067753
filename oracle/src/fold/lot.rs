//! Draws from one snapshot: what every task of it needs is worked out once.

use liaise_ledger::draw::{self, Seed, SeedParts};
use liaise_ledger::eligibility::Eligibility;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::{Hash, beacon::RoundSignature, body::Ticket};

use super::people::{People, Person};

/// A node's place among a snapshot's rows.
pub type RowAt = u32;
/// Nobody's.
const NO_ROW: RowAt = RowAt::MAX;

/// A snapshot, ready for draws.
pub struct Lot {
    snapshot: Eligibility,
    root: Hash,
    /// `H` of each row's account.
    hashes: Vec<Hash>,
    /// Whose each row is.
    people: Vec<Person>,
    /// The row of each person.
    row_of: Vec<RowAt>,
    /// Unproven nodes judge too.
    unproven_judge: bool,
}

/// The draw of a task.
pub struct Draw {
    /// The task's randomness.
    pub seed: Seed,
    /// Rows, first drawn first.
    pub order: Vec<usize>,
}

impl Lot {
    /// Prepares a snapshot whose accounts all have numbers.
    pub fn new(genesis: &Genesis, snapshot: Eligibility, people: &People) -> Lot {
        let numbers: Vec<Person> = snapshot.rows().iter().map(|row| people.number(&row.account)).collect();
        let mut row_of = vec![NO_ROW; people.len()];
        for (row, person) in (0..).zip(&numbers) {
            row_of[*person as usize] = row;
        }
        Lot {
            root: snapshot.root(),
            hashes: snapshot.rows().iter().map(|row| row.account.hash()).collect(),
            unproven_judge: snapshot.unproven_judge(&genesis.parameters),
            people: numbers,
            row_of,
            snapshot,
        }
    }

    /// Draws a ticket of a message with that digest. `signature` is the verified one of its round.
    pub fn draw(
        &self,
        genesis: &Genesis,
        network: Hash,
        id: Hash,
        ticket: &Ticket,
        signature: &RoundSignature,
    ) -> Draw {
        let parts = SeedParts {
            network,
            chain_hash: genesis.beacon.chain_hash,
            round: ticket.round,
            signature,
            ticket: id,
            eligibility: self.root,
        };
        let seed = parts.seed();
        Draw { order: draw::order_of(&seed, self.snapshot.rows(), &self.hashes, &ticket.adapter), seed }
    }

    /// Whose a row is.
    pub fn person(&self, row: usize) -> Person {
        self.people[row]
    }

    /// Somebody's place in an order.
    pub fn place(&self, order: &[usize], who: Person) -> Option<usize> {
        let row = self.row(who)?;
        order.iter().position(|drawn| *drawn == row)
    }

    /// Whether somebody may judge, and audit.
    pub fn may_judge(&self, who: Person) -> bool {
        self.row(who).is_some_and(|row| self.snapshot.rows()[row].proven || self.unproven_judge)
    }

    fn row(&self, who: Person) -> Option<usize> {
        Some(self.row_of[who as usize]).filter(|row| *row != NO_ROW).map(|row| row as usize)
    }
}
