//! Section 5: which messages count, and from when.

use std::collections::BTreeMap;

use cid::Cid;
use liaise_ledger::Verified;
use liaise_ledger::body::{Body, Seal};
use liaise_ledger::session::{Scope, Session, SessionOutcome};

use super::{Fault, Observed, Reference, Word, author_of, lower_median};

/// Counted receipts by message and store.
type Words = BTreeMap<Cid, BTreeMap<[u8; 32], Word>>;

/// Every receipt up to some batches: the first of a store and message.
fn walk(messages: &BTreeMap<Cid, Verified>, tips: &BTreeMap<[u8; 32], Cid>) -> Words {
    let mut words = Words::new();
    for (store, tip) in tips {
        let mut next = Some(*tip);
        while let Some(id) = next {
            let Body::Receipts(batch) = &messages[&id].message.body else { panic!("a batch") };
            for (i, receipt) in batch.receipts.iter().enumerate() {
                let place = batch.first + i as u64;
                let boot = batch.boot.into_array();
                let word = Word { place, boot, mono_ns: receipt.mono_ns, wall_ms: receipt.wall_ms };
                let known = words.entry(receipt.id).or_default().entry(*store).or_insert(word);
                if place < known.place {
                    *known = word;
                }
            }
            next = batch.previous;
        }
    }
    words
}

impl Reference<'_> {
    /// Counts the receipts up to a seal and observes what it brings, until nothing more comes. Returns it by time and id.
    pub(super) fn observe(&mut self, seal: &Seal) -> Vec<(u64, Cid)> {
        let mut before = self.tips.clone();
        for (key, batch) in self.genesis.stores.keys.iter().zip(&seal.batches) {
            if let Some(batch) = batch {
                before.insert(*key, *batch);
            }
        }
        // what a quorum counted long ago, and nobody knows any more
        std::mem::swap(&mut self.tips, &mut before);
        let long_ago = walk(&self.messages, &before);
        self.words = self.walk_on();
        let mut fresh = vec![];
        loop {
            let found: Vec<(u64, Cid)> = self
                .messages
                .keys()
                .filter_map(|id| Some((self.observation(id, seal.epoch, &long_ago)?, *id)))
                .collect();
            if found.is_empty() {
                break;
            }
            for (at_ms, id) in found {
                let epoch = self.epoch_of(at_ms, seal.epoch);
                self.observed.insert(id, Observed { at_ms, epoch, fault: None });
                self.seals.insert(id, seal.epoch);
                self.take_session(&id, at_ms);
                fresh.push((at_ms, id));
            }
        }
        fresh.sort();
        for (at_ms, id) in &fresh {
            if !self.is_covered(id, *at_ms) {
                self.observed.get_mut(id).unwrap().fault = Some(Fault::Session);
            }
        }
        self.find_equivocations(seal.epoch);
        fresh
    }

    /// Every receipt up to the sealed batches: the first of a store and message since that was forgotten last.
    fn walk_on(&self) -> Words {
        let mut words = walk(&self.messages, &self.tips);
        for (id, places) in &self.dropped {
            let known = words.get_mut(id).expect("it was counted");
            known.retain(|store, word| places.get(store).is_none_or(|last| word.place > *last));
        }
        words.retain(|_, known| !known.is_empty());
        words
    }

    /// When a parent was observed. Of what nobody knows any more it is enough that a quorum once counted it.
    fn parent_ms(&self, parent: &Cid, seal: i64, long_ago: &Words) -> Option<u64> {
        match self.observed.get(parent) {
            Some(observed) if self.is_remembered(parent, seal) => Some(observed.at_ms),
            None if self.is_counted(parent, &self.words) => None,
            _ => self.is_counted(parent, long_ago).then_some(0),
        }
    }

    fn is_counted(&self, id: &Cid, words: &Words) -> bool {
        words.get(id).is_some_and(|words| words.len() >= self.quorum())
    }

    fn quorum(&self) -> usize {
        (2 * self.genesis.stores.keys.len()).div_ceil(3)
    }

    /// When a message is observed, if it is not yet and can be now.
    fn observation(&self, id: &Cid, seal: i64, long_ago: &Words) -> Option<u64> {
        let message = &self.messages[id];
        if self.observed.contains_key(id)
            || matches!(message.message.body, Body::Receipts(_) | Body::Seal(_) | Body::Vote(_))
        {
            return None;
        }
        let words = self.words.get(id).filter(|_| self.is_counted(id, &self.words))?;
        let mut at_ms = lower_median(words.values().map(|word| word.wall_ms))?;
        for parent in &message.message.parents {
            at_ms = at_ms.max(self.parent_ms(parent, seal, long_ago)?);
        }
        if let (Some(account), false) =
            (author_of(message), matches!(message.message.body, Body::Session(_) | Body::Link(_)))
        {
            let (from_ms, ..) = self.sessions.get(&(account.clone(), message.message.key.to_vec()))?;
            at_ms = at_ms.max(*from_ms);
        }
        Some(at_ms)
    }

    /// Section 3: what a `session` message says. One that does not verify says nothing.
    fn take_session(&mut self, id: &Cid, at_ms: u64) {
        let message = &self.messages[id];
        let Body::Session(body) = &message.message.body else { return };
        match Session::check(body, &message.message.author, &message.message.key, self.network) {
            Ok(SessionOutcome::Grant(grant)) if message.message.seq == 0 => {
                let session = (at_ms, grant.scopes.prompt, grant.scopes.work, grant.expires_ms);
                self.sessions.entry((grant.account, grant.key.to_vec())).or_insert(session);
            }
            Ok(SessionOutcome::Revocation(revocation)) => {
                let end = self.revoked.entry((revocation.account, revocation.key.to_vec())).or_insert(at_ms);
                *end = at_ms.min(*end);
            }
            _ => {}
        }
    }

    /// Whether a message's key might say such a thing when it was observed.
    fn is_covered(&self, id: &Cid, at_ms: u64) -> bool {
        let message = &self.messages[id];
        let (Some(account), Some(scope)) = (author_of(message), Scope::needed_by(&message.message.body)) else {
            return true;
        };
        let key = (account.clone(), message.message.key.to_vec());
        let (_, prompt, work, until_ms) = self.sessions[&key];
        let in_scope = if scope == Scope::Prompt { prompt } else { work };
        in_scope && at_ms < until_ms && self.revoked.get(&key).is_none_or(|end| at_ms < *end)
    }

    /// Same author, key and sequence with two ids: neither counts. What is done with stands, as long as it is known.
    fn find_equivocations(&mut self, seal: i64) {
        let mut places: BTreeMap<(String, Vec<u8>, u64), Vec<Cid>> = BTreeMap::new();
        for id in self.observed.keys().filter(|id| self.is_remembered(id, seal)) {
            let message = &self.messages[id].message;
            let place = (message.author.to_string(), message.key.to_vec(), message.seq);
            places.entry(place).or_default().push(*id);
        }
        for ids in places.into_values().filter(|ids| ids.len() > 1) {
            for id in ids.into_iter().filter(|id| !self.done.contains_key(id)) {
                self.observed.get_mut(&id).unwrap().fault = Some(Fault::Equivocation);
            }
        }
    }

    /// Places with two messages, by account, of which one was observed in an epoch.
    pub(super) fn doubled(&self, epoch: i64) -> Vec<liaise_ledger::Account> {
        let mut places = BTreeMap::new();
        for (id, observed) in &self.observed {
            let message = &self.messages[id];
            // What wallets say anybody may send, under any key.
            let by_wallet = matches!(message.message.body, Body::Session(_) | Body::Link(_));
            if let (Some(account), Some(Fault::Equivocation), true, false) =
                (author_of(message), observed.fault, observed.epoch == epoch, by_wallet)
            {
                places.insert((account.clone(), message.message.key.to_vec(), message.message.seq), account.clone());
            }
        }
        places.into_values().collect()
    }
}
