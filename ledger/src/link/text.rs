//! The text with which a wallet links its account to another, or ends that: one form, written and read.

use crate::account::Account;
use crate::genesis::Genesis;
use crate::hash::Hash;
use crate::session::SessionError;
use crate::session::frame::{Frame, written};

/// What the text of a link says in words.
pub const LINK_STATEMENT: &str = "This account and the one named below are mine: count them as one, and pay what either earns \
     to the one that is on the chain that pays. Either can end this alone.";
/// What the text that ends a link says in words.
pub const UNLINK_STATEMENT: &str =
    "The account named below is no longer linked with this one: count and pay it on its own.";

const EXPIRES: &str = "Expiration Time: <yyyy-mm-ddThh:mm:ssZ>";

/// What a wallet signs about another account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkText {
    /// The network's name.
    pub domain: String,
    /// Whose wallet signs.
    pub account: Account,
    /// The account that the text is about.
    pub other: Account,
    /// The network's id.
    pub network: Hash,
    /// Random; the same in both texts of a link.
    pub nonce: [u8; 32],
    /// When it was written, Unix seconds.
    pub issued_s: u64,
    /// It counts if it is observed before this time, Unix seconds.
    pub expires_s: u64,
    /// It ends a link rather than making one.
    pub ends: bool,
}

impl LinkText {
    /// The text with which `account` says that `other` is of the same owner.
    pub fn link(
        genesis: &Genesis,
        account: Account,
        other: Account,
        nonce: [u8; 32],
        issued_s: u64,
        expires_s: u64,
    ) -> LinkText {
        let (domain, network) = (genesis.name.clone(), genesis.network_id());
        LinkText { domain, account, other, network, nonce, issued_s, expires_s, ends: false }
    }

    /// The text with which `account` puts `other` out of its cluster, or itself.
    pub fn unlink(
        genesis: &Genesis,
        account: Account,
        other: Account,
        nonce: [u8; 32],
        issued_s: u64,
        expires_s: u64,
    ) -> LinkText {
        LinkText { ends: true, ..LinkText::link(genesis, account, other, nonce, issued_s, expires_s) }
    }

    /// The text that the other account's wallet signs for the same link.
    pub fn of_the_other(&self) -> LinkText {
        LinkText { account: self.other.clone(), other: self.account.clone(), ..self.clone() }
    }

    /// The exact text to sign: lines separated by `\n`, none at the end.
    ///
    /// # Panics
    /// If a time is beyond the year 9999: callers pass the clock's.
    pub fn render(&self) -> String {
        let (statement, verb) = if self.ends { (UNLINK_STATEMENT, "unlink") } else { (LINK_STATEMENT, "link") };
        let rest = format!("Expiration Time: {}\nResources:\n- liaise:{verb}:{}", written(self.expires_s), self.other);
        self.frame().render(statement, &rest)
    }

    pub(super) fn frame(&self) -> Frame {
        let LinkText { domain, account, network, nonce, issued_s, .. } = self.clone();
        Frame { domain, account, network, nonce, issued_s }
    }

    /// Reads exactly what [`LinkText::render`] writes.
    ///
    /// # Errors
    /// The first line that is not of the form, or [`SessionError::NotCanonical`].
    pub fn parse(text: &str) -> Result<LinkText, SessionError> {
        let (frame, statement, mut lines) = Frame::parse(text)?;
        let (ends, prefix, expected) = match statement {
            LINK_STATEMENT => (false, "- liaise:link:", "- liaise:link:<account, CAIP-10>"),
            UNLINK_STATEMENT => (true, "- liaise:unlink:", "- liaise:unlink:<account, CAIP-10>"),
            _ => return Err(SessionError::Text { line: 4, expected: "the statement of a link or of its end" }),
        };
        let expires_s = lines.time("Expiration Time: ", EXPIRES)?;
        lines.exact("Resources:", "Resources:")?;
        let other: Account = lines.after(prefix, expected)?.parse()?;
        let Frame { domain, account, network, nonce, issued_s } = frame;
        let read = LinkText { domain, account, other, network, nonce, issued_s, expires_s, ends };
        if read.render() == text { Ok(read) } else { Err(SessionError::NotCanonical) }
    }
}
