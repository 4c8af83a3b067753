//! What the oracles have signed, read from a copy of the ledger.

use liaise_ledger::body::Body;
use liaise_ledger::{Author, EpochNumber};
use liaise_node::Replica;
use liaise_oracle::quorum::ATTESTATION_BYTES;
use liaise_summary::Statement;
use std::collections::{BTreeMap, BTreeSet};

/// Who signed what, by the bytes that were signed.
pub type Signed = BTreeMap<Vec<u8>, BTreeSet<[u8; 33]>>;

/// Attestations of epochs' histories, and EPOCH statements by epoch and head.
#[derive(Default)]
pub struct Votes {
    /// By epoch.
    pub histories: BTreeMap<EpochNumber, Signed>,
    /// By epoch and the head that they follow.
    pub statements: BTreeMap<(u32, [u8; 32]), Signed>,
}

impl Votes {
    /// All votes that a copy of the ledger holds.
    pub fn read(replica: &Replica) -> Votes {
        let mut votes = Votes::default();
        for id in replica.store.kind("vote").unwrap() {
            let message = replica.store.load(&id).unwrap().unwrap().message;
            let (Author::Oracle(oracle), Body::Vote(vote)) = (message.author, message.body) else { continue };
            let bytes = vote.statement.to_vec();
            let signed = if bytes.len() == ATTESTATION_BYTES {
                // Tag 16, network 32, epoch 4, digest 32.
                let epoch = i32::from_be_bytes(bytes[48..52].try_into().unwrap());
                votes.histories.entry(epoch.into()).or_default()
            } else if let Ok(Statement::Epoch(statement)) = Statement::decode(&bytes) {
                votes.statements.entry((statement.epoch.0, statement.head.0)).or_default()
            } else {
                continue;
            };
            signed.entry(bytes).or_default().insert(oracle);
        }
        votes
    }
}
