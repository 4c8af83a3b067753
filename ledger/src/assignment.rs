//! Who was drawn for a ticket, recomputed from the ledger alone.

use crate::account::Account;
use crate::beacon::{BeaconError, RoundSignature};
use crate::body::{Body, Ticket};
use crate::draw::{self, Seed, SeedParts};
use crate::eligibility::{Eligibility, Row};
use crate::genesis::Genesis;
use crate::hash::Hash;
use crate::message::Verified;
use cid::Cid;

/// The draw of one ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The ticket's id.
    pub ticket: Cid,
    /// What it names: round, snapshot, adapter, most units.
    pub terms: Ticket,
    /// The round's signature.
    pub signature: RoundSignature,
    /// Root of the snapshot that it names.
    pub eligibility: Hash,
    /// The task's randomness.
    pub seed: Seed,
    /// Indices into the snapshot's rows, first drawn first.
    pub order: Vec<usize>,
}

/// Why an assignment can't be computed.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssignmentError {
    /// The message is no ticket.
    #[error("ticket: message {0} is a {1}, not a ticket")]
    NotATicket(Cid, &'static str),
    /// The round's signature is wrong.
    #[error(transparent)]
    Beacon(#[from] BeaconError),
}

impl Assignment {
    /// Draws a ticket: verifies the round's signature, then orders the rows of the snapshot that the ticket names.
    ///
    /// The caller passes the snapshot of epoch `terms.snapshot`, and has verified the ticket's message.
    ///
    /// # Errors
    /// The message is no ticket, or the signature is not the beacon's for the ticket's round.
    pub fn compute(
        genesis: &Genesis,
        ticket: &Verified,
        signature: &RoundSignature,
        snapshot: &Eligibility,
    ) -> Result<Assignment, AssignmentError> {
        let Body::Ticket(terms) = &ticket.message.body else {
            return Err(AssignmentError::NotATicket(ticket.id, ticket.message.body.kind()));
        };
        genesis.beacon.verify_round(terms.round, signature)?;
        let eligibility = snapshot.root();
        let seed = SeedParts {
            network: ticket.message.network,
            chain_hash: genesis.beacon.chain_hash,
            round: terms.round,
            signature,
            ticket: Hash::of(&[&ticket.signed.block]),
            eligibility,
        }
        .seed();
        let order = draw::order(&seed, snapshot.rows(), &terms.adapter);
        Ok(Assignment { ticket: ticket.id, terms: terms.clone(), signature: *signature, eligibility, seed, order })
    }

    /// The rows in the order of the draw.
    pub fn rows<'a>(&'a self, snapshot: &'a Eligibility) -> impl Iterator<Item = &'a Row> {
        self.order.iter().map(|i| &snapshot.rows()[*i])
    }

    /// An account's place in the order, 0 for the first.
    pub fn place(&self, snapshot: &Eligibility, account: &Account) -> Option<usize> {
        self.rows(snapshot).position(|row| row.account == *account)
    }
}
