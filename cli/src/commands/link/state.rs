//! What the newest attested epoch knows of accounts' links.

use crate::commands::context::{Context, epoch_now, histories};
use crate::exit::{Kind, OrExit, fail};
use liaise_ledger::{Account, EpochNumber, LinkAct, LinkClaim};
use liaise_node::Replica;
use liaise_oracle::artefact::StateRow;
use liaise_oracle::fold::LinkState;
use std::collections::BTreeMap;

/// See the module.
pub struct Links {
    /// The newest attested epoch, if there is one.
    pub epoch: Option<EpochNumber>,
    states: BTreeMap<Account, LinkState>,
}

impl Links {
    /// Brings the copy of the ledger up to date and reads them.
    pub async fn read(context: &Context) -> eyre::Result<(Replica, Links)> {
        let replica = context.current().await?;
        let histories = histories(&replica);
        let Some(block) = histories.newest(epoch_now(&replica)).await.or_exit(Kind::Refused)? else {
            return Ok((replica, Links { epoch: None, states: BTreeMap::new() }));
        };
        let rows: Vec<StateRow> = histories.rows(block.epoch, &block.states).await.or_exit(Kind::Integrity)?;
        let linked = rows.into_iter().filter_map(|row| Some((row.account, *row.state.links?)));
        Ok((replica, Links { epoch: Some(block.epoch), states: linked.collect() }))
    }

    /// Everybody of whom anything is known.
    pub fn accounts(&self) -> impl Iterator<Item = (&Account, &LinkState)> {
        self.states.iter()
    }

    /// An account's cluster, itself among it, ascending.
    pub fn cluster(&self, account: &Account) -> Vec<Account> {
        let mut all = vec![account.clone()];
        all.extend(self.states.get(account).iter().flat_map(|links| links.with.iter().cloned()));
        all.sort();
        all
    }

    /// Says before anybody signs what would come of a link.
    ///
    /// # Errors
    /// It would count for nothing.
    pub fn check(&self, one: &Account, other: &Account) -> eyre::Result<()> {
        let mut all = self.cluster(one);
        if all.contains(other) {
            return fail(Kind::Usage, format!("{one} and {other} are linked already: see `liaise link list`"));
        }
        all.extend(self.cluster(other));
        all.sort();
        if let Some(pair) = all.windows(2).find(|pair| pair[0].chain() == pair[1].chain()) {
            return fail(
                Kind::Usage,
                format!(
                    "{} and {} would be in one cluster, which has one account a chain: end one of their links with `liaise link revoke` first",
                    pair[0], pair[1]
                ),
            );
        }
        Ok(())
    }

    /// Says before anybody publishes texts what would come of them: they may have lain for days.
    ///
    /// # Errors
    /// They would count for nothing.
    pub fn check_claim(&self, claim: &LinkClaim) -> eyre::Result<()> {
        let newer = |who: &&Account| self.states.get(who).is_some_and(|links| links.issued_s >= claim.issued_s);
        if let Some(who) = claim.signers.iter().find(newer) {
            return fail(
                Kind::Usage,
                format!("{who} has signed something newer about its links since: make new texts with `liaise link`"),
            );
        }
        match (&claim.act, claim.signers.as_slice()) {
            (LinkAct::Link, [one, other]) => self.check(one, other),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice;

    #[test]
    fn what_would_count_for_nothing_is_said_before_anybody_signs() {
        let evm = |n| Account::evm(1, [n; 20]);
        let solana = |n| Account::solana(&"solana:x".parse().unwrap(), [n; 32]);
        let with = |others: &[Account]| LinkState { with: others.to_vec(), ..LinkState::default() };
        let states = [(evm(1), with(&[solana(1)])), (solana(1), with(&[evm(1)]))].into();
        let links = Links { epoch: Some(3), states };
        assert_eq!(links.cluster(&solana(1)), [evm(1), solana(1)]);
        assert!(links.check(&evm(1), &solana(1)).unwrap_err().to_string().contains("linked already"));
        assert!(links.check(&evm(1), &solana(2)).unwrap_err().to_string().contains("one account a chain"));
        assert!(links.check(&evm(2), &evm(3)).is_err());
        links.check(&evm(2), &solana(2)).unwrap();
    }

    #[test]
    fn texts_that_have_lain_too_long_are_not_published() {
        let [one, other] = [Account::evm(1, [1; 20]), Account::solana(&"solana:x".parse().unwrap(), [1; 32])];
        let claim = |act| LinkClaim { signers: vec![one.clone(), other.clone()], act, issued_s: 100, expires_s: 200 };
        let links = |issued_s, with: &[Account]| {
            let state = LinkState { issued_s, with: with.to_vec(), ..LinkState::default() };
            Links { epoch: Some(3), states: [(one.clone(), state)].into() }
        };
        let said = |links: Links, act| links.check_claim(&claim(act)).unwrap_err().to_string();
        assert!(said(links(100, &[]), LinkAct::Link).contains("newer"));
        assert!(said(links(100, &[]), LinkAct::Unlink(other.clone())).contains("newer"));
        assert!(said(links(99, slice::from_ref(&other)), LinkAct::Link).contains("linked already"));
        links(99, slice::from_ref(&other)).check_claim(&claim(LinkAct::Unlink(other.clone()))).unwrap();
        links(99, &[]).check_claim(&claim(LinkAct::Link)).unwrap();
    }
}
