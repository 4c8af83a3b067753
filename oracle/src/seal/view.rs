//! What a witness has seen itself, and what follows for a vector that somebody proposes.

use super::certificate::places_needed;
use super::context::Witnesses;
use super::value::{CloseHeader, Vector};
use cid::Cid;
use liaise_ledger::{EpochNumber, Hash};

/// What this witness knows of a batch that is to stand for a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchStatus {
    /// It holds the batch and its chain; the batch is that store's `receipts` with `close` = the epoch, and descends from
    /// the store's last sealed batch (from nothing where none was sealed).
    HeldAndDescends,
    /// It lacks the batch or a part of its chain, and asks for them.
    Unknown,
    /// It is no such batch: another author or kind, another `close`, or it does not descend.
    Refused,
}

/// A close batch that this witness holds, with its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its proof.
    pub header: CloseHeader,
    /// Since when it is held, on the clock of `now_ms` of [`Agreement::handle`](super::Agreement::handle). After a restart
    /// the time of the restart will do: it only makes this witness more patient.
    pub since_ms: u64,
}

/// A decided vector with its proof: what becomes a `seal` message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The epoch.
    pub epoch: EpochNumber,
    /// The close batches by ascending key of their stores.
    pub batches: Vec<Option<Cid>>,
    /// For [`verify_certificate`](super::verify_certificate). Witnesses may hold different ones of one decision.
    pub certificate: Vec<u8>,
}

/// What the caller's store answers. Reads only, and quickly: it is asked while messages are handled.
pub trait View {
    /// The close batch of `store` for `epoch` that is [`BatchStatus::HeldAndDescends`] here, this store's own among them.
    fn close_batch(&self, store: &[u8; 32], epoch: EpochNumber) -> Option<Held>;

    /// What is known of a batch that somebody proposes for `store`.
    fn status(&self, store: &[u8; 32], epoch: EpochNumber, batch: &Hash) -> BatchStatus;

    /// The seal of an epoch that the agreement's log has dropped, to help a witness that comes back after long.
    fn sealed(&self, epoch: EpochNumber) -> Option<Decision>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accept,
    /// It may become acceptable when more is known.
    Wait,
    Refuse,
}

/// The view of one epoch at one time.
pub(super) struct Sight<'a> {
    pub view: &'a dyn View,
    pub set: &'a Witnesses,
    pub epoch: EpochNumber,
    pub now_ms: u64,
    /// How long a batch must have been held to refuse a null in its place.
    pub wait_ms: u64,
}

impl Sight<'_> {
    /// Judges a fresh vector. One with a polka needs no judge: two thirds have judged it.
    pub fn judge(&self, vector: &Vector) -> Verdict {
        let mut verdict =
            if vector.set() < places_needed(vector.places().len()) { Verdict::Refuse } else { Verdict::Accept };
        for (witness, place) in self.set.iter().zip(vector.places()) {
            let store = witness.key.as_bytes();
            let here = match place {
                None => match self.view.close_batch(store, self.epoch) {
                    Some(held) if self.now_ms.saturating_sub(held.since_ms) >= self.wait_ms => Verdict::Refuse,
                    _ => Verdict::Accept,
                },
                Some(header) => match self.view.status(store, self.epoch, &header.batch) {
                    BatchStatus::HeldAndDescends => Verdict::Accept,
                    BatchStatus::Unknown => Verdict::Wait,
                    BatchStatus::Refused => Verdict::Refuse,
                },
            };
            verdict = match (verdict, here) {
                (Verdict::Refuse, _) | (_, Verdict::Refuse) => return Verdict::Refuse,
                (Verdict::Wait, _) | (_, Verdict::Wait) => Verdict::Wait,
                _ => Verdict::Accept,
            };
        }
        verdict
    }

    /// What this witness would propose.
    pub fn vector(&self, network: &Hash) -> Vector {
        let place = |key| self.view.close_batch(key, self.epoch).map(|held| held.header);
        let places = self.set.iter().map(|w| place(w.key.as_bytes())).collect();
        Vector::new(network, self.epoch, places)
    }
}
