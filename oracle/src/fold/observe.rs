//! The stage `observe`: which messages count from this seal on, and from when.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cid::Cid;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::{EpochNumber, Hash, Message};

use super::input::Part;
use super::median;
use super::sessions::{Admission, Sessions};
use super::state::{Carried, Flaw, FoldState, Observation, StoreReceipt, WINDOW_EPOCHS};

/// What is known after a seal's receipts were counted.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Everything carried and newly counted, by id.
    pub carry: BTreeMap<Cid, Carried>,
    /// What this seal observed, by observation and id.
    pub fresh: Vec<(u64, Cid)>,
}

/// The epoch of a time: the first, not before `seal`, whose end is not before it.
pub fn epoch_of(genesis: &Genesis, at_ms: u64, seal: EpochNumber) -> EpochNumber {
    genesis.epoch_of(at_ms.saturating_sub(1)).max(seal)
}

/// The place of a message in its key's sequence, as one hash.
pub fn place_of(message: &Message) -> Hash {
    let author = message.author.to_string();
    Hash::of(&[author.as_bytes(), b"\0", &message.key, &message.seq.to_be_bytes()])
}

/// Counts receipts, and observes what has Q of them, all its parents, and a session that its key may sign under. The part
/// has the messages that are needed for it, see [`Part::needed`].
pub fn observe(
    genesis: &Genesis,
    before: &FoldState,
    seal: EpochNumber,
    part: &Part,
    sessions: &mut Sessions,
) -> Observed {
    let mut carry = before.carry.clone();
    count(before, seal, part, &mut carry);
    let order = Order::of(before, part, &carry);
    let fresh = order.run(genesis, seal, part, &mut carry, sessions);
    for (at_ms, id) in &fresh {
        if !sessions.allow(&part.messages[id], *at_ms) {
            carry.get_mut(id).expect("it is carried").flaw = Some(Flaw::Session);
        }
    }
    mark_equivocations(before, part, &mut carry, &fresh);
    Observed { carry, fresh }
}

/// Adds the newly counted receipts to what is carried. Late receipts of messages that are done with change nothing.
fn count(before: &FoldState, seal: EpochNumber, part: &Part, carry: &mut BTreeMap<Cid, Carried>) {
    for (id, receipts) in &part.receipts {
        let digest = Hash::from_cid(id).expect("a receipt names a message");
        if before.done(&digest).is_some() {
            continue;
        }
        let fresh = Carried { since: seal, receipts: vec![], observation: None, flaw: None, closed: false };
        let carried = carry.entry(*id).or_insert(fresh);
        for receipt in receipts.values() {
            add(&mut carried.receipts, *receipt);
        }
    }
}

/// Keeps the first receipt of each store, by key.
fn add(receipts: &mut Vec<StoreReceipt>, receipt: StoreReceipt) {
    match receipts.binary_search_by(|known| known.store.cmp(&receipt.store)) {
        Ok(i) if receipt.seq < receipts[i].seq => receipts[i] = receipt,
        Ok(_) => {}
        Err(i) => receipts.insert(i, receipt),
    }
}

/// Which unobserved messages wait for which others.
struct Order {
    waits_for: BTreeMap<Cid, usize>,
    blocks: BTreeMap<Cid, Vec<Cid>>,
}

impl Order {
    fn of(before: &FoldState, part: &Part, carry: &BTreeMap<Cid, Carried>) -> Order {
        let mut order = Order { waits_for: BTreeMap::new(), blocks: BTreeMap::new() };
        let waiting = carry.iter().filter(|(_, carried)| carried.observation.is_none());
        let at_hand = waiting.filter_map(|(id, _)| Some((id, part.messages.get(id)?)));
        for (id, message) in at_hand.filter(|(_, message)| message.message.body.is_receipted()) {
            let parents: BTreeSet<Cid> = message.message.parents.iter().copied().collect();
            let mut waits = 0;
            for parent in parents {
                let digest = Hash::from_cid(&parent).expect("a parent is a message");
                let is_observed = carry.get(&parent).is_some_and(|p| p.observation.is_some());
                if !is_observed && before.done(&digest).is_none() && !part.older.contains(&parent) {
                    waits += 1;
                    order.blocks.entry(parent).or_default().push(*id);
                }
            }
            order.waits_for.insert(*id, waits);
        }
        order
    }

    /// Observes in the order of parents; what waits for a session is tried again when one was observed.
    fn run(
        mut self,
        genesis: &Genesis,
        seal: EpochNumber,
        part: &Part,
        carry: &mut BTreeMap<Cid, Carried>,
        sessions: &mut Sessions,
    ) -> Vec<(u64, Cid)> {
        let mut fresh = Vec::new();
        let mut sessionless: BTreeMap<Hash, Vec<Cid>> = BTreeMap::new();
        let mut ready: VecDeque<Cid> =
            self.waits_for.iter().filter(|(_, waits)| **waits == 0).map(|(id, _)| *id).collect();
        while let Some(id) = ready.pop_front() {
            let message = &part.messages[&id].message;
            let carried = &carry[&id];
            let own = median::lower(carried.receipts.iter().map(|receipt| receipt.wall_ms).collect())
                .expect("a quorum is not empty");
            let parents = message.parents.iter().filter_map(|parent| carry.get(parent)?.observation);
            let mut at_ms = parents.map(|parent| parent.at_ms).fold(own, u64::max);
            match sessions.admit(genesis, &part.messages[&id], at_ms) {
                Admission::Waits(key) => {
                    sessionless.entry(key).or_default().push(id);
                    continue;
                }
                Admission::Opens(key) => ready.extend(sessionless.remove(&key).unwrap_or_default()),
                Admission::From(from_ms) => at_ms = at_ms.max(from_ms),
                Admission::Free => {}
            }
            let epoch = epoch_of(genesis, at_ms, seal);
            carry.get_mut(&id).expect("it is carried").observation = Some(Observation { at_ms, seal, epoch });
            fresh.push((at_ms, id));
            for child in self.blocks.remove(&id).unwrap_or_default() {
                let waits = self.waits_for.get_mut(&child).expect("it waits");
                *waits -= 1;
                if *waits == 0 {
                    ready.push_back(child);
                }
            }
        }
        fresh.sort_unstable();
        fresh
    }
}

/// Of two observed messages with one author, key and sequence neither counts.
fn mark_equivocations(before: &FoldState, part: &Part, carry: &mut BTreeMap<Cid, Carried>, fresh: &[(u64, Cid)]) {
    let mut places: BTreeMap<Hash, BTreeSet<Cid>> = BTreeMap::new();
    for (id, carried) in carry.iter() {
        if carried.observation.is_some() {
            places.entry(place_of(&part.messages[id].message)).or_default().insert(*id);
        }
    }
    let old: BTreeSet<Hash> = before.observed.values().flat_map(|rows| rows.values().map(|done| done.place)).collect();
    for (_, id) in fresh {
        let place = place_of(&part.messages[id].message);
        let rivals = &places[&place];
        if rivals.len() > 1 || old.contains(&place) {
            for rival in rivals {
                carry.get_mut(rival).expect("it is carried").flaw = Some(Flaw::Equivocation);
            }
        }
    }
}

/// Whether a message that is not observed has waited too long.
pub fn is_forgotten(carried: &Carried, seal: EpochNumber) -> bool {
    carried.observation.is_none() && carried.since.saturating_add(WINDOW_EPOCHS) <= seal
}
