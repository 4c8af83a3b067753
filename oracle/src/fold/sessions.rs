//! Which keys may sign for which account, as the ledger's sessions say.

use std::collections::BTreeMap;

use liaise_ledger::genesis::Genesis;
use liaise_ledger::session::{Scope, Session, SessionOutcome};
use liaise_ledger::{Account, Author, Body, Hash, Verified};

use super::state::{AccountState, SessionState};

/// What a message's key means for its observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// No session is asked for.
    Free,
    /// A session is known; the message counts from its observation at the earliest. Milliseconds since 1970.
    From(u64),
    /// A `session` message: what waits for its author and key can be tried again.
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
    /// verify is observed and means nothing.
    pub fn admit(&mut self, genesis: &Genesis, message: &Verified, at_ms: u64) -> Admission {
        let Author::Account(account) = &message.message.author else { return Admission::Free };
        let key = &message.message.key;
        if let Body::Session(body) = &message.message.body {
            let outcome = Session::check(body, &message.message.author, key, genesis);
            return match outcome {
                Ok(outcome) => {
                    self.take(outcome, message, at_ms);
                    Admission::Opens(waiting(account, key))
                }
                Err(_) => Admission::Free,
            };
        }
        match self.find(account, key) {
            Some(session) => Admission::From(session.from_ms),
            None => Admission::Waits(waiting(account, key)),
        }
    }

    /// The first session of an account and key stands; a revocation ends it, or keeps one from ever being.
    fn take(&mut self, outcome: SessionOutcome, message: &Verified, at_ms: u64) {
        let (account, fresh) = match outcome {
            SessionOutcome::Grant(grant) => (
                grant.account,
                SessionState {
                    key: Hash(grant.key),
                    message: message.id,
                    from_ms: at_ms,
                    prompt: grant.scopes.prompt,
                    work: grant.scopes.work,
                    until_ms: grant.expires_ms,
                },
            ),
            SessionOutcome::Revocation(revocation) => (
                revocation.account,
                SessionState {
                    key: Hash(revocation.key),
                    message: message.id,
                    from_ms: at_ms,
                    prompt: false,
                    work: false,
                    until_ms: at_ms,
                },
            ),
        };
        let sessions = self.0.entry(account).or_default();
        match sessions.binary_search_by(|known| known.key.cmp(&fresh.key)) {
            Ok(i) if !fresh.prompt && !fresh.work => sessions[i].until_ms = sessions[i].until_ms.min(at_ms),
            Ok(_) => {}
            Err(i) => sessions.insert(i, fresh),
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

fn waiting(account: &Account, key: &[u8]) -> Hash {
    Hash::of(&[account.as_str().as_bytes(), b"\0", key])
}
