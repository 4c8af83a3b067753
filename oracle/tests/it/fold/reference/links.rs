//! Section 3, links: accounts that two wallets call one owner's.

use std::collections::{BTreeMap, BTreeSet};

use cid::Cid;
use liaise_ledger::body::Body;
use liaise_ledger::{Account, Link, LinkAct};

use super::{Fault, Mutant, Reference};

/// Who links with whom, or ends that, and who signed it.
type Coming = (Account, LinkAct, Vec<Account>);

/// What wallets signed and what is in force.
#[derive(Clone, Debug, Default)]
pub struct Linked {
    /// Clusters of two and more.
    pub clusters: Vec<BTreeSet<Account>>,
    /// By the epoch from which on it is in force, observation and id.
    coming: BTreeMap<(i64, u64, Cid), Coming>,
    /// When the newest text that was taken for an account was written.
    newest: BTreeMap<Account, u64>,
}

impl Linked {
    /// Everybody of an account's owner.
    pub fn cluster(&self, account: &Account) -> BTreeSet<Account> {
        let own = self.clusters.iter().find(|cluster| cluster.contains(account));
        own.cloned().unwrap_or_else(|| [account.clone()].into())
    }

    fn act(&mut self, signer: &Account, act: &LinkAct, signers: &[Account]) {
        match act {
            LinkAct::Link => {
                let joined: BTreeSet<Account> = signers.iter().flat_map(|one| self.cluster(one)).collect();
                let chains: BTreeSet<_> = joined.iter().map(Account::chain).collect();
                if chains.len() == joined.len() {
                    self.clusters.retain(|cluster| cluster.is_disjoint(&joined));
                    self.clusters.push(joined);
                }
            }
            LinkAct::Unlink(left) => {
                if let Some(own) = self.clusters.iter_mut().find(|cluster| cluster.contains(signer)) {
                    own.remove(left);
                }
                self.clusters.retain(|cluster| cluster.len() > 1);
            }
        }
        self.clusters.sort();
    }
}

impl Reference<'_> {
    /// Before anything of an epoch is looked at.
    pub(super) fn bring_links_into_force(&mut self, epoch: i64) {
        let due: Vec<_> = self.linked.coming.keys().filter(|(from, ..)| *from <= epoch).copied().collect();
        let mut due: Vec<_> = due.into_iter().map(|key| (key, self.linked.coming.remove(&key).unwrap())).collect();
        due.sort_by_key(|((_, at_ms, id), _)| (*at_ms, *id));
        for (_, (signer, act, signers)) in due {
            self.linked.act(&signer, &act, &signers);
        }
    }

    /// What wallets signed among what a seal observed.
    pub(super) fn take_links(&mut self, fresh: &[(u64, Cid)]) {
        for (at_ms, id) in fresh {
            let message = &self.messages[id];
            let (Body::Link(body), Some(_)) = (&message.message.body, self.counts(id)) else { continue };
            let claim = Link::check(body, &message.message.author, self.network).ok().filter(|claim| {
                let timely = claim.issued_s * 1000 <= at_ms + 120_000 && *at_ms < claim.expires_s * 1000;
                let newest = |one| self.linked.newest.get(one).is_none_or(|newest| *newest < claim.issued_s);
                timely && (claim.signers.iter().all(newest) || self.is(Mutant::OldTextsCount))
            });
            let Some(claim) = claim else {
                self.observed.get_mut(id).unwrap().fault = Some(Fault::Rule);
                continue;
            };
            for signer in &claim.signers {
                self.linked.newest.insert(signer.clone(), claim.issued_s);
            }
            let wait = if self.is(Mutant::LinksSooner) { 1 } else { self.genesis.parameters.link_epochs as i64 };
            let key = (self.observed[id].epoch + wait, *at_ms, *id);
            self.linked.coming.insert(key, (claim.signers[0].clone(), claim.act, claim.signers));
        }
    }

    /// Who counts as one with an account, for a rule that a mutant may take each account alone for.
    pub(super) fn as_one(&self, account: &Account, alone: Mutant) -> BTreeSet<Account> {
        if self.is(alone) { [account.clone()].into() } else { self.linked.cluster(account) }
    }
}
