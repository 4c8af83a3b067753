//! Reading a CAR file as if a stranger had sent it.

use super::frame::{Frame, Reader};
use super::{BadBlock, Blobs, CAR_FORMAT, CarError, ImportReport, Progress, Root, Signatures};
use crate::error::StoreError;
use crate::ingest::Source;
use crate::refusal::{RefuseReason, Status};
use crate::store::Store;
use cid::Cid;
use liaise_ledger::Signed;
use liaise_ledger::hash::{DAG_CBOR, RAW};
use serde_bytes::ByteBuf;
use std::collections::{HashMap, HashSet};
use std::io::Read;

/// Messages that are stored at once.
const GROUP: usize = 512;
/// Blocks without a signature, and messages without a session, that wait for theirs.
const WAITING: usize = 4096;
/// Bad blocks that are reported one by one.
const REPORTED: usize = 1000;

impl Store {
    /// Stores the messages and blobs of a CAR file. Each is verified; bad ones are reported and left out, and good ones stay
    /// whatever follows. `progress` is called after every group that was written. Importing twice does no harm.
    ///
    /// # Errors
    /// Not a CAR file of this network and format, or the reader or the store failed; what was stored before stays.
    pub fn import_car(&self, from: impl Read, mut progress: impl FnMut(Progress)) -> Result<ImportReport, CarError> {
        let (mut reader, root_id) = Reader::new(from, self.inner.limits.blob_bytes)?;
        let root = self.read_root(&mut reader, root_id)?;
        let mut import = Import::new(self, root);
        let mut blocks = 1;
        while let Some(frame) = reader.next()? {
            blocks += 1;
            match frame {
                Frame::Block { offset, id, block } => import.block(offset, id, block)?,
                Frame::Bad { offset, id, why } => import.bad(offset, id, why),
                Frame::Torn { offset, why } => {
                    import.bad(offset, None, why);
                    import.report.complete = false;
                    break;
                }
            }
            if import.group.len() >= GROUP {
                import.flush()?;
                progress(Progress { blocks, bytes: reader.offset });
            }
        }
        let report = import.finish(reader.offset)?;
        progress(Progress { blocks, bytes: reader.offset });
        Ok(report)
    }

    fn read_root(&self, reader: &mut Reader<impl Read>, root_id: Cid) -> Result<Root, CarError> {
        let broken = |why: String| CarError::NotACar(why);
        let root = match reader.next()? {
            Some(Frame::Block { id, block, .. }) if id == root_id => block,
            _ => return Err(broken("its first block is not its root".into())),
        };
        let root: Root = serde_ipld_dagcbor::from_slice(&root)
            .map_err(|error| broken(format!("its root block is not one of LIAISE's: {error}")))?;
        if root.v != CAR_FORMAT {
            return Err(CarError::NewerFormat(root.v));
        }
        if root.network != self.network() {
            return Err(CarError::ForeignNetwork { found: root.network, expected: self.network() });
        }
        Ok(root)
    }
}

struct Import<'a> {
    store: &'a Store,
    signature_blocks: HashSet<Cid>,
    blob_blocks: HashSet<Cid>,
    /// Signatures whose block has not come.
    signatures: HashMap<Cid, ByteBuf>,
    /// Blocks whose signature has not come.
    unsigned: HashMap<Cid, (u64, Vec<u8>)>,
    group: Vec<(u64, Signed)>,
    /// Messages that came before their session.
    early: Vec<(u64, Signed)>,
    report: ImportReport,
}

impl<'a> Import<'a> {
    fn new(store: &'a Store, root: Root) -> Import<'a> {
        Import {
            store,
            signature_blocks: root.messages.into_iter().collect(),
            blob_blocks: root.blobs.into_iter().collect(),
            signatures: HashMap::new(),
            unsigned: HashMap::new(),
            group: Vec::with_capacity(GROUP),
            early: Vec::new(),
            report: ImportReport { complete: true, ..ImportReport::default() },
        }
    }

    fn block(&mut self, offset: u64, id: Cid, block: Vec<u8>) -> Result<(), CarError> {
        if self.signature_blocks.remove(&id) {
            match serde_ipld_dagcbor::from_slice::<Signatures>(&block) {
                Ok(chunk) => chunk.signatures.into_iter().for_each(|(id, signature)| self.signature(id, signature)),
                Err(error) => self.bad(offset, Some(id), format!("not a block of signatures: {error}")),
            }
        } else if self.blob_blocks.remove(&id) {
            if let Err(error) = serde_ipld_dagcbor::from_slice::<Blobs>(&block) {
                self.bad(offset, Some(id), format!("not a list of blobs: {error}"));
            }
        } else if id.codec() == RAW {
            match self.store.put_blob(&block) {
                Ok(_) => self.report.blobs += 1,
                Err(error @ (StoreError::Purged(_) | StoreError::BlobTooLarge { .. })) => {
                    self.bad(offset, Some(id), error.to_string());
                }
                Err(error) => return Err(error.into()),
            }
        } else if id.codec() != DAG_CBOR {
            self.bad(offset, Some(id), "neither a message nor a blob".into());
        } else if let Some(signature) = self.signatures.remove(&id) {
            self.group.push((offset, Signed { block: ByteBuf::from(block), signature }));
        } else if self.unsigned.len() < WAITING {
            self.unsigned.insert(id, (offset, block));
        } else {
            self.bad(offset, Some(id), "its signature is not in the file, or far behind it".into());
        }
        Ok(())
    }

    fn signature(&mut self, id: Cid, signature: ByteBuf) {
        match self.unsigned.remove(&id) {
            Some((offset, block)) => self.group.push((offset, Signed { block: ByteBuf::from(block), signature })),
            None => drop(self.signatures.insert(id, signature)),
        }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let group = std::mem::take(&mut self.group);
        self.ingest(group, true)
    }

    fn ingest(&mut self, group: Vec<(u64, Signed)>, again: bool) -> Result<(), StoreError> {
        let messages = group.iter().map(|(_, signed)| signed.clone()).collect();
        let report = self.store.ingest_from(messages, Source::History)?;
        for ((offset, signed), outcome) in group.into_iter().zip(report.outcomes) {
            match outcome.status {
                Status::Accepted { .. } => self.report.accepted += 1,
                Status::Duplicate { .. } => self.report.duplicates += 1,
                Status::Refused(RefuseReason::UnknownSession { .. }) if again && self.early.len() < WAITING => {
                    self.early.push((offset, signed));
                }
                Status::Refused(reason) => self.bad(offset, outcome.id, reason.to_string()),
            }
        }
        Ok(())
    }

    fn bad(&mut self, offset: u64, id: Option<Cid>, why: String) {
        self.report.bad_count += 1;
        if self.report.bad.len() < REPORTED {
            self.report.bad.push(BadBlock { offset, id, why });
        }
    }

    fn finish(mut self, end: u64) -> Result<ImportReport, StoreError> {
        self.flush()?;
        let early = std::mem::take(&mut self.early);
        self.ingest(early, false)?;
        for (id, (offset, _)) in std::mem::take(&mut self.unsigned) {
            self.bad(offset, Some(id), "its signature is not in the file".into());
        }
        let missing: Vec<Cid> = self.signatures.drain().map(|(id, _)| id).collect();
        for id in missing {
            self.bad(end, Some(id), "the file names this message and does not hold it".into());
        }
        let lists: Vec<Cid> = self.signature_blocks.drain().chain(self.blob_blocks.drain()).collect();
        for id in lists {
            self.bad(end, Some(id), "the root names this block and the file does not hold it".into());
        }
        self.report.bad.sort_by_key(|bad| (bad.offset, bad.id));
        Ok(self.report)
    }
}
