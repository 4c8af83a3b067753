//! One write: the rows of new messages, and the receipts that go with them.

use crate::chain::Chain;
use crate::error::StoreError;
use crate::ingest::Source;
use crate::layout::*;
use crate::refusal::{RefuseReason, Status, Twice};
use crate::sessions::SessionRow;
use crate::staged::Staged;
use crate::store::{Inner, OpenWitness, Writer, to_hex};
use cid::Cid;
use liaise_ledger::body::{Receipt, Receipts};
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::message::{MAX_RECEIPTS, Place};
use liaise_ledger::session::SessionOutcome;
use liaise_ledger::{Author, Body, Draft, Hash, Signer, Verified};
use serde_bytes::ByteArray;
use std::collections::{HashMap, HashSet};

/// Gathers what one call stores and writes it at once. Dropped without [`Commit::finish`], nothing has happened.
pub(crate) struct Commit<'a> {
    pub inner: &'a Inner,
    writer: &'a mut Writer,
    source: Source,
    staged: Staged<'a>,
    next: u64,
    sessions: HashMap<Vec<u8>, SessionRow>,
    /// Messages that witnesses' batches of this very call name.
    announced: HashSet<Hash>,
    wanted: Vec<Hash>,
    arrived: Vec<Hash>,
    to_receipt: Vec<Cid>,
    twice: Vec<Twice>,
    moved: bool,
    purging: bool,
}

impl<'a> Commit<'a> {
    pub fn new(inner: &'a Inner, writer: &'a mut Writer, source: Source) -> Commit<'a> {
        let (next, moved) = (writer.next, writer.moved);
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
    pub fn take(&mut self, message: Verified) -> Result<Status, StoreError> {
        let digest = digest(&message.id);
        if let Some(row) = self.staged.get(IDS, &digest.0)? {
            let seq = read_u64(&row).ok_or_else(|| StoreError::corrupt("an id without a place"))?;
            return Ok(Status::Duplicate { seq });
        }
        match self.admit(&message, &digest)? {
            Ok(session) => {
                if let Some(session) = &session {
                    self.take_session(session)?;
                }
                if self.is_own(&message.message.author) && !self.moved {
                    tracing::error!("this store's witness key has signed elsewhere: it signs nothing more here");
                    self.moved = true;
                    self.staged.put(META, META_MOVED, &[]);
                }
                Ok(Status::Accepted { seq: self.store(&message, digest)? })
            }
            Err(reason) => Ok(Status::Refused(reason)),
        }
    }

    /// A witness owes a receipt for what it stored before it was one, or while it was not to sign.
    pub fn receipt_again(&mut self, id: &Cid) -> Result<(), StoreError> {
        let Some(witness) = self.inner.witness.as_ref().filter(|_| !self.moved) else { return Ok(()) };
        let digest = digest(id);
        if self.inner.own_receipt(&witness.key, &digest)?.is_none()
            && !self.to_receipt.contains(id)
            && self.inner.load(&digest)?.is_some_and(|message| message.message.body.is_receipted())
        {
            self.to_receipt.push(*id);
        }
        Ok(())
    }

    fn admit(
        &mut self,
        message: &Verified,
        digest: &Hash,
    ) -> Result<Result<Option<SessionOutcome>, RefuseReason>, StoreError> {
        let session = match &message.message.author {
            Author::Account(account) => self.session(&SessionRow::row_key(account, &message.message.key))?,
            _ => SessionRow::default(),
        };
        let admitted = self.inner.admit(message, &session);
        let late = match (&admitted, self.inner.witness.is_some() && self.source == Source::Now) {
            (Ok(outcome), true) => self.inner.untimely(outcome.as_ref(), &session, &message.message.author),
            _ => None,
        };
        match late {
            Some(reason) if !self.receipted_elsewhere(digest)? => Ok(Err(reason)),
            _ => Ok(admitted),
        }
    }

    fn receipted_elsewhere(&self, digest: &Hash) -> Result<bool, StoreError> {
        let known = self.announced.contains(digest) || self.inner.db.scan(RECEIPTS, &digest.0, &[])?.next().is_some();
        Ok(known)
    }

    fn session(&mut self, key: &[u8]) -> Result<SessionRow, StoreError> {
        if let Some(row) = self.sessions.get(key).or_else(|| self.writer.sessions.get(key)) {
            return Ok(*row);
        }
        let row = match self.inner.db.get(SESSIONS, key)? {
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
        self.staged.put(SESSIONS, &key, &row.encode());
        self.sessions.insert(key, row);
        Ok(())
    }

    fn is_own(&self, author: &Author) -> bool {
        matches!((author, &self.inner.witness), (Author::Store(key), Some(witness)) if *key == witness.key)
    }

    /// Stages the rows of a message.
    fn store(&mut self, message: &Verified, digest: Hash) -> Result<u64, StoreError> {
        let seq = self.next;
        self.next += 1;
        let place = seq.to_be_bytes();
        let body = &message.message.body;
        self.staged.put(MESSAGES, &place, &[message.signed.signature.as_slice(), &message.signed.block].concat());
        self.staged.put_readable(IDS, digest.0.to_vec(), place.to_vec());
        self.staged.put(KINDS, &join(&[&[kind_of(body)], &place]), &digest.0);
        if let Some(task) = &message.message.task {
            self.staged.put(TASKS, &join(&[task.hash().digest(), &place]), &digest.0);
        }
        for parent in &message.message.parents {
            self.staged.put(CHILDREN, &join(&[parent.hash().digest(), &place]), &digest.0);
        }
        self.store_place(message, digest, seq)?;
        match body {
            Body::Receipts(batch) => self.store_receipts(message, digest, seq, batch)?,
            Body::Seal(seal) => self.staged.put(SEALS, &join(&[&epoch_bytes(seal.epoch), &place]), &digest.0),
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
            self.staged.put(USES, &join(&[blob.hash().digest(), &digest.0]), &[]);
        }
    }

    /// What it means for blobs is carried out after the write, and again after a crash in between.
    fn mark_purging(&mut self, digest: Hash) {
        self.staged.put(PURGING, &digest.0, &[]);
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
        self.staged.put_readable(KEYS, row_key.clone(), row);
        if !others.is_empty() {
            // One key may sign for two accounts; only one author at one place twice is a fault.
            self.staged.put(TWICE, &row_key, &[]);
            let ids = others.iter().chain([&digest]).map(|id| id.to_cid(DAG_CBOR)).collect();
            self.twice.push(Twice { key: key.to_vec(), seq: message.message.seq, ids });
        }
        let known = self.place(key)?;
        if known.seq <= message.message.seq {
            let place = Place { seq: message.message.seq + 1, prev: Some(message.id) };
            self.staged.places.insert(key.to_vec(), place);
        }
        Ok(())
    }

    /// The place of a key's next message.
    pub fn place(&self, key: &[u8]) -> Result<Place, StoreError> {
        match self.staged.places.get(key) {
            Some(place) => Ok(place.clone()),
            None => self.inner.place(key),
        }
    }

    fn chain(&self, key: &[u8; 32]) -> Result<Option<Chain>, StoreError> {
        let row = self.staged.get(STORES, key)?;
        row.map(|row| Chain::decode(&row).ok_or_else(|| StoreError::corrupt("a witness' row"))).transpose()
    }

    /// The receipts of a batch: for each of its messages, and as the column that an epoch's close reads.
    fn store_receipts(
        &mut self,
        message: &Verified,
        digest: Hash,
        seq: u64,
        batch: &Receipts,
    ) -> Result<(), StoreError> {
        let Author::Store(key) = &message.message.author else { return Ok(()) };
        let mut chain = match self.chain(key)? {
            Some(chain) => chain,
            None => Chain { ordinal: self.new_ordinal()?, ..Chain::default() },
        };
        chain.merge(digest, message.message.seq, batch);
        self.staged.put_readable(STORES, key.to_vec(), chain.encode());
        let ordinal = chain.ordinal.to_be_bytes();
        let mut column = Vec::with_capacity(32 + 16 * batch.receipts.len());
        column.extend(digest.0);
        for (place, receipt) in (batch.first..).zip(&batch.receipts) {
            let id = self::digest(&receipt.id);
            self.staged.put(RECEIPTS, &join(&[&id.0, &ordinal, &place.to_be_bytes()]), &seq.to_be_bytes());
            let arrived = match self.staged.get(IDS, &id.0)? {
                Some(row) => read_u64(&row).ok_or_else(|| StoreError::corrupt("an id without a place"))?,
                None => {
                    self.staged.put(WANTED, &id.0, &[]);
                    self.wanted.push(id);
                    ABSENT
                }
            };
            column.extend(arrived.to_be_bytes());
            column.extend(receipt.wall_ms.to_be_bytes());
        }
        self.staged.put(BATCHES, &join(&[&ordinal, &batch.first.to_be_bytes(), &seq.to_be_bytes()]), &column);
        if let Some(epoch) = batch.close {
            self.staged.put_readable(EPOCHS, join(&[&epoch_bytes(epoch), key, &digest.0]), seq.to_be_bytes().to_vec());
        }
        Ok(())
    }

    /// Witnesses are few, and met once in a store's life.
    fn new_ordinal(&self) -> Result<u16, StoreError> {
        let known = self.inner.genesis.stores.keys.iter();
        let ordinals = known.map(|key| Ok(self.chain(key)?.map(|chain| chain.ordinal)));
        let highest = ordinals.collect::<Result<Vec<_>, StoreError>>()?.into_iter().flatten().max();
        Ok(highest.map_or(0, |highest| highest + 1))
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
                if let Some(session) = &session {
                    self.take_session(session)?;
                }
                self.store(&message, digest)?;
                Ok(message)
            }
        }
    }

    /// Signs receipts for what was staged, in batches, and writes everything in one synced batch: a receipt exists on disk
    /// only together with its message, and leaves only after both are durable.
    pub fn finish(mut self, close: Option<i64>) -> Result<(Vec<Verified>, Vec<Twice>), StoreError> {
        let receipts = match &self.inner.witness {
            Some(witness) if !self.moved => self.issue(witness, close)?,
            _ => Vec::new(),
        };
        if self.next == self.writer.next {
            return Ok((receipts, self.twice));
        }
        self.staged.write()?;
        let writer = self.writer;
        writer.next = self.next;
        writer.moved = self.moved;
        writer.purging |= self.purging;
        writer.wanted.extend(self.wanted);
        for id in &self.arrived {
            writer.wanted.remove(id);
        }
        if writer.sessions.len() + self.sessions.len() > SESSIONS_KEPT {
            writer.sessions.clear();
        }
        writer.sessions.extend(self.sessions);
        self.inner.publish_head(self.next);
        let twice = self.twice.into_iter().filter_map(|twice| self.inner.same_author(twice).transpose());
        Ok((receipts, twice.collect::<Result<_, _>>()?))
    }

    fn issue(&mut self, witness: &OpenWitness, close: Option<i64>) -> Result<Vec<Verified>, StoreError> {
        let ids = std::mem::take(&mut self.to_receipt);
        let mut chain = self.chain(&witness.key)?.unwrap_or_default();
        // Never below an earlier receipt: observation is a median of witnesses' wall times and messages are observed in the
        // order of their parents, so a clock that was set back must not make an answer older than its question.
        let wall_ms = self.inner.clock.wall_ms().max(chain.wall_ms);
        let mono_ns = self.inner.clock.mono_ns().max(self.writer.mono_ns);
        self.writer.mono_ns = mono_ns;
        let mut chunks: Vec<&[Cid]> = ids.chunks(MAX_RECEIPTS).collect();
        if chunks.is_empty() && close.is_some() {
            chunks.push(&[]);
        }
        let count = chunks.len();
        let mut batches = Vec::with_capacity(count);
        for (i, ids) in chunks.into_iter().enumerate() {
            let batch = Receipts {
                previous: chain.last.map(|last| last.to_cid(DAG_CBOR)),
                boot: ByteArray::new(witness.boot),
                first: chain.next,
                close: close.filter(|_| i + 1 == count),
                receipts: ids.iter().map(|id| Receipt { id: *id, mono_ns, wall_ms }).collect(),
            };
            let draft = Draft {
                author: Author::Store(witness.key),
                parents: vec![],
                task: None,
                time_ms: wall_ms,
                body: Body::Receipts(batch),
            };
            batches.push(self.sign(&witness.signer, draft)?);
            chain = self.chain(&witness.key)?.unwrap_or_default();
        }
        Ok(batches)
    }

    /// The chain of this store's own receipts.
    pub fn own_chain(&self) -> Result<Option<Chain>, StoreError> {
        self.inner.witness.as_ref().map_or(Ok(None), |witness| self.chain(&witness.key))
    }

    /// Fails where keys may have signed elsewhere.
    pub fn may_sign(&self, key: &[u8]) -> Result<(), StoreError> {
        if self.moved { Err(StoreError::Moved { key: to_hex(key) }) } else { Ok(()) }
    }
}

/// Sessions that are kept in memory.
const SESSIONS_KEPT: usize = 1 << 16;

pub(crate) fn digest(id: &Cid) -> Hash {
    Hash::from_cid(id).expect("ids of messages and blobs are SHA-256, as their form was checked")
}
