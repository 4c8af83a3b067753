//! Reading receipts: of a message, along a witness' chain, and of an epoch.

use crate::chain::Chain;
use crate::error::StoreError;
use crate::layout::{ABSENT, BATCHES, EPOCHS, RECEIPTS, SEALS, STORES, epoch_bytes, join, read_hash, read_u64};
use crate::store::{Inner, Store};
use cid::Cid;
use liaise_ledger::body::Receipt;
use liaise_ledger::hash::{DAG_CBOR, block_cid};
use liaise_ledger::{Body, EpochNumber, Hash, Verified};

/// A receipt as it stands in a witness' chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReceipt {
    /// The witness.
    pub store: [u8; 32],
    /// Its place in the witness' own sequence.
    pub place: u64,
    /// The witness' boot.
    pub boot: [u8; 16],
    /// The receipt.
    pub receipt: Receipt,
    /// The batch that holds it.
    pub batch: Cid,
}

/// One place of a witness' sequence, as the column keeps it: 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnEntry {
    /// Place in the witness' own sequence.
    pub place: u64,
    /// The message's place in the order of arrival here, or `None` where it arrived after its receipt; then the batch names it.
    pub message: Option<u64>,
    /// The witness' wall clock, in milliseconds since 1970.
    pub wall_ms: u64,
}

/// Where a witness' chain stands, as far as this store has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// The place of its next receipt.
    pub next: u64,
    /// Its newest batch.
    pub batch: Option<Cid>,
    /// The newest epoch that it closed.
    pub closed: Option<EpochNumber>,
}

impl Store {
    /// All receipts of a message, by witness and place: the first of each witness is the one that counts.
    pub fn receipts_of(&self, id: &Cid) -> Result<Vec<StoredReceipt>, StoreError> {
        let prefix = id.hash().digest();
        let mut found = Vec::new();
        for row in self.inner.db.scan(RECEIPTS, prefix, &[])? {
            let (key, value) = row?;
            let place = key.get(34..).and_then(read_u64);
            let (Some(place), Some(seq)) = (place, read_u64(&value)) else {
                return Err(StoreError::corrupt("a receipt's row"));
            };
            found.push(self.inner.receipt(seq, place)?);
        }
        Ok(found)
    }

    /// The batch with this witness' own receipt of a message.
    pub fn own_receipt(&self, id: &Cid) -> Result<Option<Cid>, StoreError> {
        let (Some(witness), Some(digest)) = (&self.inner.witness, Hash::from_cid(id)) else { return Ok(None) };
        match self.inner.own_receipt(&witness.key, &digest)? {
            Some(seq) => Ok(Some(block_cid(&self.inner.at(seq)?.block))),
            None => Ok(None),
        }
    }

    /// At most `limit` batches of a witness in the order of their receipts, beginning with the one that holds the receipt at
    /// `from` or follows it.
    pub fn batch_chain(&self, store: &[u8; 32], from: u64, limit: usize) -> Result<Vec<Verified>, StoreError> {
        let Some(rows) = self.inner.batches(store, from)? else { return Ok(Vec::new()) };
        rows.take(limit)
            .map(|row| {
                let (_, _, value) = row?;
                let id = read_hash(&value).ok_or_else(|| StoreError::corrupt("a batch's row"))?;
                self.inner.load(&id)?.ok_or_else(|| StoreError::corrupt("a batch is missing"))
            })
            .collect()
    }

    /// The receipts of a witness from place `from` up to, and without, place `to`, as the compact column that was kept at
    /// ingest: no batch is decoded. Where a witness signed two batches for a place, both entries are there.
    pub fn receipt_column(&self, store: &[u8; 32], from: u64, to: u64) -> Result<Vec<ColumnEntry>, StoreError> {
        let mut entries = Vec::new();
        let Some(rows) = self.inner.batches(store, from)? else { return Ok(entries) };
        for row in rows {
            let (first, _, value) = row?;
            if first >= to {
                break;
            }
            for (place, entry) in (first..).zip(value[32..].chunks_exact(16)) {
                if (from..to).contains(&place) {
                    let number = |at| read_u64(&entry[at..]).expect("an entry has 16 bytes");
                    let message = Some(number(0)).filter(|seq| *seq != ABSENT);
                    entries.push(ColumnEntry { place, message, wall_ms: number(8) });
                }
            }
        }
        Ok(entries)
    }

    /// Where a witness' chain stands; `None` where nothing of it is here.
    pub fn chain_head(&self, store: &[u8; 32]) -> Result<Option<ChainHead>, StoreError> {
        let chain = self.inner.chain(store)?;
        Ok(chain.map(|chain| ChainHead {
            next: chain.next,
            batch: chain.last.map(|last| last.to_cid(DAG_CBOR)),
            closed: chain.closed,
        }))
    }

    /// The close batches of an epoch by witness, in the order of their keys.
    pub fn closes(&self, epoch: EpochNumber) -> Result<Vec<([u8; 32], Cid)>, StoreError> {
        let rows = self.inner.db.scan(EPOCHS, &epoch_bytes(epoch), &[])?;
        rows.map(|row| {
            let (key, _) = row?;
            let (store, batch) = (key.get(8..).and_then(read_hash), key.get(40..).and_then(read_hash));
            let (Some(store), Some(batch)) = (store, batch) else { return Err(StoreError::corrupt("an epoch's row")) };
            Ok((store.0, batch.to_cid(DAG_CBOR)))
        })
        .collect()
    }

    /// The seals of an epoch in the order of arrival. With a seal check they all say the same.
    pub fn seals(&self, epoch: EpochNumber) -> Result<Vec<Cid>, StoreError> {
        self.inner.index(SEALS, &epoch_bytes(epoch), 0, usize::MAX)
    }

    /// The newest epoch that has a seal here.
    pub fn newest_seal(&self) -> Result<Option<EpochNumber>, StoreError> {
        let row = self.inner.db.scan_back(SEALS, &[], &[u8::MAX; 16])?.next().transpose()?;
        let Some((_, id)) = row else { return Ok(None) };
        let id = read_hash(&id).ok_or_else(|| StoreError::corrupt("a seal's row"))?;
        match self.inner.load(&id)?.map(|seal| seal.message.body) {
            Some(Body::Seal(seal)) => Ok(Some(seal.epoch)),
            _ => Err(StoreError::corrupt("a seal is missing")),
        }
    }
}

type BatchRow = (u64, u64, Box<[u8]>);

impl Inner {
    pub fn chain(&self, store: &[u8; 32]) -> Result<Option<Chain>, StoreError> {
        let row = self.db.get(STORES, store)?;
        row.map(|row| Chain::decode(&row).ok_or_else(|| StoreError::corrupt("a witness' row"))).transpose()
    }

    /// The place of arrival of the batch with a witness' first receipt of a message.
    pub fn own_receipt(&self, witness: &[u8; 32], id: &Hash) -> Result<Option<u64>, StoreError> {
        let Some(chain) = self.chain(witness)? else { return Ok(None) };
        let prefix = join(&[&id.0, &chain.ordinal.to_be_bytes()]);
        match self.db.scan(RECEIPTS, &prefix, &[])?.next().transpose()? {
            Some((_, seq)) => read_u64(&seq).map(Some).ok_or_else(|| StoreError::corrupt("a receipt's row")),
            None => Ok(None),
        }
    }

    /// The batch rows of a witness (first place, place of arrival, value), from the one that holds `from`.
    fn batches(
        &self,
        store: &[u8; 32],
        from: u64,
    ) -> Result<Option<impl Iterator<Item = Result<BatchRow, StoreError>>>, StoreError> {
        let Some(chain) = self.chain(store)? else { return Ok(None) };
        let ordinal = chain.ordinal.to_be_bytes();
        let parse = |row: Result<crate::db::Row, StoreError>| {
            let (key, value) = row?;
            let (first, seq) = (key.get(2..).and_then(read_u64), key.get(10..).and_then(read_u64));
            match (first, seq) {
                (Some(first), Some(seq)) if value.len() >= 32 => Ok((first, seq, value)),
                _ => Err(StoreError::corrupt("a batch's row")),
            }
        };
        // The batch that holds `from` begins before it, or there.
        let upper = join(&[&from.to_be_bytes(), &[u8::MAX; 8]]);
        let before = self.db.scan_back(BATCHES, &ordinal, &upper)?.next().map(parse).transpose()?;
        let start = match before {
            Some((first, _, value)) if first + (value.len() as u64 - 32) / 16 > from => first,
            _ => from,
        };
        Ok(Some(self.db.scan(BATCHES, &ordinal, &start.to_be_bytes())?.map(parse)))
    }

    fn receipt(&self, batch: u64, place: u64) -> Result<StoredReceipt, StoreError> {
        let message = self.decode(self.at(batch)?)?;
        let wrong = || StoreError::corrupt("a receipt's row points to a batch without it");
        let Body::Receipts(body) = &message.message.body else { return Err(wrong()) };
        let index = place.checked_sub(body.first).ok_or_else(wrong)?;
        let receipt = *body.receipts.get(index as usize).ok_or_else(wrong)?;
        let store: Hash = read_hash(&message.message.key).ok_or_else(wrong)?;
        Ok(StoredReceipt { store: store.0, place, boot: body.boot.into_array(), receipt, batch: message.id })
    }
}
