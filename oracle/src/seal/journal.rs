//! The log, the guard and the key behind one door: nothing is signed that is not written down.

use super::context::{SealContext, SealHeight, Sig};
use super::error::SealError;
use super::guard::{Guard, Permit, Step};
use super::record::{self, Record};
use super::signing::sign;
use super::wal::Wal;
use super::wire::Decided;
use ed25519_dalek::SigningKey;
use liaise_ledger::Hash;
use malachitebft_core_consensus::Input;
use std::collections::{BTreeMap, BTreeSet};

/// How many decisions a log keeps to answer witnesses that come late.
pub(super) const KEPT_DECISIONS: usize = 16;

/// Why the library's effect was not carried out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The log failed, now or before: see [`Journal::error`].
    Halted,
    /// The guard refused the signature.
    Guard,
    /// A case that this use of the library never meets.
    Unexpected,
}

/// Inputs of undecided heights, in the log's order.
pub(super) type Inputs = Vec<(SealHeight, Box<Input<SealContext>>)>;

pub(super) struct Journal<W> {
    wal: W,
    key: SigningKey,
    guard: Guard,
    /// Digests of the records of undecided heights: a replay asks again for what is logged.
    written: BTreeSet<Hash>,
    decisions: BTreeMap<SealHeight, Decided>,
    halted: bool,
    error: Option<SealError>,
    /// Off only where a test shows what it is for.
    pub guarded: bool,
    pub refused_signatures: u64,
}

impl<W: Wal> Journal<W> {
    /// Reads the log.
    pub fn open(mut wal: W, key: SigningKey, network: &Hash) -> Result<(Self, Inputs), SealError> {
        let records = wal.replay()?;
        let mut journal = Journal {
            wal,
            key,
            guard: Guard::default(),
            written: BTreeSet::new(),
            decisions: BTreeMap::new(),
            halted: false,
            error: None,
            guarded: true,
            refused_signatures: 0,
        };
        let mut inputs = Vec::new();
        for (number, bytes) in records.iter().enumerate() {
            match record::decode(bytes, network).ok_or(SealError::Record(number))? {
                Record::Input(height, input) => inputs.push((height, input)),
                Record::Signed(step, message) => journal.guard.signed(step, message),
                Record::Decided(decided) => {
                    journal.guard.decided(decided.height);
                    journal.decisions.insert(decided.height, decided);
                }
            }
            journal.written.insert(Hash::of(&[bytes]));
        }
        let last = journal.last();
        inputs.retain(|(height, _)| Some(*height) > last);
        Ok((journal, inputs))
    }

    /// The highest height that is decided.
    pub fn last(&self) -> Option<SealHeight> {
        self.decisions.last_key_value().map(|(height, _)| *height)
    }

    pub fn decision(&self, height: SealHeight) -> Option<&Decided> {
        self.decisions.get(&height)
    }

    pub fn is_halted(&self) -> bool {
        self.halted
    }

    /// The error that halted it, once.
    pub fn take_error(&mut self) -> SealError {
        self.error.take().unwrap_or(SealError::Halted)
    }

    fn halt(&mut self, error: SealError) -> Refusal {
        self.halted = true;
        self.error = Some(error);
        Refusal::Halted
    }

    /// Durable on `Ok`. A record that is in the log already is not written again.
    pub fn append(&mut self, record: &[u8]) -> Result<(), Refusal> {
        if self.halted {
            return Err(Refusal::Halted);
        }
        if !self.written.insert(Hash::of(&[record])) {
            return Ok(());
        }
        self.wal.append(record).map_err(|e| self.halt(e.into()))
    }

    pub fn sign(&mut self, step: Step, message: Vec<u8>) -> Result<Sig, Refusal> {
        if self.halted {
            return Err(Refusal::Halted);
        }
        if self.guarded {
            match self.guard.permit(step, &message) {
                Permit::Again => {}
                Permit::New => {
                    self.append(&record::encode_signed(step, &message))?;
                    self.guard.signed(step, message.clone());
                }
                Permit::Refused => {
                    self.refused_signatures += 1;
                    tracing::error!(?step, "refused to sign a second message for one step; this witness abstains");
                    return Err(Refusal::Guard);
                }
            }
        }
        Ok(sign(&self.key, &message))
    }

    /// Signs what may be said more than once.
    pub fn sign_freely(&self, message: &[u8]) -> Sig {
        sign(&self.key, message)
    }

    /// Keeps a decision and drops what led to it: nothing at its height is signed any more.
    pub fn decide(&mut self, decided: Decided) -> Result<(), Refusal> {
        let height = decided.height;
        self.append(&record::encode_decided(&decided))?;
        self.guard.decided(height);
        self.decisions.insert(height, decided);
        while self.decisions.len() > KEPT_DECISIONS {
            self.decisions.pop_first();
        }
        let keep: Vec<_> = self.decisions.values().map(record::encode_decided).collect();
        self.wal.truncate(&keep).map_err(|e| self.halt(e.into()))?;
        self.written = keep.iter().map(|record| Hash::of(&[record])).collect();
        Ok(())
    }
}
