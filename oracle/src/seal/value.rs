//! What the witnesses agree on: for each of them the close batch of the epoch, or nothing.

use super::bytes::Reader;
use cid::Cid;
use ed25519_dalek::VerifyingKey;
use liaise_ledger::hash::{DAG_CBOR, tag};
use liaise_ledger::message::{Signed, signing_bytes};
use liaise_ledger::{EpochNumber, Hash, ed25519};
use std::cmp::Ordering;

/// The most witnesses of a set, as in the genesis.
pub const MAX_WITNESSES: usize = 256;

/// Proof that a store signed a batch: the batch's digest and the store's signature over it, 96 bytes.
///
/// A message's signature covers the digest of its block, so the pair is as unforgeable as the whole batch of up to
/// 64 KiB, at a six-hundredth of its size. What it does not show, that the block is a `receipts` batch that closes the
/// epoch and descends from the store's last sealed one, every honest witness judges with the block in hand before it
/// votes for a fresh vector ([`View::status`](super::View::status)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseHeader {
    /// Digest of the batch's block: its CID is the CIDv1 of DAG-CBOR and SHA-256.
    pub batch: Hash,
    /// The store's Ed25519 signature, as it stands beside the block.
    pub signature: [u8; 64],
}

impl CloseHeader {
    /// The header of a signed message; `None` when its signature is not 64 bytes long.
    pub fn of(signed: &Signed) -> Option<Self> {
        let signature = signed.signature.as_slice().try_into().ok()?;
        Some(CloseHeader { batch: Hash::of(&[&signed.block]), signature })
    }

    /// The batch's CID.
    pub fn cid(&self) -> Cid {
        self.batch.to_cid(DAG_CBOR)
    }

    /// Whether the store signed it.
    pub fn is_signed_by(&self, store: &VerifyingKey) -> bool {
        ed25519::verify(store, &signing_bytes(&self.cid()), &self.signature)
    }
}

/// What is voted on: `H` over the network, the epoch and the batches' digests. The headers' signatures are no part of it:
/// they prove a place, they don't distinguish two vectors.
pub(super) fn value_id(network: &Hash, epoch: EpochNumber, batches: &[Option<Hash>]) -> Hash {
    let mut bytes = Vec::with_capacity(60 + batches.len() * 33);
    bytes.extend(tag("LIAISE/SEALVAL"));
    bytes.extend(network.0);
    bytes.extend(epoch.to_be_bytes());
    bytes.extend((batches.len() as u32).to_be_bytes());
    for batch in batches {
        bytes.push(batch.is_some() as u8);
        bytes.extend(batch.unwrap_or_default().0);
    }
    Hash::of(&[&bytes])
}

/// A vector with its proofs. Equal when the vectors are.
#[derive(Clone, Debug)]
pub(super) struct Vector {
    id: Hash,
    places: Vec<Option<CloseHeader>>,
}

impl Vector {
    pub fn new(network: &Hash, epoch: EpochNumber, places: Vec<Option<CloseHeader>>) -> Self {
        let batches: Vec<_> = places.iter().map(|p| p.map(|h| h.batch)).collect();
        Vector { id: value_id(network, epoch, &batches), places }
    }

    pub fn id(&self) -> Hash {
        self.id
    }

    pub fn places(&self) -> &[Option<CloseHeader>] {
        &self.places
    }

    pub fn batches(&self) -> Vec<Option<Hash>> {
        self.places.iter().map(|p| p.map(|h| h.batch)).collect()
    }

    /// How many places are set.
    pub fn set(&self) -> usize {
        self.places.iter().flatten().count()
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend((self.places.len() as u16).to_be_bytes());
        for place in &self.places {
            match place {
                None => out.push(0),
                Some(header) => {
                    out.push(1);
                    out.extend(header.batch.0);
                    out.extend(header.signature);
                }
            }
        }
    }

    pub fn decode(reader: &mut Reader<'_>, network: &Hash, epoch: EpochNumber) -> Option<Self> {
        let count = usize::from(reader.u16()?);
        let mut places = Vec::new();
        for _ in 0..count {
            places.push(match reader.u8()? {
                0 => None,
                1 => Some(CloseHeader { batch: Hash(reader.array()?), signature: reader.array()? }),
                _ => return None,
            });
        }
        (count <= MAX_WITNESSES).then(|| Vector::new(network, epoch, places))
    }
}

impl PartialEq for Vector {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Vector {}

impl PartialOrd for Vector {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Vector {
    fn cmp(&self, other: &Self) -> Ordering {
        self.id.cmp(&other.id)
    }
}
