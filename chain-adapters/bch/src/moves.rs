//! What each path of the controller does to its state, as contracts/bch/lib/machine.mjs has it. Whether it may is asked in
//! `checks`.

use liaise_chain_api::PendingKind;
use liaise_summary::head::VETO_TAG;
use liaise_summary::{DaoAct, Epoch, EpochStatement, Hash32, OpenStatement, sha256};

use crate::state::{Controller, Keys, OPEN_ENDED};
use crate::terms::Terms;

impl Controller {
    /// Units of 512 s that the controller's UTXO must have stood before another statement is accepted.
    pub(crate) fn wait_units(&self, terms: &Terms) -> u32 {
        match (self.pending, self.spent) {
            (None, _) => 0,
            (Some(PendingKind::Open), _) | (_, true) => terms.long_units(),
            (Some(PendingKind::Epoch | PendingKind::Late), false) => terms.short_units(),
        }
    }

    /// What it says once that wait is over.
    pub(crate) fn matured(&self) -> Self {
        let opened = self.pending == Some(PendingKind::Open);
        let spent = self.spent && self.pending.is_none();
        let same = Self { pending: None, spent, ..self.clone() };
        match opened {
            false => same,
            true => Self { start: self.opening, next: self.opening, end: OPEN_ENDED, opening: 0, ..same },
        }
    }

    /// An EPOCH statement is accepted, under the last number again if it comes late.
    pub(crate) fn submitted(&self, statement: &EpochStatement, late: bool) -> Self {
        Self {
            pending: Some(if late { PendingKind::Late } else { PendingKind::Epoch }),
            next: statement.epoch.0.saturating_add(1),
            owed: statement.owed,
            owed_before: self.owed,
            head: statement.digest(),
            ..self.matured()
        }
    }

    /// An OPEN statement is accepted.
    pub(crate) fn opened(&self, statement: &OpenStatement) -> Self {
        let pending = Some(PendingKind::Open);
        let opening = statement.first.0;
        Self { pending, opening, owed_before: self.owed, head: statement.digest(), ..self.matured() }
    }

    /// The newest statement, which names `epoch`, is vetoed. `reason` is the reason's hash.
    pub(crate) fn vetoed(&self, epoch: Epoch, by_guardian: bool, reason: Hash32) -> Self {
        let owed = if self.pending == Some(PendingKind::Open) { self.owed } else { self.owed_before };
        Self {
            pending: None,
            spent: self.spent || by_guardian,
            next: if self.pending == Some(PendingKind::Epoch) { epoch.0 } else { self.next },
            opening: 0,
            owed,
            owed_before: owed,
            head: moved(self.head, reason),
            ..self.clone()
        }
    }

    /// The DAO acts. `opened` is what a hash in the act is the hash of: a key or a set.
    pub(crate) fn acted(&self, act: &DaoAct, opened: &Opened) -> Self {
        let keys = Keys { acts: self.keys.acts.saturating_add(1), ..self.keys.clone() };
        let same = self.clone();
        match (*act, opened) {
            (DaoAct::HandOver { epoch, new }, _) => Self { end: epoch.0, keys: Keys { target: new, ..keys }, ..same },
            (DaoAct::AdvanceHead { reason, .. }, _) => Self { head: moved(self.head, reason), keys, ..self.matured() },
            (DaoAct::DaoSet { set }, _) => Self { keys: Keys { dao: set, ..keys }, ..same },
            (DaoAct::Guardian { .. }, Opened::Key(guardian)) => {
                Self { keys: Keys { guardian: *guardian, ..keys }, ..same }
            }
            (DaoAct::Rotate { set }, _) => {
                Self { keys: Keys { version: keys.version.saturating_add(1), set, ..keys }, ..same }
            }
            (DaoAct::Guardian { .. }, _) => unreachable!("an act on the guardian shows its key"),
        }
    }
}

/// What an act shows beside its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    Nothing,
    Key(liaise_summary::CompressedKey),
    Set(liaise_summary::OracleSet),
    Dao(liaise_summary::DaoSet),
}

/// What a veto or an advance signs.
pub(crate) fn veto_message(head: Hash32, reason: Hash32) -> Vec<u8> {
    [&VETO_TAG[..], &head.0, &reason.0].concat()
}

fn moved(head: Hash32, reason: Hash32) -> Hash32 {
    sha256(&[&veto_message(head, reason)])
}
