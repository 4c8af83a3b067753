//! One write: the rows of new messages, and the receipts that go with them.

use crate::admission::Admitted;
use crate::db::Ticket;
use crate::error::StoreError;
use crate::ingest::Source;
use crate::layout::*;
use crate::refusal::{RefuseReason, Status, Twice};
use crate::sessions::SessionRow;
use crate::staged::Staged;
use crate::store::{Inner, Writer, to_hex};
use cid::Cid;
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::message::Place;
use liaise_ledger::session::SessionOutcome;
use liaise_ledger::{Author, Body, Draft, Hash, Signer, Verified};
use std::collections::{HashMap, HashSet};

/// Gathers what one call stores and appends it at once. Dropped without [`Commit::finish`], nothing has happened.
///
/// It sees what others have appended and what readers don't see yet, where it asks [`Commit::staged`] or the writer. Whoever
/// scans meanwhile has the database [settle](crate::db::Db::settle) first.
pub(crate) struct Commit<'a> {
    pub inner: &'a Inner,
    pub writer: &'a mut Writer,
    source: Source,
    pub staged: Staged<'a>,
    next: u64,
    sessions: HashMap<Vec<u8>, SessionRow>,
    /// Messages that witnesses' batches of this very call name.
    announced: HashSet<Hash>,
    pub wanted: Vec<Hash>,
    arrived: Vec<Hash>,
    pub to_receipt: Vec<Cid>,
    twice: Vec<Twice>,
    /// The place of the witness' own next message.
    own: Place,
    pub moved: bool,
    purging: bool,
}

impl<'a> Commit<'a> {
    pub fn new(inner: &'a Inner, writer: &'a mut Writer, source: Source) -> Commit<'a> {
        let (next, own, moved) = (writer.next, writer.own.clone(), writer.moved);
        Commit {
            inner,
            writer,
            source,
            staged: Staged::new(&inner.db),
            next,
            sessions: HashMap::new(),
            announced: HashSet::new(),
            wanted: Vec::new(),
            arrived: Vec::new(),
            to_receipt: Vec::new(),
            twice: Vec::new(),
            own,
            moved,
            purging: false,
        }
    }

    /// Notes which messages witnesses' batches of this call name: what a witness has received counts, even where this
    /// store's clock would come too late for it.
    pub fn announce<'m>(&mut self, messages: impl Iterator<Item = &'m Verified>) {
        for message in messages {
            if let Body::Receipts(batch) = &message.message.body
                && self.inner.is_member(&message.message.author)
            {
                self.announced.extend(batch.receipts.iter().filter_map(|receipt| Hash::from_cid(&receipt.id)));
            }
        }
    }

    /// Judges a message whose signature was checked, and stages it.
    pub fn take(&mut self, message: &Verified) -> Result<Status, StoreError> {
        let digest = digest(&message.id);
        if let Some(row) = self.staged.get(IDS, &digest.0)? {
            let seq = read_u64(&row).ok_or_else(|| StoreError::corrupt("an id without a place"))?;
            return Ok(Status::Duplicate { seq });
        }
        match self.admit(message, &digest)? {
            Ok(admitted) => {
                if let Admitted::Session(session) = &admitted {
                    self.take_session(session)?;
                }
                if self.is_own(&message.message.author) && !self.moved {
                    tracing::error!("this store's witness key has signed elsewhere: it signs nothing more here");
                    self.moved = true;
                    self.staged.put(META, &[META_MOVED], &[]);
                }
                Ok(Status::Accepted { seq: self.store(message, digest)? })
            }
            Err(reason) => Ok(Status::Refused(reason)),
        }
    }

    fn admit(&mut self, message: &Verified, digest: &Hash) -> Result<Result<Admitted, RefuseReason>, StoreError> {
        let session = match &message.message.author {
            Author::Account(account) => self.session(&SessionRow::row_key(account, &message.message.key))?,
            _ => SessionRow::default(),
        };
        let admitted = self.inner.admit(message, &session);
        let late = match (&admitted, self.inner.witness.is_some() && self.source == Source::Now) {
            (Ok(admitted), true) => self.inner.untimely(admitted, &session, &message.message.author),
            _ => None,
        };
        match late {
            Some(reason) if !self.receipted_elsewhere(digest)? => Ok(Err(reason)),
            _ => Ok(admitted),
        }
    }

    fn receipted_elsewhere(&self, digest: &Hash) -> Result<bool, StoreError> {
        if self.announced.contains(digest) {
            return Ok(true);
        }
        self.inner.db.settle()?;
        Ok(self.inner.db.scan(RECEIPTS, &digest.0, &[])?.next().is_some())
    }

    fn session(&mut self, key: &[u8]) -> Result<SessionRow, StoreError> {
        if let Some(row) = self.sessions.get(key).or_else(|| self.writer.sessions.get(key)) {
            return Ok(*row);
        }
        let row = match self.staged.get(SESSIONS, key)? {
            Some(bytes) => SessionRow::decode(&bytes).ok_or_else(|| StoreError::corrupt("a session's row"))?,
            None => return Ok(SessionRow::default()),
        };
        self.sessions.insert(key.to_vec(), row);
        Ok(row)
    }

    fn take_session(&mut self, outcome: &SessionOutcome) -> Result<(), StoreError> {
        let (account, key) = match outcome {
            SessionOutcome::Grant(grant) => (&grant.account, &grant.key),
            SessionOutcome::Revocation(revocation) => (&revocation.account, &revocation.key),
        };
        let key = SessionRow::row_key(account, key);
        let mut row = self.session(&key)?;
        row.merge(outcome);
        self.staged.put(SESSIONS, &[&key], &[&row.encode()]);
        self.sessions.insert(key, row);
        Ok(())
    }

    fn is_own(&self, author: &Author) -> bool {
        matches!(author, Author::Store(key) if self.is_own_key(key))
    }

    fn is_own_key(&self, key: &[u8]) -> bool {
        self.inner.witness.as_ref().is_some_and(|witness| witness.key == key)
    }

    /// Stages the rows of a message.
    fn store(&mut self, message: &Verified, digest: Hash) -> Result<u64, StoreError> {
        let seq = self.next;
        self.next += 1;
        let place = seq.to_be_bytes();
        let body = &message.message.body;
        self.staged.put(MESSAGES, &[&place], &[&message.signed.signature, &message.signed.block]);
        self.staged.put(IDS, &[&digest.0], &[&place]);
        self.staged.put(KINDS, &[&[kind_of(body)], &place], &[&digest.0]);
        if let Some(task) = &message.message.task {
            self.staged.put(TASKS, &[task.hash().digest(), &place], &[&digest.0]);
        }
        for parent in &message.message.parents {
            self.staged.put(CHILDREN, &[parent.hash().digest(), &place], &[&digest.0]);
        }
        self.store_place(message, digest, seq)?;
        match body {
            Body::Receipts(batch) => self.store_receipts(message, digest, seq, batch)?,
            Body::Seal(seal) => self.staged.put(SEALS, &[&epoch_bytes(seal.epoch), &place], &[&digest.0]),
            Body::RetrievalAdd(add) => {
                self.store_uses(digest, add.chunks.iter().map(|chunk| &chunk.blob));
                self.mark_purging(digest);
            }
            Body::Result(result) if !result.blobs.is_empty() => {
                self.store_uses(digest, result.blobs.iter());
                self.mark_purging(digest);
            }
            Body::RetrievalRemove(_) => self.mark_purging(digest),
            _ => {}
        }
        if self.writer.wanted.contains(&digest) {
            self.staged.delete(WANTED, &digest.0);
            self.arrived.push(digest);
        }
        if body.is_receipted() {
            self.to_receipt.push(message.id);
        }
        Ok(seq)
    }

    fn store_uses<'m>(&mut self, digest: Hash, blobs: impl Iterator<Item = &'m Cid>) {
        for blob in blobs {
            self.staged.put(USES, &[blob.hash().digest(), &digest.0], &[]);
        }
    }

    /// What it means for blobs is carried out after the write, and again after a crash in between.
    fn mark_purging(&mut self, digest: Hash) {
        self.staged.put(PURGING, &[&digest.0], &[]);
        self.purging = true;
    }

    /// The key's own sequence: who stands at a place first, and who stands there too.
    fn store_place(&mut self, message: &Verified, digest: Hash, seq: u64) -> Result<(), StoreError> {
        let key = &message.message.key;
        let row_key = key_place(key, message.message.seq);
        let mut row = self.staged.get(KEYS, &row_key)?.unwrap_or_default();
        let others: Vec<Hash> = row.chunks_exact(40).filter_map(read_hash).collect();
        row.extend(digest.0);
        row.extend(seq.to_be_bytes());
        self.staged.put(KEYS, &[&row_key], &[&row]);
        if !others.is_empty() {
            // One key may sign for two accounts; only one author at one place twice is a fault.
            self.staged.put(TWICE, &[&row_key], &[]);
            let ids = others.iter().chain([&digest]).map(|id| id.to_cid(DAG_CBOR)).collect();
            self.twice.push(Twice { key: key.to_vec(), seq: message.message.seq, ids });
        }
        if self.is_own_key(key) && self.own.seq <= message.message.seq {
            self.own = Place { seq: message.message.seq + 1, prev: Some(message.id) };
        }
        Ok(())
    }

    /// The place of a key's next message: of the witness' own behind all that is staged, too.
    fn place(&self, key: &[u8]) -> Result<Place, StoreError> {
        if self.is_own_key(key) {
            return Ok(self.own.clone());
        }
        self.inner.db.settle()?;
        self.inner.place(key)
    }

    /// Signs a draft at its key's place and stages it.
    pub fn sign(&mut self, signer: &Signer, draft: Draft) -> Result<Verified, StoreError> {
        let key = signer.public();
        let mut place = self.place(&key)?;
        if self.moved && place.seq > 0 {
            return Err(StoreError::Moved { key: to_hex(&key) });
        }
        let message = draft.sign(self.inner.network, signer, &mut place)?;
        let digest = digest(&message.id);
        match self.admit(&message, &digest)? {
            Err(reason) => Err(StoreError::Refused(reason)),
            Ok(session) => {
                if let Admitted::Session(session) = &session {
                    self.take_session(session)?;
                }
                self.store(&message, digest)?;
                Ok(message)
            }
        }
    }

    /// Signs receipts for what was staged, in batches, and appends everything in one batch: a receipt exists on disk only
    /// together with its message, and leaves only after both are [durable](Appended::settle).
    pub fn finish(mut self, close: Option<i64>) -> Result<Appended, StoreError> {
        let receipts = match &self.inner.witness {
            Some(witness) if !self.moved => self.issue(witness, close)?,
            _ => Vec::new(),
        };
        let ticket = self.staged.append()?;
        let writer = self.writer;
        writer.next = self.next;
        writer.moved = self.moved;
        writer.own = self.own;
        writer.purging |= self.purging;
        writer.wanted.extend(self.wanted);
        for id in &self.arrived {
            writer.wanted.remove(id);
        }
        if writer.sessions.len() + self.sessions.len() > SESSIONS_KEPT {
            writer.sessions.clear();
        }
        writer.sessions.extend(self.sessions);
        Ok(Appended { ticket, next: self.next, receipts, twice: self.twice })
    }

    /// Fails where keys may have signed elsewhere.
    pub fn may_sign(&self, key: &[u8]) -> Result<(), StoreError> {
        if self.moved { Err(StoreError::Moved { key: to_hex(key) }) } else { Ok(()) }
    }
}

/// What a commit appended, and what is to be told of it once it is durable.
#[must_use = "what was appended may not be durable yet"]
pub(crate) struct Appended {
    ticket: Ticket,
    next: u64,
    receipts: Vec<Verified>,
    twice: Vec<Twice>,
}

impl Appended {
    /// Waits until all of it is durable; then receipts may leave, and evidence is told.
    pub fn settle(self, inner: &Inner) -> Result<(Vec<Verified>, Vec<Twice>), StoreError> {
        inner.db.publish(self.ticket)?;
        inner.publish_head(self.next);
        let twice = self.twice.into_iter().filter_map(|twice| inner.same_author(twice).transpose());
        Ok((self.receipts, twice.collect::<Result<_, _>>()?))
    }
}

/// Sessions that are kept in memory.
const SESSIONS_KEPT: usize = 1 << 16;

pub(crate) fn digest(id: &Cid) -> Hash {
    Hash::from_cid(id).expect("ids of messages and blobs are SHA-256, as their form was checked")
}
