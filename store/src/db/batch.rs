//! The rows of one write: one run of bytes, as the log holds it, and where each row lies in it.
//!
//! A row is `family u8 (its highest bit set: the row is removed) | key length u32 | value length u32 | key | value`.

use crate::error::StoreError;
use crate::layout::{FAMILIES, Family};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use std::sync::LazyLock;

const REMOVED: u8 = 0x80;
const HEADER: usize = 9;

/// Keys come from strangers: the hasher is seeded at every start.
static HASHER: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

/// What looks a row up by its key, without order.
pub fn hash(family: Family, key: &[u8]) -> u64 {
    HASHER.hash_one((family.0, key))
}

/// A row in its batch.
#[derive(Clone, Copy, Debug)]
pub struct Op {
    pub family: Family,
    /// Put, or else removed.
    pub put: bool,
    /// [`hash`] where the family [is looked up](Family::is_looked_up), else 0.
    pub hash: u64,
    key: u32,
    value: u32,
    at: usize,
}

/// Rows that are written together, in their order: of two for one key the later counts.
#[derive(Default)]
pub struct Batch {
    bytes: Vec<u8>,
    ops: Vec<Op>,
    /// Of the families that are looked up: the latest row of each key.
    latest: HashTable<u32>,
}

impl Batch {
    pub fn put(&mut self, family: Family, key: &[u8], value: &[u8]) {
        self.put_parts(family, &[key], &[value]);
    }

    /// Puts a row whose key and value are given in pieces.
    pub fn put_parts(&mut self, family: Family, key: &[&[u8]], value: &[&[u8]]) {
        let (key_len, value_len) = (total(key), total(value));
        self.bytes.push(family.0);
        self.bytes.extend_from_slice(&key_len.to_be_bytes());
        self.bytes.extend_from_slice(&value_len.to_be_bytes());
        let at = self.bytes.len();
        key.iter().chain(value).for_each(|part| self.bytes.extend_from_slice(part));
        self.note(family, true, at, key_len, value_len);
    }

    pub fn delete(&mut self, family: Family, key: &[u8]) {
        let key_len = total(&[key]);
        self.bytes.push(family.0 | REMOVED);
        self.bytes.extend_from_slice(&key_len.to_be_bytes());
        self.bytes.extend_from_slice(&0u32.to_be_bytes());
        let at = self.bytes.len();
        self.bytes.extend_from_slice(key);
        self.note(family, false, at, key_len, 0);
    }

    fn note(&mut self, family: Family, put: bool, at: usize, key: u32, value: u32) {
        let position = self.ops.len() as u32;
        let hash = if family.is_looked_up() { hash(family, &self.bytes[at..at + key as usize]) } else { 0 };
        self.ops.push(Op { family, put, hash, key, value, at });
        if family.is_looked_up() {
            let Batch { bytes, ops, latest } = self;
            let key = |i: &u32| key_of(bytes, &ops[*i as usize]);
            let same = |i: &u32| ops[*i as usize].family == family && key(i) == key(&position);
            match latest.entry(hash, same, |i| ops[*i as usize].hash) {
                hashbrown::hash_table::Entry::Occupied(mut entry) => *entry.get_mut() = position,
                hashbrown::hash_table::Entry::Vacant(entry) => drop(entry.insert(position)),
            }
        }
    }

    /// What this batch says of a key of a family that is looked up: nothing, that the row is removed, or its value.
    pub fn get(&self, family: Family, key: &[u8]) -> Option<Option<&[u8]>> {
        debug_assert!(family.is_looked_up(), "{} is not looked up", family.name());
        let same = |i: &u32| {
            let op = &self.ops[*i as usize];
            op.family == family && self.key(op) == key
        };
        let op = &self.ops[*self.latest.find(hash(family, key), same)? as usize];
        Some(self.value(op))
    }

    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// The rows as the log holds them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn key(&self, op: &Op) -> &[u8] {
        key_of(&self.bytes, op)
    }

    /// The row's value, or `None` where it is removed.
    pub fn value(&self, op: &Op) -> Option<&[u8]> {
        let at = op.at + op.key as usize;
        op.put.then(|| &self.bytes[at..at + op.value as usize])
    }

    /// Makes room for about so many bytes of rows.
    pub fn reserve(&mut self, bytes: usize) {
        self.bytes.reserve(bytes);
    }

    /// Gives up what only the writing of a batch needed.
    pub fn shrink(&mut self) {
        self.latest = HashTable::new();
        // Copying it costs; only what was far too large is worth it.
        if self.bytes.capacity() > 2 * self.bytes.len() {
            self.bytes.shrink_to_fit();
        }
    }

    /// Reads rows back from the log.
    pub fn decode(bytes: Vec<u8>) -> Result<Batch, StoreError> {
        let corrupt = || StoreError::corrupt("a row of the log");
        let mut ops = Vec::new();
        let mut rest = bytes.as_slice();
        while let Some((header, tail)) = rest.split_first_chunk::<HEADER>() {
            let length = |i: usize| u32::from_be_bytes(header[i..i + 4].try_into().expect("four bytes"));
            let (family, key, value) = (Family(header[0] & !REMOVED), length(1), length(5));
            let put = header[0] & REMOVED == 0;
            let at = bytes.len() - tail.len();
            let body = (key as usize).checked_add(value as usize).ok_or_else(corrupt)?;
            if usize::from(family.0) >= FAMILIES.len() || body > tail.len() || !put && value != 0 {
                return Err(corrupt());
            }
            let hash = if family.is_looked_up() { hash(family, &tail[..key as usize]) } else { 0 };
            ops.push(Op { family, put, hash, key, value, at });
            rest = &tail[body..];
        }
        if !rest.is_empty() {
            return Err(corrupt());
        }
        Ok(Batch { bytes, ops, latest: HashTable::new() })
    }
}

fn key_of<'a>(bytes: &'a [u8], op: &Op) -> &'a [u8] {
    &bytes[op.at..op.at + op.key as usize]
}

fn total(parts: &[&[u8]]) -> u32 {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    u32::try_from(length).expect("keys are short, and values are messages or blobs within their limits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{IDS, KINDS};

    #[test]
    fn rows_are_read_as_they_were_written() {
        let mut batch = Batch::default();
        batch.put(IDS, b"a", b"1");
        batch.put_parts(KINDS, &[b"k", b"2"], &[b"v", b"", b"3"]);
        batch.delete(IDS, b"b");
        batch.put(IDS, b"a", b"4");
        assert_eq!(batch.get(IDS, b"a"), Some(Some(&b"4"[..])));
        assert_eq!(batch.get(IDS, b"b"), Some(None));
        assert_eq!(batch.get(IDS, b"c"), None);
        let read = Batch::decode(batch.bytes().to_vec()).unwrap();
        let rows = |batch: &Batch| -> Vec<(Family, Vec<u8>, Option<Vec<u8>>)> {
            let row = |op: &Op| (op.family, batch.key(op).to_vec(), batch.value(op).map(<[u8]>::to_vec));
            batch.ops().iter().map(row).collect()
        };
        assert_eq!(rows(&read), rows(&batch));
        assert_eq!(rows(&read)[1], (KINDS, b"k2".to_vec(), Some(b"v3".to_vec())));
    }

    #[test]
    fn bytes_that_are_no_rows_are_refused() {
        let mut batch = Batch::default();
        batch.put(IDS, b"key", b"value");
        let good = batch.bytes().to_vec();
        for cut in 1..good.len() {
            assert!(Batch::decode(good[..cut].to_vec()).is_err(), "cut to {cut}");
        }
        let mut unknown = good.clone();
        unknown[0] = FAMILIES.len() as u8;
        let mut removed_with_value = good.clone();
        removed_with_value[0] |= REMOVED;
        let mut long = good;
        long[1] = 0xff;
        for bad in [unknown, removed_with_value, long] {
            assert!(matches!(Batch::decode(bad), Err(StoreError::Corrupt { .. })));
        }
    }
}
