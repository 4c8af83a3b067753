//! Which keys may sign for which account, as the ledger's sessions say.

use std::collections::BTreeMap;

use liaise_ledger::genesis::Genesis;
use liaise_ledger::session::{Revocation, Scope, Session, SessionGrant, SessionOutcome};
use liaise_ledger::{Account, Author, Body, Hash, Verified};

use super::state::{AccountState, SessionState};

/// What a message's key means for its observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// No session is asked for.
    Free,
    /// A session is known; the message counts from its observation at the earliest. Milliseconds since 1970.
    From(u64),
    /// A delegation: what waits for its author and key can be tried again.
    Opens(Hash),
    /// No session of the author with this key is known: the message waits for one as it does for a parent.
    Waits(Hash),
}

/// The sessions of all accounts while a seal is observed.
#[derive(Clone, Debug, Default)]
pub struct Sessions(BTreeMap<Account, Vec<SessionState>>);

impl Sessions {
    /// Those of a state's accounts.
    pub fn of(accounts: &BTreeMap<Account, AccountState>) -> Sessions {
        let some = accounts.iter().filter(|(_, state)| !state.sessions.is_empty());
        Sessions(some.map(|(account, state)| (account.clone(), state.sessions.clone())).collect())
    }

    /// Puts them back, without those that ended before `since_ms`.
    pub fn write(self, accounts: &mut BTreeMap<Account, AccountState>, since_ms: u64) {
        for (account, mut sessions) in self.0 {
            sessions.retain(|session| session.until_ms >= since_ms);
            accounts.entry(account).or_default().sessions = sessions;
        }
    }

    fn find(&self, account: &Account, key: &[u8]) -> Option<&SessionState> {
        self.0.get(account)?.iter().find(|session| session.key.0 == key)
    }

    /// Decides about a message that is observed at `at_ms`, and takes in what a `session` message says. One that does not
    /// verify is observed and means nothing. The order of two messages of one seal does not matter.
    pub fn admit(&mut self, genesis: &Genesis, message: &Verified, at_ms: u64) -> Admission {
        let Author::Account(account) = &message.message.author else { return Admission::Free };
        let key = &message.message.key;
        if let Body::Session(body) = &message.message.body {
            return match Session::check(body, &message.message.author, key, genesis) {
                Ok(SessionOutcome::Grant(grant)) if message.message.seq == 0 => {
                    self.grant(grant, message, at_ms);
                    Admission::Opens(waiting(account, key))
                }
                Ok(SessionOutcome::Revocation(revocation)) => {
                    self.revoke(revocation, message, at_ms);
                    Admission::Free
                }
                Ok(SessionOutcome::Grant(_)) | Err(_) => Admission::Free,
            };
        }
        match self.find(account, key).filter(|session| is_granted(session)) {
            Some(session) => Admission::From(session.from_ms),
            None => Admission::Waits(waiting(account, key)),
        }
    }

    /// The first session of an account and key stands. A revocation that is known already ends it where it would have.
    fn grant(&mut self, grant: SessionGrant, message: &Verified, at_ms: u64) {
        let fresh = SessionState {
            key: Hash(grant.key),
            message: message.id,
            from_ms: at_ms,
            prompt: grant.scopes.prompt,
            work: grant.scopes.work,
            until_ms: grant.expires_ms,
        };
        let sessions = self.0.entry(grant.account).or_default();
        match sessions.binary_search_by(|known| known.key.cmp(&fresh.key)) {
            Ok(i) if is_granted(&sessions[i]) => {}
            Ok(i) => sessions[i] = SessionState { until_ms: fresh.until_ms.min(sessions[i].until_ms), ..fresh },
            Err(i) => sessions.insert(i, fresh),
        }
    }

    /// Ends a session at the revocation's observation, also one that is not known yet.
    fn revoke(&mut self, revocation: Revocation, message: &Verified, at_ms: u64) {
        let key = Hash(revocation.key);
        let sessions = self.0.entry(revocation.account).or_default();
        match sessions.binary_search_by(|known| known.key.cmp(&key)) {
            Ok(i) => sessions[i].until_ms = sessions[i].until_ms.min(at_ms),
            Err(i) => {
                let (prompt, work) = (false, false);
                let ended = SessionState { key, message: message.id, from_ms: at_ms, prompt, work, until_ms: at_ms };
                sessions.insert(i, ended);
            }
        }
    }

    /// Whether a message that was observed at `at_ms` was signed by a key that might say such a thing then.
    pub fn allow(&self, message: &Verified, at_ms: u64) -> bool {
        let Author::Account(account) = &message.message.author else { return true };
        let Some(scope) = Scope::needed_by(&message.message.body) else { return true };
        let session = self.find(account, &message.message.key);
        session.is_some_and(|session| {
            let in_scope = match scope {
                Scope::Prompt => session.prompt,
                Scope::Work => session.work,
            };
            in_scope && at_ms < session.until_ms
        })
    }
}

/// Whether a wallet has delegated to the key; otherwise only a revocation is known.
fn is_granted(session: &SessionState) -> bool {
    session.prompt || session.work
}

fn waiting(account: &Account, key: &[u8]) -> Hash {
    Hash::of(&[account.as_str().as_bytes(), b"\0", key])
}
