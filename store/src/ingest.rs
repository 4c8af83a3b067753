//! The way in: cheap checks, signatures in batches, then one write for all that is new, and the wait until it is durable.

use crate::commit::Commit;
use crate::error::StoreError;
use crate::layout::{IDS, read_u64};
use crate::refusal::{IngestReport, Outcome, RefuseReason, Status};
use crate::store::{Inner, Store};
use liaise_ledger::message::MAX_MESSAGE_BYTES;
use liaise_ledger::{Body, Hash, MessageError, Signed, Verified};

/// Where messages come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Somebody hands them in now.
    Now,
    /// A file of old messages: sessions that have ended since are no reason to refuse them.
    History,
}

enum Looked {
    Known(Outcome),
    New(Box<Verified>),
}

impl Store {
    /// Verifies messages and stores those that are good, all in one synced write. What is refused is told and harms no
    /// other. A witness signs receipts for what it stored; they are durable before this returns, as the messages are.
    ///
    /// Messages may come in any order, but one whose session is not here yet is refused; within one call the order does
    /// not matter. Parents, predecessors and tasks may be missing.
    ///
    /// # Errors
    /// Reading or writing failed. After a failed write the store takes no more: see [`StoreError::Halted`].
    pub fn ingest(&self, messages: Vec<Signed>) -> Result<IngestReport, StoreError> {
        self.ingest_from(messages, Source::Now)
    }

    pub(crate) fn ingest_from(&self, messages: Vec<Signed>, source: Source) -> Result<IngestReport, StoreError> {
        let inner = &*self.inner;
        let looked = messages.into_iter().map(|signed| inner.look(signed)).collect::<Result<Vec<_>, _>>()?;
        // Signatures are verified before the lock is taken: calls on several threads use several cores.
        let new: Vec<&Verified> = looked
            .iter()
            .filter_map(|looked| match looked {
                Looked::New(message) => Some(&**message),
                Looked::Known(_) => None,
            })
            .collect();
        let mut good = inner.verifier.verify(&new).into_iter();
        let mut outcomes = Vec::with_capacity(looked.len());
        let mut fresh = Vec::with_capacity(looked.len());
        for (position, looked) in looked.into_iter().enumerate() {
            outcomes.push(match looked {
                Looked::Known(outcome) => outcome,
                Looked::New(message) => {
                    let refused = Status::Refused(MessageError::Signature.into());
                    let outcome = Outcome { id: Some(message.id), status: refused };
                    if good.next() == Some(true) {
                        fresh.push((position, message));
                    }
                    outcome
                }
            });
        }
        let mut writer = inner.writer();
        let mut commit = Commit::new(inner, &mut writer, source);
        // A message's small rows are some 700 bytes.
        commit.staged.reserve(fresh.iter().map(|(_, message)| message.signed.block.len() + 800).sum());
        commit.announce(fresh.iter().map(|(_, message)| &**message));
        for outcome in &outcomes {
            if let (Some(id), Status::Duplicate { .. }) = (&outcome.id, &outcome.status) {
                commit.receipt_again(id)?;
            }
        }
        // Sessions first: they open the way for others of the same call, and followers must meet them first too.
        let (sessions, others): (Vec<_>, Vec<_>) =
            fresh.into_iter().partition(|(_, message)| matches!(message.message.body, Body::Session(_)));
        for (position, message) in sessions.into_iter().chain(others) {
            outcomes[position].status = commit.take(&message)?;
        }
        let appended = commit.finish(None)?;
        self.purge_pending(&mut writer)?;
        // Others may go on while this call waits for the disk.
        drop(writer);
        let (receipts, equivocations) = appended.settle(inner)?;
        Ok(IngestReport { outcomes, receipts, equivocations })
    }
}

impl Inner {
    /// Everything that can be said of a message without its signature or its session.
    fn look(&self, signed: Signed) -> Result<Looked, StoreError> {
        let refuse = |id, reason: RefuseReason| Looked::Known(Outcome { id, status: Status::Refused(reason) });
        if signed.block.len() > MAX_MESSAGE_BYTES {
            return Ok(refuse(None, MessageError::TooLarge(signed.block.len()).into()));
        }
        let digest = Hash::of(&[&signed.block]);
        let id = digest.to_cid(liaise_ledger::hash::DAG_CBOR);
        if let Some(seq) = self.position(&digest)? {
            return Ok(Looked::Known(Outcome { id: Some(id), status: Status::Duplicate { seq } }));
        }
        Ok(match Verified::check_named(signed, id, self.network) {
            Ok(message) => Looked::New(Box::new(message)),
            Err(error) => refuse(Some(id), error.into()),
        })
    }

    /// The place of a message in the order of arrival.
    pub fn position(&self, digest: &Hash) -> Result<Option<u64>, StoreError> {
        let row = self.db.get(IDS, &digest.0)?;
        row.map(|row| read_u64(&row).ok_or_else(|| StoreError::corrupt("an id without a place"))).transpose()
    }
}
