//! Sessions: a wallet signs one text that delegates to a session key, or revokes one. Nothing here holds a wallet's key.
//!
//! The text is CAIP-122 ("sign in with X"; on EVM chains that is EIP-4361), so that wallets show it as a sign-in. It is
//! verified as the exact bytes that were signed: [`SessionText::parse`] accepts nothing that [`SessionText::render`]
//! would not write.

use crate::account::{Account, AccountError, Author};
use crate::body::{self, Body};
use crate::genesis::Genesis;
use crate::hash::Hash;

pub(crate) mod frame;
mod text;
mod time;
mod wallet;
pub use text::{GRANT_STATEMENT, Purpose, REVOKE_STATEMENT, SessionText};
pub use time::format as rfc3339;
pub use wallet::{bch_key_hash, eip191_hash, evm_address, signed_message_hash, verify_wallet};

/// What a session key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Ask: ticket, prompt, feedback, retrieval-add, retrieval-remove.
    Prompt,
    /// Answer and judge: capability, commit, result, verdict-commit, verdict.
    Work,
}

impl Scope {
    /// The name in the text.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Prompt => "prompt",
            Scope::Work => "work",
        }
    }

    /// The scope that a kind of message needs; `None` for kinds that no session signs, and for `session` and
    /// `link`, which wallets sign.
    pub fn needed_by(body: &Body) -> Option<Scope> {
        match body {
            Body::Ticket(_)
            | Body::Prompt(_)
            | Body::Feedback(_)
            | Body::RetrievalAdd(_)
            | Body::RetrievalRemove(_) => Some(Scope::Prompt),
            Body::Capability(_) | Body::Commit(_) | Body::Result(_) | Body::VerdictCommit(_) | Body::Verdict(_) => {
                Some(Scope::Work)
            }
            Body::Session(_) | Body::Link(_) | Body::Receipts(_) | Body::Seal(_) | Body::Vote(_) | Body::Decree(_) => {
                None
            }
        }
    }
}

/// The scopes of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Scopes {
    /// [`Scope::Prompt`].
    pub prompt: bool,
    /// [`Scope::Work`].
    pub work: bool,
}

impl Scopes {
    /// Both.
    pub const ALL: Scopes = Scopes { prompt: true, work: true };
    /// Asking only.
    pub const PROMPT: Scopes = Scopes { prompt: true, work: false };
    /// Working only.
    pub const WORK: Scopes = Scopes { prompt: false, work: true };

    /// Whether a scope is among them.
    pub fn contains(self, scope: Scope) -> bool {
        match scope {
            Scope::Prompt => self.prompt,
            Scope::Work => self.work,
        }
    }

    /// Whether a session with these scopes may sign this kind of message. `session` and `link` messages need no scope: the
    /// wallets' signatures within them decide.
    pub fn allow(self, body: &Body) -> bool {
        matches!(body, Body::Session(_) | Body::Link(_))
            || Scope::needed_by(body).is_some_and(|scope| self.contains(scope))
    }

    /// Those that are set, in their order in the text.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        [Scope::Prompt, Scope::Work].into_iter().filter(move |scope| self.contains(*scope))
    }
}

/// A key may sign for an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionGrant {
    /// The account that its messages speak for and that is paid.
    pub account: Account,
    /// The Ed25519 session key.
    pub key: [u8; 32],
    /// What it may do.
    pub scopes: Scopes,
    /// When the wallet signed, by the text.
    pub issued_ms: u64,
    /// From when on the key may sign nothing more.
    pub expires_ms: u64,
}

impl SessionGrant {
    /// Whether the key may sign this kind of message at a time in milliseconds since 1970.
    pub fn allows(&self, body: &Body, at_ms: u64) -> bool {
        self.scopes.allow(body) && at_ms < self.expires_ms
    }
}

/// An account takes a key's power back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The account.
    pub account: Account,
    /// The key that may sign nothing more for it.
    pub key: [u8; 32],
    /// When the wallet signed, by the text.
    pub issued_ms: u64,
}

/// What a `session` message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionOutcome {
    /// A delegation.
    Grant(SessionGrant),
    /// Its end.
    Revocation(Revocation),
}

/// Why a session text or a wallet's signature is refused.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionError {
    /// The text is not of the one form.
    #[error("text: line {line}: expected {expected}")]
    Text {
        /// The line, from 1.
        line: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// The text reads well, but its bytes are not the canonical ones.
    #[error("text: not the exact bytes of the form: use the text as the program writes it")]
    NotCanonical,
    /// The account in the text is malformed.
    #[error("text: {0}")]
    Account(#[from] AccountError),
    /// For another network.
    #[error("text: it is for {found}, not for {expected}")]
    ForeignNetwork {
        /// The text's domain and URI.
        found: String,
        /// This network's.
        expected: String,
    },
    /// The text's account is not the message's author.
    #[error("author: the text is for another account than the message's author")]
    ForeignAccount,
    /// The text's key is not the one that signs the message.
    #[error("key: the text delegates to another key than the one that signs the message")]
    ForeignKey,
    /// The account's chain is not one of this network's.
    #[error("author: chain {0} is not one of this network's")]
    ForeignChain(String),
    /// No scope, or it lives longer than allowed.
    #[error("text: it must end after it begins and at most {max_s} s later; it lives {found_s} s")]
    Lifetime {
        /// Seconds in the text; negative where it ends before it begins.
        found_s: i64,
        /// The parameter `session_max_s`.
        max_s: u64,
    },
    /// A signature that can't be one.
    #[error("signature: {0}")]
    SignatureForm(&'static str),
    /// It is not the wallet's.
    #[error("signature: it is not {account}'s over this text: sign the exact text with that account's wallet")]
    Signature {
        /// The account that should have signed.
        account: Account,
    },
}

/// Reads and verifies `session` messages.
pub struct Session;

impl Session {
    /// Checks the body of a `session` message by its author and the key that signs the message: form, network, account,
    /// key, lifetime, and at last the wallet's signature (about 60 µs).
    ///
    /// A delegation is signed by the key that it is for. A revocation may be signed by any key, for the wallet's signature
    /// decides: whoever lost a session key revokes it with a new one.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(
        body: &body::Session,
        author: &Author,
        key: &[u8],
        genesis: &Genesis,
    ) -> Result<SessionOutcome, SessionError> {
        let text = SessionText::parse(&body.text)?;
        text.frame().check(genesis)?;
        if *author != Author::Account(text.account.clone()) {
            return Err(SessionError::ForeignAccount);
        }
        let outcome = match text.purpose {
            Purpose::Grant { expires_s, scopes } => {
                if key != text.key {
                    return Err(SessionError::ForeignKey);
                }
                let found_s = expires_s as i64 - text.issued_s as i64;
                let max_s = genesis.parameters.session_max_s;
                if found_s <= 0 || found_s as u64 > max_s {
                    return Err(SessionError::Lifetime { found_s, max_s });
                }
                SessionOutcome::Grant(SessionGrant {
                    account: text.account.clone(),
                    key: text.key,
                    scopes,
                    issued_ms: text.issued_s * 1000,
                    expires_ms: expires_s * 1000,
                })
            }
            Purpose::Revoke => SessionOutcome::Revocation(Revocation {
                account: text.account.clone(),
                key: text.key,
                issued_ms: text.issued_s * 1000,
            }),
        };
        verify_wallet(&text.account, &body.text, &body.signature)?;
        Ok(outcome)
    }
}

impl SessionText {
    /// The text with which an account delegates to a session key on a network.
    pub fn grant(
        genesis: &Genesis,
        account: Account,
        key: [u8; 32],
        scopes: Scopes,
        issued_s: u64,
        expires_s: u64,
    ) -> SessionText {
        let purpose = Purpose::Grant { expires_s, scopes };
        SessionText { domain: genesis.name.clone(), account, network: genesis.network_id(), key, issued_s, purpose }
    }

    /// The text with which an account revokes a session key on a network.
    pub fn revoke(genesis: &Genesis, account: Account, key: [u8; 32], issued_s: u64) -> SessionText {
        let network: Hash = genesis.network_id();
        SessionText { domain: genesis.name.clone(), account, network, key, issued_s, purpose: Purpose::Revoke }
    }
}
