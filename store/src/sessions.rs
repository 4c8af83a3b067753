//! Which keys may sign for which accounts, as one row each.

use liaise_ledger::session::{Scopes, SessionOutcome};
use liaise_ledger::{Account, Body};

/// What is known of an account's key. Merging is the same in any order, so that stores agree whatever came first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionRow {
    /// The wallet delegated to the key; otherwise only a revocation is known.
    pub granted: bool,
    /// The wallet took it back.
    pub revoked: bool,
    pub scopes: Scopes,
    pub issued_ms: u64,
    pub expires_ms: u64,
}

impl SessionRow {
    pub fn row_key(account: &Account, key: &[u8]) -> Vec<u8> {
        [&account.hash().0, key].concat()
    }

    /// Takes in a session message. Of two delegations to one key, which only a faulty wallet makes, the wider counts here;
    /// the fold decides which one pays.
    pub fn merge(&mut self, outcome: &SessionOutcome) {
        match outcome {
            SessionOutcome::Grant(grant) => {
                self.issued_ms = if self.granted { self.issued_ms.min(grant.issued_ms) } else { grant.issued_ms };
                self.expires_ms = self.expires_ms.max(grant.expires_ms);
                self.scopes.prompt |= grant.scopes.prompt;
                self.scopes.work |= grant.scopes.work;
                self.granted = true;
            }
            SessionOutcome::Revocation(_) => self.revoked = true,
        }
    }

    pub fn allows(&self, body: &Body) -> bool {
        self.scopes.allow(body)
    }

    pub fn encode(&self) -> Vec<u8> {
        let bits = [self.granted, self.revoked, self.scopes.prompt, self.scopes.work];
        let flags = bits.iter().enumerate().fold(0u8, |flags, (i, bit)| flags | u8::from(*bit) << i);
        [&[flags][..], &self.issued_ms.to_be_bytes(), &self.expires_ms.to_be_bytes()].concat()
    }

    pub fn decode(bytes: &[u8]) -> Option<SessionRow> {
        let (flags, times) = bytes.split_first()?;
        let (issued, expires) = (times.get(..8)?, times.get(8..16)?);
        let bit = |i: u8| flags >> i & 1 == 1;
        (times.len() == 16 && *flags < 16).then(|| SessionRow {
            granted: bit(0),
            revoked: bit(1),
            scopes: Scopes { prompt: bit(2), work: bit(3) },
            issued_ms: u64::from_be_bytes(issued.try_into().expect("eight bytes")),
            expires_ms: u64::from_be_bytes(expires.try_into().expect("eight bytes")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_ledger::session::{Revocation, SessionGrant};

    #[test]
    fn merging_knows_no_order_and_survives_the_disk() {
        let account = Account::evm(1, [1; 20]);
        let grant = |scopes, issued_ms, expires_ms| {
            SessionOutcome::Grant(SessionGrant {
                account: account.clone(),
                key: [2; 32],
                scopes,
                issued_ms,
                expires_ms,
            })
        };
        let all = [
            grant(Scopes::PROMPT, 5, 10),
            grant(Scopes::WORK, 3, 8),
            SessionOutcome::Revocation(Revocation { account: account.clone(), key: [2; 32], issued_ms: 7 }),
        ];
        let merged = |order: [usize; 3]| {
            let mut row = SessionRow::default();
            order.iter().for_each(|i| row.merge(&all[*i]));
            row
        };
        let one = merged([0, 1, 2]);
        assert_eq!((one.scopes, one.issued_ms, one.expires_ms, one.revoked), (Scopes::ALL, 3, 10, true));
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            assert_eq!(merged(order), one);
        }
        assert_eq!(SessionRow::decode(&one.encode()), Some(one));
        assert_eq!(SessionRow::decode(&[0; 16]), None);
        assert_eq!(SessionRow::decode(&[16; 17]), None, "a flag that means nothing");
    }
}
