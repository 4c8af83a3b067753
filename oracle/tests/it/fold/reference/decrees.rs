//! Section 12: decrees in force.

use std::collections::{BTreeMap, BTreeSet};

use cid::Cid;
use liaise_ledger::body::{Body, Decree, DecreeValue};
use liaise_ledger::message::verify_secp256k1;
use liaise_ledger::{Genesis, Hash};

use super::{Mutant, Reference};

/// Most units of a task, first epoch, first epoch no more.
type Adapter = (Option<u64>, i64, Option<i64>);

/// What decrees have set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decreed {
    /// The last one's number; 0 before the first.
    pub number: u32,
    pub digest: Option<Hash>,
    pub adapters: BTreeMap<Hash, Adapter>,
    pub distributors: Vec<Hash>,
    /// First epoch, holder, who had it before.
    pub rows: Vec<(i64, Hash, Hash)>,
    /// Those whose turn has not come.
    pub waiting: BTreeSet<Cid>,
}

impl Decreed {
    pub fn of_genesis(genesis: &Genesis) -> Decreed {
        let adapters = genesis.adapters.iter().map(|adapter| (adapter.id, (Some(adapter.units.max), i64::MIN, None)));
        Decreed { adapters: adapters.collect(), ..Decreed::default() }
    }

    pub fn certified(&self, adapter: &Hash, epoch: i64) -> bool {
        let known = self.adapters.get(adapter);
        known.is_some_and(|(_, from, until)| *from <= epoch && until.is_none_or(|until| epoch < until))
    }
}

impl Reference<'_> {
    /// Takes the decrees that a seal observed, and those that waited, by number; of one number the lowest id that may count.
    pub(super) fn decree(&mut self, fresh: &[(u64, Cid)], seal: i64) {
        self.decreed_before = self.decreed.clone();
        let mut candidates = std::mem::take(&mut self.decreed.waiting);
        for (_, id) in fresh {
            if matches!(self.messages[id].message.body, Body::Decree(_)) {
                candidates.insert(*id);
            }
        }
        candidates.retain(|id| self.counts(id).is_some());
        while let Some(id) = candidates.iter().copied().find(|id| self.is_next(self.decree_in(id), seal)) {
            let decree = self.decree_in(&id).clone();
            self.enact(&decree);
        }
        for id in candidates {
            if self.decree_in(&id).act.number > self.decreed.number + 1 && !self.is(Mutant::DecreeNeverWaits) {
                self.decreed.waiting.insert(id);
            }
        }
    }

    fn decree_in(&self, id: &Cid) -> &Decree {
        let Body::Decree(decree) = &self.messages[id].message.body else { panic!("a decree") };
        decree
    }

    fn is_next(&self, decree: &Decree, seal: i64) -> bool {
        let (act, known) = (&decree.act, &self.decreed);
        let notice = if self.is(Mutant::DecreeNotice) { 1 } else { 2 };
        let in_time = act.effective >= seal + notice;
        let may = match &act.value {
            DecreeValue::Distributor(_) => true,
            DecreeValue::Row(row) => {
                let is_first = known.rows.is_empty();
                let is_new = known.rows.iter().all(|(first, ..)| *first != row.first);
                let takes = if is_first { row.old == Hash::ZERO } else { row.old != Hash::ZERO };
                seal < row.first && is_new && takes && row.new != row.old && known.distributors.contains(&row.new)
            }
            DecreeValue::Certify(certify) => in_time && !known.certified(&certify.adapter, i64::MAX),
            DecreeValue::Withdraw(withdraw) => in_time && known.certified(&withdraw.adapter, i64::MAX),
            other => panic!("no rule for {other:?}"),
        };
        act.network == self.network.network_id()
            && act.number == known.number + 1
            && act.previous == known.digest
            && may
            && self.is_signed(decree)
    }

    /// Enough members, each once, in the order of their keys, and every signature good.
    fn is_signed(&self, decree: &Decree) -> bool {
        let dao = &self.genesis.dao;
        let mut signers: Vec<[u8; 33]> = vec![];
        for signature in &decree.signatures {
            let key = signature.key.into_array();
            let good = verify_secp256k1(&key, &decree.act.digest(), &signature.signature).is_ok();
            if !good || !dao.keys.contains(&key) || signers.last().is_some_and(|last| *last >= key) {
                return false;
            }
            signers.push(key);
        }
        signers.len() + usize::from(self.is(Mutant::DecreeSigners)) >= dao.threshold as usize
    }

    fn enact(&mut self, decree: &Decree) {
        let effective = decree.act.effective + i64::from(self.is(Mutant::DecreeLater));
        let known = &mut self.decreed;
        known.number = decree.act.number;
        known.digest = Some(decree.act.digest());
        match &decree.act.value {
            DecreeValue::Distributor(value) => known.distributors.push(value.distributor),
            DecreeValue::Row(row) => known.rows.push((row.first, row.new, row.old)),
            DecreeValue::Certify(certify) => {
                known.adapters.insert(certify.adapter, (None, effective, None));
            }
            DecreeValue::Withdraw(withdraw) => {
                known.adapters.get_mut(&withdraw.adapter).expect("it is certified").2 = Some(effective);
            }
            other => panic!("no rule for {other:?}"),
        }
    }
}
