//! Writing a CAR file: once over the messages for the root's links, once for their blocks.

use super::frame::Writer;
use super::select::{Part, select};
use super::{Blobs, CAR_FORMAT, CHUNK, CarError, ExportReport, Filter, Progress, Root, Signatures, encode};
use crate::error::StoreError;
use crate::store::Store;
use cid::Cid;
use liaise_ledger::Signed;
use liaise_ledger::hash::block_cid;
use std::io::Write;

impl Store {
    /// Writes messages and blobs as a CAR file; what arrives meanwhile is not in it. `progress` is called after every chunk.
    ///
    /// # Errors
    /// The store or the writer failed, or there is no such task.
    pub fn export_car(
        &self,
        to: impl Write,
        filter: &Filter,
        mut progress: impl FnMut(Progress),
    ) -> Result<ExportReport, CarError> {
        let part = select(self, filter)?;
        let head = self.head()?;
        let mut messages = Vec::new();
        let mut count = 0;
        self.chunks(part.as_ref(), head, |chunk| {
            count += chunk.len() as u64;
            messages.push(block_cid(&signatures(chunk)));
            Ok(())
        })?;
        let lists: Vec<Vec<Cid>> = self.blob_lists(part.as_ref())?;
        let blobs = lists.iter().map(|list| block_cid(&encode(&Blobs { blobs: list.clone() }))).collect();
        let root = encode(&Root { v: CAR_FORMAT, network: self.network(), messages, blobs });
        let root_id = block_cid(&root);
        let mut writer = Writer::new(to, root_id)?;
        writer.block(&root_id, &root)?;
        self.chunks(part.as_ref(), head, |chunk| {
            let block = signatures(chunk);
            writer.block(&block_cid(&block), &block)?;
            for (id, signed) in chunk {
                writer.block(id, &signed.block)?;
            }
            progress(Progress { blocks: writer.blocks, bytes: writer.bytes });
            Ok(())
        })?;
        let mut blobs = 0;
        for list in lists {
            let block = encode(&Blobs { blobs: list.clone() });
            writer.block(&block_cid(&block), &block)?;
            for id in list {
                // One that was removed since stays a link to nothing, as everywhere.
                if let Some(bytes) = self.get_blob(&id)? {
                    writer.block(&id, &bytes)?;
                    blobs += 1;
                }
            }
            progress(Progress { blocks: writer.blocks, bytes: writer.bytes });
        }
        let bytes = writer.bytes;
        writer.finish()?;
        Ok(ExportReport { root: root_id, messages: count, blobs, bytes })
    }

    /// Calls back with the messages in the order of arrival, at most [`CHUNK`] at once. Twice the same for the same head.
    fn chunks(
        &self,
        part: Option<&Part>,
        head: u64,
        mut each: impl FnMut(&[(Cid, Signed)]) -> Result<(), CarError>,
    ) -> Result<(), CarError> {
        let places: Box<dyn Iterator<Item = u64>> = match part {
            None => Box::new(1..=head),
            Some(part) => Box::new(part.messages.iter().copied()),
        };
        let mut chunk = Vec::with_capacity(CHUNK);
        for place in places {
            let signed = self.at(place)?.ok_or_else(|| StoreError::corrupt(format!("message {place} is missing")))?;
            chunk.push((block_cid(&signed.block), signed));
            if chunk.len() == CHUNK {
                each(&chunk)?;
                chunk.clear();
            }
        }
        if chunk.is_empty() { Ok(()) } else { each(&chunk) }
    }

    fn blob_lists(&self, part: Option<&Part>) -> Result<Vec<Vec<Cid>>, StoreError> {
        if let Some(part) = part {
            let all: Vec<Cid> = part.blobs.iter().copied().collect();
            return Ok(all.chunks(CHUNK).map(<[Cid]>::to_vec).collect());
        }
        let mut lists: Vec<Vec<Cid>> = Vec::new();
        loop {
            let after = lists.last().and_then(|list| list.last());
            let list = self.blobs_after(after, CHUNK)?;
            if list.is_empty() {
                return Ok(lists);
            }
            lists.push(list);
        }
    }
}

fn signatures(chunk: &[(Cid, Signed)]) -> Vec<u8> {
    encode(&Signatures { signatures: chunk.iter().map(|(id, signed)| (*id, signed.signature.clone())).collect() })
}
