//! Draws: the order of a ticket, as soon as its round is published. The prompt never waits for it.

use super::board::Drawn;
use super::{WorkError, Worker, lock};
use crate::beacon::fetch_round;
use crate::blocking::blocking;
use cid::Cid;
use liaise_ledger::Verified;
use liaise_ledger::assignment::Assignment;
use liaise_ledger::body::Ticket;
use liaise_ledger::draw::Seed;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::OnceCell;

type Draw = Arc<OnceCell<Option<(Vec<Drawn>, Seed)>>>;

/// Draws by ticket.
pub struct Draws {
    worker: Arc<Worker>,
    known: Mutex<BTreeMap<Cid, Draw>>,
}

/// Draws kept; the oldest ids go first, and can be drawn again.
const KEPT: usize = 4096;

impl Draws {
    /// No draws yet.
    pub fn new(worker: Arc<Worker>) -> Draws {
        Draws { worker, known: Mutex::default() }
    }

    /// Draws a ticket when its round comes, before its prompt does.
    pub fn prepare(&self, ticket: Cid, _terms: Ticket) {
        let (worker, cell) = (self.worker.clone(), self.cell(ticket));
        tokio::spawn(async move {
            if let Err(error) = cell.get_or_try_init(|| compute(&worker, ticket)).await {
                tracing::debug!(%error, %ticket, "no draw for a ticket yet");
            }
        });
    }

    /// The order of a ticket and its seed; `None` where this node serves nothing of it.
    ///
    /// # Errors
    /// The ticket, its round or its snapshot can't be had.
    pub async fn draw(&self, ticket: Cid) -> Result<Option<(Vec<Drawn>, Seed)>, WorkError> {
        let cell = self.cell(ticket);
        cell.get_or_try_init(|| compute(&self.worker, ticket)).await.cloned()
    }

    fn cell(&self, ticket: Cid) -> Draw {
        let mut known = lock(&self.known);
        if known.len() >= KEPT && !known.contains_key(&ticket) {
            known.pop_first();
        }
        known.entry(ticket).or_default().clone()
    }
}

async fn compute(worker: &Worker, id: Cid) -> Result<Option<(Vec<Drawn>, Seed)>, WorkError> {
    let replica = &worker.replica;
    let store = replica.store.clone();
    let signed = blocking(move || store.get(&id)).await?.ok_or(WorkError::Missing("the ticket", id))?;
    let ticket = Verified::check_stored(signed, replica.network).map_err(|_| WorkError::Missing("the ticket", id))?;
    let liaise_ledger::Body::Ticket(terms) = &ticket.message.body else {
        return Err(WorkError::Missing("the ticket", id));
    };
    if !worker.primitives.contains_key(&terms.adapter) {
        return Ok(None);
    }
    let signature = fetch_round(&replica.links, &replica.store, &replica.genesis, terms.round).await?;
    let snapshot = worker.library.eligibility(terms.snapshot).await?.ok_or(WorkError::Snapshot(terms.snapshot))?;
    let assignment = Assignment::compute(&replica.genesis, &ticket, &signature, &snapshot)
        .map_err(|_| WorkError::Missing("the draw", id))?;
    let parameters = &replica.genesis.parameters;
    let order = assignment
        .rows(&snapshot)
        .map(|row| Drawn { account: row.account.clone(), judges: snapshot.may_judge(row, parameters) })
        .collect();
    Ok(Some((order, assignment.seed)))
}
