//! Links: accounts of several chains that say they are one owner's. Both wallets sign to link, either alone ends it.
//!
//! The texts are CAIP-122's, as those of sessions, and verified as the exact bytes that were signed. No session key can
//! link: a `link` message may come from any key, for the wallets' signatures within it decide.

use crate::account::{Account, Author};
use crate::body;
use crate::genesis::Genesis;
use crate::session::{SessionError, verify_wallet};

mod text;
pub use text::{LINK_STATEMENT, LinkText, UNLINK_STATEMENT};

/// The longest that the text of a link waits to be observed: two wallets may be in two places. Seconds.
pub const LINK_TEXT_MAX_S: u64 = 7 * 86_400;
/// A text may be dated this far after its observation: wallets' clocks differ. Milliseconds.
pub const LINK_SKEW_MS: u64 = 120_000;

/// What a `link` message says, with its wallets' signatures verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkClaim {
    /// Who signed: the two accounts of a link, ascending; or who ends one.
    pub signers: Vec<Account>,
    /// What happens to them.
    pub act: LinkAct,
    /// When the texts were written, Unix seconds. Of each account only the newest text counts.
    pub issued_s: u64,
    /// They count if they are observed before this time, Unix seconds.
    pub expires_s: u64,
}

/// What a [`LinkClaim`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkAct {
    /// The two signers are one owner's.
    Link,
    /// The account leaves its signer's cluster; the signer itself may.
    Unlink(Account),
}

impl LinkClaim {
    /// Whether the texts count at an observation, milliseconds since 1970.
    pub fn is_timely(&self, at_ms: u64) -> bool {
        self.issued_s * 1_000 <= at_ms.saturating_add(LINK_SKEW_MS) && at_ms < self.expires_s * 1_000
    }
}

/// Why a `link` message is refused.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkError {
    /// A text or a wallet's signature.
    #[error(transparent)]
    Text(#[from] SessionError),
    /// Neither one text nor two.
    #[error("texts: {0} of them; a link has the texts of both accounts, its end has one")]
    Count(usize),
    /// One text of a link.
    #[error("texts: only {0} has signed; the wallet of the other account must sign too")]
    OneSided(Account),
    /// Two texts that are not the two halves of one link.
    #[error(
        "texts: the two don't belong together: each names the other's account, both have the same nonce and times, and the lower account's comes first"
    )]
    Unequal,
    /// Two accounts of one chain, or one account twice.
    #[error("texts: {0} and {1} are on the same chain; a cluster has one account a chain, which is where it is paid")]
    SameChain(Account, Account),
    /// The message's author did not sign a text.
    #[error("author: the message's author is none of the accounts that signed its texts")]
    ForeignAccount,
    /// It waits longer than allowed.
    #[error("text: it must expire after it is issued and at most {LINK_TEXT_MAX_S} s later; it lives {0} s")]
    Lifetime(i64),
}

/// Reads and verifies `link` messages.
pub struct Link;

impl Link {
    /// Reads the texts of a `link` message, before or after anybody has signed them: form, network, accounts, lifetime.
    ///
    /// # Errors
    /// The first rule that they break.
    pub fn read<'a>(texts: impl IntoIterator<Item = &'a str>, genesis: &Genesis) -> Result<LinkClaim, LinkError> {
        let texts: Vec<LinkText> = texts.into_iter().map(LinkText::parse).collect::<Result<_, _>>()?;
        let claim = match texts.as_slice() {
            [one] if one.ends => {
                let act = LinkAct::Unlink(one.other.clone());
                LinkClaim { signers: vec![one.account.clone()], act, issued_s: one.issued_s, expires_s: one.expires_s }
            }
            [one] => return Err(LinkError::OneSided(one.account.clone())),
            [low, high] => {
                if low.ends || *high != low.of_the_other() || low.account >= high.account {
                    return Err(LinkError::Unequal);
                }
                let signers = vec![low.account.clone(), high.account.clone()];
                LinkClaim { signers, act: LinkAct::Link, issued_s: low.issued_s, expires_s: low.expires_s }
            }
            others => return Err(LinkError::Count(others.len())),
        };
        let text = &texts[0];
        if text.account != text.other && text.account.is_on(&text.other.chain()) {
            return Err(LinkError::SameChain(text.account.clone(), text.other.clone()));
        }
        texts.iter().try_for_each(|text| text.frame().check(genesis))?;
        let life = claim.expires_s as i64 - claim.issued_s as i64;
        if life <= 0 || life as u64 > LINK_TEXT_MAX_S {
            return Err(LinkError::Lifetime(life));
        }
        Ok(claim)
    }

    /// Checks the body of a `link` message by its author: what [`Link::read`] reads, and at last the wallets' signatures
    /// (some 60 µs each). When it counts is the fold's question: see [`LinkClaim::is_timely`].
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(body: &body::Link, author: &Author, genesis: &Genesis) -> Result<LinkClaim, LinkError> {
        let claim = Link::read(body.texts.iter().map(|signed| signed.text.as_str()), genesis)?;
        if !matches!(author, Author::Account(account) if claim.signers.contains(account)) {
            return Err(LinkError::ForeignAccount);
        }
        // `read` has found one text for each signer, in the same order.
        for (account, signed) in claim.signers.iter().zip(&body.texts) {
            verify_wallet(account, &signed.text, &signed.signature)?;
        }
        Ok(claim)
    }
}
