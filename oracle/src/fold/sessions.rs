//! Which keys may sign for which account, as the ledger's sessions say.

use std::collections::BTreeSet;

use liaise_ledger::Hash;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::session::{Revocation, Scope, SessionGrant, SessionOutcome};

use super::book::Entry;
use super::fact::{Fact, Says};
use super::people::{NOBODY, People, Person};
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
#[derive(Default)]
pub struct Sessions {
    revoked: BTreeSet<Person>,
}

fn find<'p>(people: &'p People, who: Person, key: &[u8]) -> Option<&'p SessionState> {
    people.state(who).sessions.iter().find(|session| session.key.0 == key)
}

impl Sessions {
    /// Decides about a message that is observed at `at_ms`, and takes in what a `session` message says. One that does not
    /// verify is observed and means nothing. The order of two messages of one seal does not matter.
    pub fn admit(
        &mut self,
        genesis: &Genesis,
        people: &mut People,
        who: Person,
        entry: &Entry<'_>,
        at_ms: u64,
    ) -> Admission {
        let fact = entry.fact.expect("it is at hand");
        if who == NOBODY {
            return Admission::Free;
        }
        if let Says::Session(..) = &fact.says {
            return match fact.session(genesis) {
                Some(SessionOutcome::Grant(grant)) if fact.seq == 0 => {
                    take_grant(people, who, grant, entry, at_ms);
                    Admission::Opens
                }
                Some(SessionOutcome::Revocation(revocation)) => {
                    self.revoked.insert(who);
                    revoke(people, who, revocation, entry, at_ms);
                    Admission::Free
                }
                Some(SessionOutcome::Grant(_)) | None => Admission::Free,
            };
        }
        match find(people, who, &fact.key).filter(|session| is_granted(session)) {
            Some(session) => Admission::From(session.from_ms),
            None => Admission::Waits,
        }
    }

    /// Whether a key of somebody was revoked at this seal.
    pub fn is_revoked(&self, who: Person) -> bool {
        self.revoked.contains(&who)
    }

    /// Whether a message that was observed at `at_ms` was signed by a key that might say such a thing then.
    pub fn allow(&self, people: &People, who: Person, fact: &Fact, at_ms: u64) -> bool {
        let Some(scope) = fact.scope.filter(|_| who != NOBODY) else { return true };
        find(people, who, &fact.key).is_some_and(|session| {
            let in_scope = match scope {
                Scope::Prompt => session.prompt,
                Scope::Work => session.work,
            };
            in_scope && at_ms < session.until_ms
        })
    }
}

/// The first session of an account and key stands. A revocation that is known already ends it where it would have.
fn take_grant(people: &mut People, who: Person, grant: &SessionGrant, entry: &Entry<'_>, at_ms: u64) {
    let fresh = SessionState {
        key: Hash(grant.key),
        message: entry.cid(),
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
fn revoke(people: &mut People, who: Person, revocation: &Revocation, entry: &Entry<'_>, at_ms: u64) {
    let key = Hash(revocation.key);
    let sessions = &mut people.state_mut(who).sessions;
    match sessions.binary_search_by(|known| known.key.cmp(&key)) {
        Ok(i) => sessions[i].until_ms = sessions[i].until_ms.min(at_ms),
        Err(i) => {
            let (prompt, work) = (false, false);
            let message = entry.cid();
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
