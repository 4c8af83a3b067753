//! The text itself: one form, written and read.

use super::frame::{Frame, Lines, written};
use super::{Scopes, SessionError};
use crate::account::Account;
use crate::hash::Hash;

/// What a delegation says in words.
pub const GRANT_STATEMENT: &str = "Let the key named below sign prompts and work for this account until it expires. It can't \
     move tokens, link accounts or change where this account is paid.";
/// What a revocation says in words.
pub const REVOKE_STATEMENT: &str = "End the key named below: it may sign nothing more for this account.";

/// What a wallet signs to delegate to a session key or to revoke one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionText {
    /// The network's name.
    pub domain: String,
    /// Whose wallet signs.
    pub account: Account,
    /// The network's id.
    pub network: Hash,
    /// The session key: Ed25519, the text's nonce.
    pub key: [u8; 32],
    /// When it was written, Unix seconds.
    pub issued_s: u64,
    /// What it is for.
    pub purpose: Purpose,
}

/// What a session text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The key may sign.
    Grant {
        /// Until then, Unix seconds.
        expires_s: u64,
        /// What it may sign.
        scopes: Scopes,
    },
    /// The key may sign nothing more.
    Revoke,
}

impl SessionText {
    /// The exact text to sign: lines separated by `\n`, none at the end.
    ///
    /// # Panics
    /// If a time is beyond the year 9999: callers pass the clock's.
    pub fn render(&self) -> String {
        match self.purpose {
            Purpose::Grant { expires_s, scopes } => {
                let scopes: String = scopes.iter().map(|s| format!("\n- liaise:scope:{}", s.name())).collect();
                let rest = format!("Expiration Time: {}\nResources:{scopes}", written(expires_s));
                self.frame().render(GRANT_STATEMENT, &rest)
            }
            Purpose::Revoke => self.frame().render(REVOKE_STATEMENT, "Resources:\n- liaise:revoke"),
        }
    }

    pub(super) fn frame(&self) -> Frame {
        let SessionText { domain, account, network, key, issued_s, purpose: _ } = self.clone();
        Frame { domain, account, network, nonce: key, issued_s }
    }

    /// Reads exactly what [`SessionText::render`] writes.
    ///
    /// # Errors
    /// The first line that is not of the form, or [`SessionError::NotCanonical`].
    pub fn parse(text: &str) -> Result<SessionText, SessionError> {
        let (frame, statement, mut lines) = Frame::parse(text)?;
        let purpose = match statement {
            REVOKE_STATEMENT => {
                lines.exact("Resources:", "Resources:")?;
                lines.exact("- liaise:revoke", "- liaise:revoke")?;
                Purpose::Revoke
            }
            GRANT_STATEMENT => {
                let expires_s = lines.time("Expiration Time: ", "Expiration Time: <yyyy-mm-ddThh:mm:ssZ>")?;
                lines.exact("Resources:", "Resources:")?;
                Purpose::Grant { expires_s, scopes: scopes(&mut lines)? }
            }
            _ => return Err(SessionError::Text { line: 4, expected: "the statement of a delegation or a revocation" }),
        };
        let Frame { domain, account, network, nonce, issued_s } = frame;
        let read = SessionText { domain, account, network, key: nonce, issued_s, purpose };
        if read.render() == text { Ok(read) } else { Err(SessionError::NotCanonical) }
    }
}

/// At least one, in their order, each once; the rest of the text.
fn scopes(lines: &mut Lines<'_>) -> Result<Scopes, SessionError> {
    let expected = "- liaise:scope:prompt, - liaise:scope:work, or both in this order";
    let mut scopes = Scopes::default();
    while let Some(line) = lines.more() {
        match line {
            "- liaise:scope:prompt" if scopes == Scopes::default() => scopes.prompt = true,
            "- liaise:scope:work" if !scopes.work => scopes.work = true,
            _ => return Err(lines.wrong(expected)),
        }
    }
    if scopes == Scopes::default() { Err(lines.wrong(expected)) } else { Ok(scopes) }
}
