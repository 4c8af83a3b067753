//! Section 5: what is forgotten, and when.

use std::collections::BTreeSet;

use cid::Cid;
use liaise_ledger::body::Body;

use super::{Mutant, Reference};

/// Epochs that a message is waited for, and remembered when it is done with.
const WINDOW: i64 = 8;
/// How long a session is known after its end: two days.
const SESSION_MS: u64 = 172_800_000;

impl Reference<'_> {
    /// Sessions that ended two days before an epoch's end. What their keys say later waits for a new session.
    pub(super) fn forget_sessions(&mut self, epoch: i64) {
        let memory_ms = match self.mutant {
            Some(Mutant::SessionsNeverForgotten) => return,
            Some(Mutant::SessionsForgottenAtOnce) => 0,
            _ => SESSION_MS,
        };
        let since_ms = self.end_ms(epoch).saturating_sub(memory_ms);
        let revoked = self.revoked.clone();
        self.sessions.retain(|key, (.., until_ms)| {
            let end_ms = revoked.get(key).map_or(*until_ms, |revoked_ms| (*until_ms).min(*revoked_ms));
            end_ms >= since_ms
        });
        self.revoked.retain(|_, end_ms| *end_ms >= since_ms);
    }

    /// Whether what is done with is still known when a seal is folded.
    pub(super) fn is_remembered(&self, id: &Cid, seal: i64) -> bool {
        let window = match self.mutant {
            Some(Mutant::DoneNeverForgotten) => return true,
            Some(Mutant::DoneForgottenSooner) => WINDOW - 1,
            _ => WINDOW,
        };
        self.done.get(id).is_none_or(|done| done + window >= seal)
    }

    /// After a seal: what it leaves done with, and what was waited for too long, which its receipts are forgotten with.
    pub(super) fn forget(&mut self, seal: i64) {
        let open = self.open(seal);
        let left: Vec<Cid> = self.observed.keys().filter(|id| !open.contains(id)).copied().collect();
        for id in left {
            self.done.entry(id).or_insert(seal);
        }
        let window = if self.is(Mutant::WaitsLonger) { WINDOW + 1 } else { WINDOW };
        for (id, words) in &self.words {
            if self.observed.contains_key(id) {
                continue;
            }
            let since = *self.since.entry(*id).or_insert(seal);
            if since + window <= seal {
                self.since.remove(id);
                let places = self.dropped.entry(*id).or_default();
                places.extend(words.iter().map(|(store, word)| (*store, word.place)));
            }
        }
    }

    /// The observed messages that the next epoch still needs.
    fn open(&self, seal: i64) -> BTreeSet<Cid> {
        let roots: BTreeSet<Cid> =
            self.roots().into_iter().filter(|(.., due)| *due > seal).map(|(root, ..)| root).collect();
        let tickets: BTreeSet<Cid> = roots.iter().filter_map(|root| self.ticket_of(root)).collect();
        let is_open = |id: &Cid| {
            let (observed, message) = (&self.observed[id], &self.messages[id].message);
            let needed = match &message.body {
                Body::Ticket(_) => !self.closed.contains(id) || tickets.contains(id),
                Body::Decree(_) => self.decreed.waiting.contains(id),
                _ => roots.contains(id) || message.task.is_some_and(|task| roots.contains(&task)),
            };
            observed.epoch > seal || observed.fault.is_none() && needed
        };
        self.observed.keys().filter(|id| !self.done.contains_key(id) && is_open(id)).copied().collect()
    }
}
