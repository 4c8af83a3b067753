//! What a witness is besides the height that runs: its set, its key behind the journal, its outbox.

use super::action::{Outbox, Pace, To};
use super::context::{Place, SealHeight, Witnesses};
use super::height::Tools;
use super::journal::Journal;
use super::signing::{ask_bytes, ballot_bytes, motion_bytes, verify};
use super::view::{Decision, Sight, View};
use super::wal::Wal;
use super::wire::{Ask, Decided, Wire};
use liaise_ledger::Hash;
use liaise_ledger::hash::DAG_CBOR;
use malachitebft_core_consensus::ThresholdParams;
use std::time::Duration;

/// All that is not one height's.
pub(super) struct Office<W> {
    pub network: Hash,
    pub set: Witnesses,
    pub me: Place,
    pub wait: Duration,
    pub pace: Pace,
    pub thresholds: ThresholdParams,
    pub journal: Journal<W>,
    pub outbox: Outbox,
}

impl<W: Wal> Office<W> {
    pub fn sight<'a>(&'a self, height: SealHeight, now_ms: u64, view: &'a dyn View) -> Sight<'a> {
        let wait_ms = self.wait.as_millis() as u64;
        Sight { view, set: &self.set, epoch: height.epoch(), now_ms, wait_ms }
    }

    pub fn tools<'a>(&'a mut self, height: SealHeight, now_ms: u64, view: &'a dyn View) -> Tools<'a, W> {
        let wait_ms = self.wait.as_millis() as u64;
        Tools {
            network: &self.network,
            pace: &self.pace,
            journal: &mut self.journal,
            outbox: &mut self.outbox,
            sight: Sight { view, set: &self.set, epoch: height.epoch(), now_ms, wait_ms },
        }
    }

    pub fn ask(&self, height: SealHeight) -> Wire {
        let signature = self.journal.sign_freely(&ask_bytes(&self.network, height));
        Wire::Ask(Ask { height, from: self.me, signature })
    }

    pub fn send(&mut self, to: Place, wire: &Wire) {
        if let Some(key) = self.set.key(to).map(|key| key.to_bytes()) {
            self.outbox.send(To::One(key), wire);
        }
    }

    /// Who signed a message; `None` where nobody did, or it has no single author.
    pub fn author(&self, wire: &Wire) -> Option<Place> {
        let (from, bytes, signature) = match wire {
            Wire::Vote(vote) => (vote.from, ballot_bytes(&self.network, vote), &vote.signature),
            Wire::Proposal(motion) => (motion.from, motion_bytes(&self.network, motion), &motion.signature),
            Wire::Ask(ask) => (ask.from, ask_bytes(&self.network, ask.height), &ask.signature),
            Wire::Polka(_) | Wire::Round(_) | Wire::Decided(_) => return None,
        };
        self.set.key(from).filter(|key| verify(key, &bytes, signature)).map(|_| from)
    }
}

pub(super) fn decision(decided: &Decided) -> Decision {
    Decision {
        epoch: decided.height.epoch(),
        batches: decided.batches.iter().map(|b| b.map(|digest| digest.to_cid(DAG_CBOR))).collect(),
        certificate: decided.certificate.clone(),
    }
}

/// `None` when a batch is no CID of a message.
pub(super) fn of_seal(seal: &Decision) -> Option<Decided> {
    let digest = |batch: &Option<_>| match batch {
        None => Some(None),
        Some(cid) => Hash::from_cid(cid).filter(|_| liaise_ledger::message::is_message_id(cid)).map(Some),
    };
    let batches = seal.batches.iter().map(digest).collect::<Option<Vec<_>>>()?;
    Some(Decided { height: SealHeight::of(seal.epoch)?, batches, certificate: seal.certificate.clone() })
}
