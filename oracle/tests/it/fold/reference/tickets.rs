//! Section 6: tickets, and the roots of tasks that use them.

use std::collections::BTreeMap;

use cid::Cid;
use liaise_ledger::Account;
use liaise_ledger::body::{Body, Ticket};

use super::{Fault, Mutant, Reference, author_of};

impl Reference<'_> {
    /// Section 6, in the order of observation: tickets, and the prompts that use them.
    pub(super) fn judge_roots(&mut self, fresh: &[(u64, Cid)]) {
        for (at_ms, id) in fresh {
            if self.counts(id).is_none() {
                continue;
            }
            let message = self.messages[id].clone();
            let Some(account) = author_of(&message) else { continue };
            let good = match &message.message.body {
                Body::Ticket(ticket) => self.is_good_ticket(id, account, ticket, *at_ms),
                Body::Prompt(prompt) => self.uses(id, account, &prompt.ticket, *at_ms),
                Body::RetrievalAdd(add) => {
                    let may = self.genesis.curators.keys.contains(account) || self.is(Mutant::AddedByAnybody);
                    may && self.uses(id, account, &add.ticket, *at_ms)
                }
                Body::RetrievalRemove(_) => self.genesis.curators.keys.contains(account),
                _ => true,
            };
            if !good {
                self.observed.get_mut(id).unwrap().fault = Some(Fault::Rule);
            }
        }
    }

    /// Whether a root may use a ticket; then it has.
    fn uses(&mut self, id: &Cid, account: &Account, ticket: &Cid, at_ms: u64) -> bool {
        let may = self.is_good_root(account, ticket, at_ms);
        if may {
            self.used.insert(*ticket, *id);
        }
        may
    }

    fn is_used(&self, ticket: &Cid) -> bool {
        self.used.get(ticket).is_some_and(|root| self.counts(root).is_some())
    }

    fn is_good_ticket(&self, id: &Cid, account: &Account, ticket: &Ticket, at_ms: u64) -> bool {
        let epoch = self.observed[id].epoch;
        let owner_of_it = self.as_one(account, Mutant::TicketsAlone);
        let mut open = 0;
        for (other, observed) in &self.observed {
            let Some((owner, terms)) = self.ticket(other) else { continue };
            let before = (observed.at_ms, other) < (at_ms, id);
            let counts = observed.fault.is_none() && !self.is_used(other) && !self.closed.contains(other);
            if before && owner_of_it.contains(owner) && counts {
                open += u64::from(self.ticket_end_ms(terms) > at_ms);
            }
        }
        at_ms + 1_000 <= self.round_ms(ticket.round)
            && ticket.round <= self.newest_round(at_ms) + 200
            && epoch - 4 <= ticket.snapshot
            && ticket.snapshot < epoch
            && self.decreed.certified(&ticket.adapter, epoch)
            && open < self.genesis.parameters.tickets_open
    }

    fn is_good_root(&self, account: &Account, ticket: &Cid, at_ms: u64) -> bool {
        let Some((owner, terms)) = self.ticket(ticket) else { return false };
        let is_over = self.is_used(ticket) || self.closed.contains(ticket) || at_ms > self.ticket_end_ms(terms);
        self.counts(ticket).is_some() && owner == account && !is_over
    }

    /// Tickets that were used in the epoch or before, or had ended by its end, join their users' closed ones.
    pub(super) fn close_tickets(&mut self, epoch: i64) {
        let mut closing = BTreeMap::new();
        for (id, observed) in &self.observed {
            let Some((owner, terms)) = self.ticket(id) else { continue };
            if observed.fault.is_some() || self.closed.contains(id) {
                continue;
            }
            let used = self.is_used(id) && self.observed[&self.used[id]].epoch <= epoch;
            if used || self.ticket_end_ms(terms) <= self.end_ms(epoch) {
                closing.insert((observed.at_ms, *id), (owner.clone(), used));
            }
        }
        self.closing.clear();
        for ((_, id), (owner, used)) in closing {
            self.closed.insert(id);
            self.closing.insert(owner.clone());
            self.tickets.entry(owner).or_default().push(used);
        }
    }

    /// Whether each of the last 50 closed tickets of everybody was used.
    pub(super) fn last_tickets(&self) -> BTreeMap<Account, Vec<bool>> {
        let last = |closed: &Vec<bool>| closed[closed.len().saturating_sub(50)..].to_vec();
        self.tickets.iter().map(|(user, closed)| (user.clone(), last(closed))).collect()
    }

    /// used‰ of a user: of its last 50 closed tickets.
    pub(super) fn used_permille(&self, user: &Account) -> u64 {
        let all = self.last_tickets();
        let own = self.as_one(user, Mutant::HistoriesAlone);
        let last: Vec<bool> = own.iter().filter_map(|one| all.get(one)).flatten().copied().collect();
        if last.is_empty() {
            1_000
        } else {
            1_000 * last.iter().filter(|used| **used).count() as u64 / last.len() as u64
        }
    }
}
