//! Draws worked out when their tickets' rounds come, so that the close of an epoch finds them: each hashes every node.

use super::OracleError;
use crate::beacon::load_round;
use crate::blocking::blocking;
use crate::replica::Replica;
use cid::Cid;
use liaise_ledger::body::{Body, Ticket};
use liaise_ledger::{EpochNumber, Hash};
use liaise_oracle::fold::{FoldState, GENESIS, TICKET_ROUNDS, Urn, keep_draw, snapshots};
use liaise_store::{Store, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tickets taken in at once.
const AT_ONCE: usize = 10_000;

/// Tickets whose rounds have not come. What came before the program started is drawn at the close.
pub struct Draws {
    replica: Replica,
    /// The newest ticket's place in the order of arrival; null before the first pass.
    after: Option<u64>,
    waiting: BTreeMap<u64, Vec<(Hash, Ticket)>>,
    /// The snapshots that tickets may name after an epoch, ready for draws.
    urns: Option<(EpochNumber, Arc<BTreeMap<EpochNumber, Urn>>)>,
}

impl Draws {
    /// Nothing drawn yet.
    pub fn new(replica: Replica) -> Draws {
        Draws { replica, after: None, waiting: BTreeMap::new(), urns: None }
    }

    /// Draws the tickets whose rounds have come under the snapshots that a state knows.
    ///
    /// # Errors
    /// The store failed, or no round can be had. What was not drawn is drawn at the next pass, or at the close.
    pub async fn pass(&mut self, state: &FoldState) -> Result<(), OracleError> {
        let (store, genesis) = (self.replica.store.clone(), self.replica.genesis.clone());
        let after = match self.after {
            Some(after) => after,
            None => store.head()?,
        };
        let (tickets, after) = blocking(move || arrived(&store, after)).await?;
        self.after = Some(after);
        for (id, ticket) in tickets {
            self.waiting.entry(ticket.round).or_default().push((id, ticket));
        }
        let now = genesis.round_at(self.replica.calendar.wall_ms());
        let later = self.waiting.split_off(&now.saturating_add(1));
        let due = std::mem::replace(&mut self.waiting, later);
        if due.is_empty() {
            return Ok(());
        }
        let rounds: Vec<u64> = due.keys().copied().collect();
        let fetched = self.replica.fetch_rounds(&rounds).await;
        let (replica, urns) = (self.replica.clone(), self.urns(state));
        let left = blocking(move || draw(&replica, &urns, due)).await?;
        self.waiting.extend(left.into_iter().filter(|(round, _)| round.saturating_add(TICKET_ROUNDS) > now));
        Ok(fetched?)
    }

    fn urns(&mut self, state: &FoldState) -> Arc<BTreeMap<EpochNumber, Urn>> {
        if let Some((_, urns)) = self.urns.as_ref().filter(|(epoch, _)| *epoch == state.epoch) {
            return urns.clone();
        }
        let snapshots = snapshots(&self.replica.genesis, state).into_iter();
        let urns = Arc::new(snapshots.map(|(epoch, snapshot)| (epoch, Urn::new(snapshot))).collect());
        self.urns = Some((state.epoch, Arc::clone(&urns)));
        urns
    }
}

/// The tickets that arrived after a place, and the newest one's place.
fn arrived(store: &Store, after: u64) -> Result<(Vec<(Hash, Ticket)>, u64), StoreError> {
    let ids: Vec<Cid> = store.kind_after("ticket", after, AT_ONCE)?;
    let newest = ids.last().map(|id| store.position(id)).transpose()?.flatten().unwrap_or(after);
    let mut tickets = Vec::with_capacity(ids.len());
    for id in ids {
        if let (Some(digest), Some(message)) = (Hash::from_cid(&id), store.load(&id)?)
            && let Body::Ticket(ticket) = message.message.body
        {
            tickets.push((digest, ticket));
        }
    }
    Ok((tickets, newest))
}

/// Draws tickets and keeps their draws; returns those whose round is not here.
fn draw(
    replica: &Replica,
    urns: &BTreeMap<EpochNumber, Urn>,
    due: BTreeMap<u64, Vec<(Hash, Ticket)>>,
) -> Result<BTreeMap<u64, Vec<(Hash, Ticket)>>, StoreError> {
    let mut left = BTreeMap::new();
    for (round, tickets) in due {
        let Some(signature) = load_round(&replica.store, round)? else {
            left.insert(round, tickets);
            continue;
        };
        for (id, ticket) in tickets {
            // A ticket of a snapshot that is not known counts for nothing, or its epoch is folded later.
            let Some(urn) = urns.get(&ticket.snapshot.max(GENESIS)) else { continue };
            let kept = urn.draw(&replica.genesis, replica.network, id, &ticket, &signature);
            keep_draw(&replica.store, &id, &kept)?;
        }
    }
    Ok(left)
}
