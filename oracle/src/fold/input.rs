//! What a fold reads: the seal, what it newly counts, and the messages. Independent of how anybody stores them.

use std::collections::BTreeMap;
use std::sync::Arc;

use cid::Cid;
use liaise_ledger::beacon::RoundSignature;
use liaise_ledger::body::{Body, Seal};
use liaise_ledger::genesis::Genesis;
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::{Author, EpochNumber, Hash, Verified};

use super::FoldError;
use super::fact::{Fact, Kind, Says, digest};
use super::lot::Kept;
use super::part::{Part, Place};
use super::receipts::both;
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

    /// The draw of a ticket with a digest, if it was worked out when its round came.
    ///
    /// # Errors
    /// The medium fails.
    fn draw(&self, _ticket: &Hash) -> Result<Option<Kept>, FoldError> {
        Ok(None)
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
        load_needed(ledger, genesis, before, &mut part)?;
        collect_older(ledger, genesis, before, &mut part)?;
        for round in part.named_rounds() {
            if let Some(signature) = ledger.round(round)? {
                part.rounds.insert(round, signature);
            }
        }
        if ledger.has_verified_rounds() {
            part.verified = part.rounds.clone();
        }
        collect_draws(ledger, &mut part)?;
        Ok(EpochInput { seal, part })
    }
}

/// Draws, as far as they were worked out before.
fn collect_draws(ledger: &impl Ledger, part: &mut Part) -> Result<(), FoldError> {
    for place in 0..part.len() as Place {
        let is_ticket = part.row(place).is_some_and(|row| row.kind() == Kind::Ticket);
        if is_ticket && let Some(kept) = ledger.draw(part.id(place))? {
            part.keep_draw(place, kept);
        }
    }
    Ok(())
}

/// Loads the messages that a fold can't do without: what is observed and not done with, and what a quorum of witnesses has
/// given receipts for, so that honest ones have it. Of anything less only the receipts matter: a dishonest witness can give
/// one for a message that does not exist.
fn load_needed(ledger: &impl Ledger, genesis: &Genesis, before: &FoldState, part: &mut Part) -> Result<(), FoldError> {
    let quorum = genesis.quorum();
    let take = |part: &mut Part, id: &Cid| -> Result<(), FoldError> {
        let fact = Fact::of(&*load(ledger, id)?);
        match &fact.says {
            Says::Session(delegation) => _ = delegation.outcome(genesis),
            Says::Link(joining) => _ = joining.outcome(genesis),
            _ => {}
        }
        part.insert(&digest(id), fact);
        Ok(())
    };
    for place in 0..part.len() as Place {
        let id = part.id(place).to_cid(DAG_CBOR);
        if !before.carry.contains_key(&id) && part.receipts().count_of(place) >= quorum {
            take(part, &id)?;
        }
    }
    for (id, carried) in &before.carry {
        let is_counted = || both(&carried.receipts, part.receipts_of(id).into_iter()).len() >= quorum;
        if carried.observation.is_some() || is_counted() {
            take(part, id)?;
        }
    }
    Ok(())
}

fn load(ledger: &impl Ledger, id: &Cid) -> Result<Arc<Verified>, FoldError> {
    ledger.message(id)?.ok_or(FoldError::MissingMessage(*id))
}

/// A sealed batch, without what its message says beside that.
struct Batch {
    boot: Hash,
    first: u64,
    /// Message, monotonic clock, wall clock.
    receipts: Vec<(Hash, u64, u64)>,
}

/// Counts the receipts of one store between `last` and its close batch, oldest first.
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
    let mut chain: Vec<Batch> = vec![];
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
        let rows = receipts.receipts.iter().map(|receipt| (digest(&receipt.id), receipt.mono_ns, receipt.wall_ms));
        chain.push(Batch { boot, first: receipts.first, receipts: rows.collect() });
        next = receipts.previous;
    }
    for Batch { boot, first, receipts } in chain.into_iter().rev() {
        for (seq, (id, mono_ns, wall_ms)) in (first..).zip(receipts) {
            part.count(&id, &StoreReceipt { store, seq, boot, mono_ns, wall_ms });
        }
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
    // Parents are numbered with what names them; what is counted is not among those that may be old.
    for place in 0..part.len() as Place {
        if part.row(place).is_some() {
            continue;
        }
        let id = *part.id(place);
        let parent = id.to_cid(DAG_CBOR);
        let is_done = before.done(&id).is_some();
        if !is_done && ledger.counted_by(&parent, &before.shared.closes)? >= genesis.quorum() {
            part.older.insert(id);
        }
    }
    Ok(())
}
