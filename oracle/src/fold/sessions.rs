//! Which keys may sign for which account, as the ledger's sessions say.

use std::collections::{BTreeMap, BTreeSet};

use cid::Cid;
use liaise_ledger::Hash;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::session::{Revocation, Scope, SessionGrant, SessionOutcome};

use super::book::Book;
use super::fact::{Delegation, Kind};
use super::part::Place;
use super::people::{NOBODY, People, Person};
use super::said::Said;
use super::state::SessionState;

/// What a message's key means for its observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// No session is asked for.
    Free,
    /// A session is known; the message counts from its observation at the earliest. Milliseconds since 1970.
    From(u64),
    /// A delegation: what waits for its author and key can be tried again.
    Opens,
    /// No session of the author with this key is known: the message waits for one as it does for a parent.
    Waits,
}

/// What a seal changes about sessions; they themselves stand with their accounts.
pub struct Sessions {
    revoked: BTreeSet<Person>,
    /// Of the delegations of one account and key that wait for their observation the lowest id, where there are several:
    /// whichever comes first, two oracles take the same.
    chosen: BTreeMap<(Person, Hash), Place>,
}

fn find<'p>(people: &'p People, who: Person, key: &Hash) -> Option<&'p SessionState> {
    people.state(who).sessions.iter().find(|session| session.key == *key)
}

/// What a message delegates, if it does and may.
fn grant<'b>(genesis: &Genesis, delegation: &'b Delegation, is_first: bool) -> Option<&'b SessionGrant> {
    match delegation.outcome(genesis) {
        Some(SessionOutcome::Grant(grant)) if is_first => Some(grant),
        _ => None,
    }
}

impl Sessions {
    /// Before anything of a seal is observed.
    pub fn of(genesis: &Genesis, book: &Book<'_>) -> Sessions {
        let mut chosen: BTreeMap<(Person, Hash), Place> = BTreeMap::new();
        for place in book.places().filter(|place| book.at_ms(*place).is_none()) {
            let Some(row) = book.row(place) else { continue };
            if row.kind() == Kind::Session
                && let Said::Session(delegation) = book.content(row)
                && let Some(grant) = grant(genesis, delegation, row.is_first)
            {
                let best = chosen.entry((book.at(place).who, Hash(grant.key))).or_insert(place);
                if book.id(place) < book.id(*best) {
                    *best = place;
                }
            }
        }
        Sessions { revoked: BTreeSet::new(), chosen }
    }

    /// Decides about a message that is observed at `at_ms`, and takes in what a `session` message says. One that does not
    /// verify is observed and means nothing. The order of two messages of one seal does not matter.
    pub fn admit(
        &mut self,
        genesis: &Genesis,
        people: &mut People,
        book: &Book<'_>,
        place: Place,
        at_ms: u64,
    ) -> Admission {
        let (row, who) = (book.row(place).expect("it is at hand"), book.at(place).who);
        // What links says is the wallets' word, whatever key signs the message.
        if who == NOBODY || row.kind() == Kind::Link {
            return Admission::Free;
        }
        if row.kind() == Kind::Session
            && let Said::Session(delegation) = book.content(row)
        {
            if let Some(grant) = grant(genesis, delegation, row.is_first) {
                if self.chosen.get(&(who, Hash(grant.key))) == Some(&place) {
                    take_grant(people, who, grant, book.cid(place), at_ms);
                    return Admission::Opens;
                }
            } else if let Some(SessionOutcome::Revocation(revocation)) = delegation.outcome(genesis) {
                self.revoked.insert(who);
                revoke(people, who, revocation, book.cid(place), at_ms);
            }
            return Admission::Free;
        }
        match find(people, who, book.key(row)).filter(|session| is_granted(session)) {
            Some(session) => Admission::From(session.from_ms),
            None => Admission::Waits,
        }
    }

    /// Whether a key of somebody was revoked at this seal.
    pub fn is_revoked(&self, who: Person) -> bool {
        self.revoked.contains(&who)
    }

    /// Whether a message of a scope that was observed at `at_ms` was signed by a key that might say such a thing then.
    pub fn allow(&self, people: &People, who: Person, scope: Option<Scope>, key: &Hash, at_ms: u64) -> bool {
        let Some(scope) = scope.filter(|_| who != NOBODY) else { return true };
        find(people, who, key).is_some_and(|session| {
            let in_scope = match scope {
                Scope::Prompt => session.prompt,
                Scope::Work => session.work,
            };
            in_scope && at_ms < session.until_ms
        })
    }
}

/// The first session of an account and key stands. A revocation that is known already ends it where it would have.
fn take_grant(people: &mut People, who: Person, grant: &SessionGrant, message: Cid, at_ms: u64) {
    let fresh = SessionState {
        key: Hash(grant.key),
        message,
        from_ms: at_ms,
        prompt: grant.scopes.prompt,
        work: grant.scopes.work,
        until_ms: grant.expires_ms,
    };
    let sessions = &mut people.state_mut(who).sessions;
    match sessions.binary_search_by(|known| known.key.cmp(&fresh.key)) {
        Ok(i) if is_granted(&sessions[i]) => {}
        Ok(i) => sessions[i] = SessionState { until_ms: fresh.until_ms.min(sessions[i].until_ms), ..fresh },
        Err(i) => sessions.insert(i, fresh),
    }
}

/// Ends a session at the revocation's observation, also one that is not known yet.
fn revoke(people: &mut People, who: Person, revocation: &Revocation, message: Cid, at_ms: u64) {
    let key = Hash(revocation.key);
    let sessions = &mut people.state_mut(who).sessions;
    match sessions.binary_search_by(|known| known.key.cmp(&key)) {
        Ok(i) => {
            let known = &mut sessions[i];
            known.until_ms = known.until_ms.min(at_ms);
            // Of several revocations before the delegation the first is named.
            if !is_granted(known) && (at_ms, message) < (known.from_ms, known.message) {
                (known.from_ms, known.message) = (at_ms, message);
            }
        }
        Err(i) => {
            let (prompt, work) = (false, false);
            sessions.insert(i, SessionState { key, message, from_ms: at_ms, prompt, work, until_ms: at_ms });
        }
    }
}

/// Forgets the sessions that ended before a time, milliseconds since 1970.
pub fn forget_ended(people: &mut People, since_ms: u64) {
    for state in people.known_mut() {
        state.sessions.retain(|session| session.until_ms >= since_ms);
    }
}

/// Whether a wallet has delegated to the key; otherwise only a revocation is known.
fn is_granted(session: &SessionState) -> bool {
    session.prompt || session.work
}
