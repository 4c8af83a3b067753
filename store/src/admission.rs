//! Whether a verified message may be stored. All rules but one give every store the same answer, whatever came first.

use crate::refusal::RefuseReason;
use crate::sessions::SessionRow;
use crate::store::{Inner, to_hex};
use liaise_ledger::session::{Session, SessionGrant, SessionOutcome};
use liaise_ledger::{Author, Body, Link, LinkClaim, Verified};

/// How far a session's time may lie ahead of this store's clock.
const SKEW_MS: u64 = 120_000;

/// What wallets say in a message that may be stored.
pub enum Admitted {
    /// A delegation or its end.
    Session(SessionOutcome),
    /// A link or its end.
    Link(LinkClaim),
    /// Nothing: a session key signed it, or a member.
    Message,
}

impl Inner {
    /// Judges a message by what never changes, given what is known of its author's key. Returns what wallets say in it.
    ///
    /// A predecessor is not looked for: it may come later, and a store that refuses what another one has receipted could
    /// never fold that epoch. What a decree is worth is the fold's question, too.
    pub fn admit(&self, message: &Verified, session: &SessionRow) -> Result<Admitted, RefuseReason> {
        let (author, key, body) = (&message.message.author, &message.message.key, &message.message.body);
        if !matches!(author, Author::Account(_)) {
            if !self.is_member(author) {
                return Err(RefuseReason::NotAMember { author: author.to_string() });
            }
            if let (Body::Seal(seal), Some(check)) = (body, &self.seal_check) {
                check(seal).map_err(RefuseReason::Seal)?;
            }
            return Ok(Admitted::Message);
        }
        if let Body::Link(link) = body {
            return Ok(Admitted::Link(Link::check(link, author, &self.genesis)?));
        }
        if let Body::Session(text) = body {
            let outcome = Session::check(text, author, key, &self.genesis)?;
            if matches!(outcome, SessionOutcome::Grant(_)) && message.message.seq != 0 {
                return Err(RefuseReason::NotFirst);
            }
            return Ok(Admitted::Session(outcome));
        }
        if !session.granted {
            return Err(RefuseReason::UnknownSession { author: author.to_string(), key: to_hex(key) });
        }
        if !session.allows(body) {
            return Err(RefuseReason::Scope { kind: body.kind() });
        }
        Ok(Admitted::Message)
    }

    /// Why a message comes at the wrong time for its session or its link, by this store's clock.
    ///
    /// Asked by witnesses only, and only of what no witness has received yet: it keeps fresh messages of ended sessions
    /// out. What a witness has received everybody must be able to keep, also years later, when the session is long over.
    pub fn untimely(&self, admitted: &Admitted, session: &SessionRow, author: &Author) -> Option<RefuseReason> {
        let now = self.clock.wall_ms();
        let (issued_ms, expires_ms, revoked) = match (admitted, author) {
            (Admitted::Session(SessionOutcome::Grant(SessionGrant { issued_ms, expires_ms, .. })), _) => {
                (*issued_ms, *expires_ms, false)
            }
            (Admitted::Link(claim), _) => {
                let (issued_s, expires_s) = (claim.issued_s, claim.expires_s);
                return (!claim.is_timely(now)).then_some(RefuseReason::LinkTime { issued_s, expires_s });
            }
            (Admitted::Message, Author::Account(_)) => (session.issued_ms, session.expires_ms, session.revoked),
            _ => return None,
        };
        if revoked {
            Some(RefuseReason::SessionRevoked)
        } else if now.saturating_add(SKEW_MS) < issued_ms {
            Some(RefuseReason::SessionNotYet { issued_ms })
        } else if now >= expires_ms {
            Some(RefuseReason::SessionExpired { expires_ms })
        } else {
            None
        }
    }

    /// Whether the genesis names a store, an oracle or a member of the DAO. Accounts are no members of anything.
    pub fn is_member(&self, author: &Author) -> bool {
        match author {
            Author::Account(_) => false,
            Author::Store(key) => self.genesis.is_witness(key),
            Author::Oracle(key) => self.genesis.oracles.keys.binary_search(key).is_ok(),
            Author::Dao(key) => self.genesis.dao.keys.binary_search(key).is_ok(),
        }
    }
}
