//! What a fold reads: the seal, what it newly counts, and the messages. Independent of how anybody stores them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cid::Cid;
use liaise_ledger::beacon::RoundSignature;
use liaise_ledger::body::{Body, Seal};
use liaise_ledger::genesis::Genesis;
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::{Author, EpochNumber, Hash, Verified};

use super::FoldError;
use super::fact::{Fact, digest};
use super::shared::Close;
use super::state::{FoldState, StoreReceipt};

/// Where messages and rounds come from. The store is one; an artefact's CAR file and a test's map are others.
pub trait Ledger {
    /// A message whose form and signature were checked.
    ///
    /// # Errors
    /// The medium fails. A message that is not there is no error.
    fn message(&self, id: &Cid) -> Result<Option<Arc<Verified>>, FoldError>;

    /// A beacon round's signature.
    ///
    /// # Errors
    /// The medium fails.
    fn round(&self, round: u64) -> Result<Option<RoundSignature>, FoldError>;

    /// Whether rounds were verified before they were kept. Otherwise the fold verifies them, which takes 1.5 ms each.
    fn has_verified_rounds(&self) -> bool {
        false
    }

    /// How many witnesses have a receipt for a message in their chains up to these sealed batches. Asked only of parents
    /// that the state has forgotten.
    ///
    /// # Errors
    /// The medium fails.
    fn counted_by(&self, id: &Cid, sealed: &[Close]) -> Result<usize, FoldError>;
}

/// What a seal says: of each witness, in key order, the batch that closes the epoch for it, or null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealVector {
    /// The epoch that it closes.
    pub epoch: EpochNumber,
    /// Close batches by store key.
    pub batches: BTreeMap<Hash, Option<Cid>>,
}

impl SealVector {
    /// Puts a seal's batches beside the keys of the witness set.
    ///
    /// # Errors
    /// [`FoldError::Seal`]: another number of batches than witnesses, or fewer than Q of them set.
    pub fn new(genesis: &Genesis, seal: &Seal) -> Result<SealVector, FoldError> {
        let epoch = seal.epoch;
        let keys = &genesis.stores.keys;
        if keys.len() != seal.batches.len() {
            return Err(FoldError::Seal { epoch, why: "it has not one place for each witness" });
        }
        if seal.batches.iter().flatten().count() < genesis.quorum() {
            return Err(FoldError::Seal { epoch, why: "it has fewer batches than the quorum" });
        }
        let batches = keys.iter().map(|key| Hash(*key)).zip(seal.batches.iter().copied()).collect();
        Ok(SealVector { epoch, batches })
    }

    /// `H` of the vector: epoch i64, then of each store in key order a byte 0, or 1 and the batch's digest.
    pub fn digest(&self) -> Hash {
        let mut bytes = self.epoch.to_be_bytes().to_vec();
        for batch in self.batches.values() {
            match batch {
                None => bytes.push(0),
                Some(cid) => {
                    bytes.push(1);
                    bytes.extend(cid.hash().digest());
                }
            }
        }
        Hash::of(&[&bytes])
    }
}

/// The receipts of one message: each store's first, by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted(Vec<StoreReceipt>);

impl Counted {
    /// Takes in a receipt, if it is its store's first.
    pub fn add(&mut self, receipt: StoreReceipt) {
        match self.0.binary_search_by(|known| known.store.cmp(&receipt.store)) {
            Ok(i) if receipt.seq < self.0[i].seq => self.0[i] = receipt,
            Ok(_) => {}
            Err(i) => self.0.insert(i, receipt),
        }
    }

    /// The receipts, by store.
    pub fn values(&self) -> std::slice::Iter<'_, StoreReceipt> {
        self.0.iter()
    }

    /// The receipts, by store.
    pub fn as_slice(&self) -> &[StoreReceipt] {
        &self.0
    }
}

impl std::ops::Index<&Hash> for Counted {
    type Output = StoreReceipt;

    /// A store's first receipt.
    ///
    /// # Panics
    /// The store has given none.
    fn index(&self, store: &Hash) -> &StoreReceipt {
        self.0.iter().find(|receipt| receipt.store == *store).expect("the store has given a receipt")
    }
}

/// A part of what a fold reads, or all of it. Parts merge in any order, also twice.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// Receipts of sealed batches, by message.
    pub receipts: BTreeMap<Cid, Counted>,
    /// What messages say, by id.
    pub messages: BTreeMap<Cid, Fact>,
    /// Beacon rounds.
    pub rounds: BTreeMap<u64, RoundSignature>,
    /// Those of them that were verified before.
    pub verified: BTreeMap<u64, RoundSignature>,
    /// Parents that the state has forgotten and that were counted long ago.
    pub older: BTreeSet<Cid>,
}

impl Part {
    /// Takes in another part.
    pub fn merge(&mut self, other: Part) {
        for (id, receipts) in other.receipts {
            receipts.values().for_each(|receipt| self.count(id, *receipt));
        }
        self.messages.extend(other.messages);
        self.rounds.extend(other.rounds);
        self.verified.extend(other.verified);
        self.older.extend(other.older);
    }

    /// The messages that a fold can't do without: what is observed and not done with, and what a quorum of witnesses has
    /// given receipts for, so that honest ones have it. Of anything less only the receipts matter: a dishonest witness can
    /// give one for a message that does not exist.
    pub fn needed(&self, genesis: &Genesis, before: &FoldState) -> BTreeSet<Cid> {
        let quorum = genesis.quorum();
        let counted = self.receipts.iter().filter(|(id, counted)| match before.carry.get(*id) {
            None => counted.as_slice().len() >= quorum,
            Some(carried) => {
                let is_new = |receipt: &&StoreReceipt| carried.receipts.iter().all(|r| r.store != receipt.store);
                carried.receipts.len() + counted.values().filter(is_new).count() >= quorum
            }
        });
        let carried = before.carry.iter().filter(|(_, c)| c.observation.is_some() || c.receipts.len() >= quorum);
        counted.map(|(id, _)| *id).chain(carried.map(|(id, _)| *id)).collect()
    }

    /// Counts a receipt, if it is its store's first for the message.
    pub fn count(&mut self, id: Cid, receipt: StoreReceipt) {
        self.receipts.entry(id).or_default().add(receipt);
    }

    /// The rounds that these messages name.
    pub fn named_rounds(&self) -> BTreeSet<u64> {
        let named: std::collections::HashSet<u64> = self.messages.values().filter_map(Fact::round).collect();
        named.into_iter().collect()
    }
}

/// All that the fold of one epoch reads beside the state before it.
#[derive(Clone, Debug)]
pub struct EpochInput {
    /// The seal.
    pub seal: SealVector,
    /// What it counts.
    pub part: Part,
}

impl EpochInput {
    /// Walks every store's sealed batches back to the ones sealed before, and collects what they name.
    ///
    /// # Errors
    /// Something is missing ([`FoldError::MissingMessage`], [`FoldError::MissingRounds`]), or the chain of a store is not
    /// the one that was sealed.
    pub fn collect(
        ledger: &impl Ledger,
        genesis: &Genesis,
        before: &FoldState,
        seal: &Seal,
    ) -> Result<EpochInput, FoldError> {
        let seal = SealVector::new(genesis, seal)?;
        let mut part = Part::default();
        for (store, batch) in &seal.batches {
            let last = before.shared.last_close(store);
            if let Some(batch) = batch {
                count_chain(ledger, *store, *batch, last, seal.epoch, &mut part)?;
            }
        }
        for id in part.needed(genesis, before) {
            let message = load(ledger, &id)?;
            let fact = Fact::of(&message);
            fact.session(genesis);
            part.messages.insert(id, fact);
        }
        collect_older(ledger, genesis, before, &mut part)?;
        for round in part.named_rounds() {
            if let Some(signature) = ledger.round(round)? {
                part.rounds.insert(round, signature);
            }
        }
        if ledger.has_verified_rounds() {
            part.verified = part.rounds.clone();
        }
        Ok(EpochInput { seal, part })
    }
}

fn load(ledger: &impl Ledger, id: &Cid) -> Result<Arc<Verified>, FoldError> {
    ledger.message(id)?.ok_or(FoldError::MissingMessage(*id))
}

/// Counts the receipts of one store from its close batch back to `last`.
fn count_chain(
    ledger: &impl Ledger,
    store: Hash,
    close: Cid,
    last: Option<Cid>,
    epoch: EpochNumber,
    part: &mut Part,
) -> Result<(), FoldError> {
    let wrong = |batch: Cid, why| FoldError::Chain { store, batch: Box::new(batch), why };
    let mut next = Some(close);
    let mut end: Option<u64> = None;
    while next != last {
        let batch = next.ok_or_else(|| wrong(close, "it does not descend from the last sealed one"))?;
        let message = load(ledger, &batch)?;
        let Body::Receipts(receipts) = &message.message.body else {
            return Err(wrong(batch, "it is no batch of receipts"));
        };
        if message.message.author != Author::Store(store.0) {
            return Err(wrong(batch, "another store signed it"));
        }
        if batch == close && receipts.close != Some(epoch) {
            return Err(wrong(batch, "it does not close this epoch"));
        }
        let after = receipts.first + receipts.receipts.len() as u64;
        if end.is_some_and(|end| end != after) {
            return Err(wrong(batch, "the next batch does not continue its sequence"));
        }
        end = Some(receipts.first);
        let mut boot = Hash::ZERO;
        boot.0[..16].copy_from_slice(receipts.boot.as_ref());
        for (seq, receipt) in (receipts.first..).zip(&receipts.receipts) {
            let counted = StoreReceipt { store, seq, boot, mono_ns: receipt.mono_ns, wall_ms: receipt.wall_ms };
            part.count(receipt.id, counted);
        }
        next = receipts.previous;
    }
    Ok(())
}

/// Parents that neither the state nor this seal knows: whether their receipts were counted long ago.
fn collect_older(
    ledger: &impl Ledger,
    genesis: &Genesis,
    before: &FoldState,
    part: &mut Part,
) -> Result<(), FoldError> {
    let mut absent = BTreeSet::new();
    for fact in part.messages.values() {
        let parents = fact.parents.iter().map(|parent| parent.to_cid(DAG_CBOR));
        absent.extend(parents.filter(|parent| !part.messages.contains_key(parent)));
    }
    for parent in absent {
        let is_done = before.done(&digest(&parent)).is_some();
        if !is_done && ledger.counted_by(&parent, &before.shared.closes)? >= genesis.quorum() {
            part.older.insert(parent);
        }
    }
    Ok(())
}
