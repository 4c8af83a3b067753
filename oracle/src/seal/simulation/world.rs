//! Who the witnesses are, which batches exist, and who holds them when.

use super::Plan;
use crate::rng::Rng;
use crate::seal::{BatchStatus, CloseHeader, Decision, Held, View};
use ed25519_dalek::{Signer, SigningKey};
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::message::signing_bytes;
use liaise_ledger::{EpochNumber, Hash};
use std::collections::BTreeMap;

pub const NETWORK: Hash = Hash([7; 32]);
/// A batch that never comes.
const NEVER: u64 = u64::MAX;

pub struct World {
    /// By ascending public key.
    pub keys: Vec<SigningKey>,
    /// After an epoch's first start: when witness `i` holds the batch of store `j`.
    late_ms: Vec<Vec<u64>>,
    /// When an epoch was first started.
    pub began_ms: BTreeMap<EpochNumber, u64>,
    /// The witness that signs two close batches, and who holds the second.
    pub two_faced: Option<usize>,
    second: Vec<bool>,
}

pub fn batch(epoch: EpochNumber, store: usize, face: u8) -> Hash {
    Hash::of(&[&epoch.to_be_bytes(), &[store as u8, face]])
}

impl World {
    pub fn new(plan: &Plan, rng: &mut Rng) -> Self {
        let mut keys: Vec<_> = (0..plan.n).map(|i| SigningKey::from_bytes(&Hash::of(&[&[i as u8]]).0)).collect();
        keys.sort_by_key(|key| key.verifying_key().to_bytes());
        let late = |rng: &mut Rng, i: usize, j: usize| match () {
            () if plan.dead == Some(j) => NEVER,
            () if i == j || plan.late_ms == 0 => 0,
            // One store's batch reaches one witness never.
            () if plan.lost && (i, j) == (0, 1) => NEVER,
            () => rng.below(plan.late_ms),
        };
        let late_ms = (0..plan.n).map(|i| (0..plan.n).map(|j| late(rng, i, j)).collect()).collect();
        let second = (0..plan.n).map(|_| rng.percent(50)).collect();
        World { keys, late_ms, began_ms: BTreeMap::new(), two_faced: plan.two_faced, second }
    }

    pub fn public(&self) -> Vec<[u8; 32]> {
        self.keys.iter().map(|key| key.verifying_key().to_bytes()).collect()
    }

    pub fn header(&self, epoch: EpochNumber, store: usize, face: u8) -> CloseHeader {
        let batch = batch(epoch, store, face);
        let signature = self.keys[store].sign(&signing_bytes(&batch.to_cid(DAG_CBOR))).to_bytes();
        CloseHeader { batch, signature }
    }

    /// When witness `i` holds the batch of `store`; `None` for never.
    fn held_at(&self, i: usize, store: usize, epoch: EpochNumber) -> Option<u64> {
        let late = self.late_ms[i][store];
        (late != NEVER).then(|| self.began_ms.get(&epoch).copied().unwrap_or_default() + late)
    }

    /// The times at which the view of witness `i` changes in an epoch.
    pub fn changes(&self, i: usize, epoch: EpochNumber) -> Vec<u64> {
        (0..self.keys.len()).filter_map(|j| self.held_at(i, j, epoch)).collect()
    }

    fn store(&self, key: &[u8; 32]) -> usize {
        self.keys.iter().position(|k| k.verifying_key().to_bytes() == *key).expect("a witness")
    }
}

pub struct Eyes<'a> {
    pub world: &'a World,
    pub me: usize,
    pub now_ms: u64,
}

impl View for Eyes<'_> {
    fn close_batch(&self, store: &[u8; 32], epoch: EpochNumber) -> Option<Held> {
        let store = self.world.store(store);
        let since_ms = self.world.held_at(self.me, store, epoch).filter(|at| *at <= self.now_ms)?;
        Some(Held { header: self.world.header(epoch, store, 0), since_ms })
    }

    fn status(&self, store: &[u8; 32], epoch: EpochNumber, digest: &Hash) -> BatchStatus {
        let store = self.world.store(store);
        let held = self.world.held_at(self.me, store, epoch).is_some_and(|at| at <= self.now_ms);
        match () {
            () if *digest == batch(epoch, store, 0) && held => BatchStatus::HeldAndDescends,
            () if *digest == batch(epoch, store, 0) => BatchStatus::Unknown,
            () if self.world.two_faced == Some(store) && *digest == batch(epoch, store, 1) => {
                if self.world.second[self.me] { BatchStatus::HeldAndDescends } else { BatchStatus::Unknown }
            }
            () => BatchStatus::Refused,
        }
    }

    fn sealed(&self, _: EpochNumber) -> Option<Decision> {
        None
    }
}
