//! The rows of one write: one run of bytes, as the log holds it.
//!
//! A row is `family u8 (its highest bit set: the row is removed) | key length u32 | value length u32 | key | value`. Where it
//! begins is its name within the batch.

use super::latest::{Latest, hash};
use crate::error::StoreError;
use crate::layout::{FAMILIES, Family};

const REMOVED: u8 = 0x80;
const HEADER: usize = 9;

/// A row of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchRow<'a> {
    pub family: Family,
    pub key: &'a [u8],
    /// `None` where the row is removed.
    pub value: Option<&'a [u8]>,
}

/// Rows that are written together, in their order: of two for one key the later counts.
#[derive(Default)]
pub struct Batch {
    bytes: Vec<u8>,
    /// Of the families that are looked up.
    latest: Latest<u32>,
}

impl Batch {
    pub fn put(&mut self, family: Family, key: &[u8], value: &[u8]) {
        self.put_parts(family, &[key], &[value]);
    }

    /// Puts a row whose key and value are given in pieces.
    pub fn put_parts(&mut self, family: Family, key: &[&[u8]], value: &[&[u8]]) {
        self.push(family.0, key, value);
    }

    pub fn delete(&mut self, family: Family, key: &[u8]) {
        self.push(family.0 | REMOVED, &[key], &[]);
    }

    fn push(&mut self, kind: u8, key: &[&[u8]], value: &[&[u8]]) {
        let at = u32::try_from(self.bytes.len()).expect("a write is far below 4 GiB");
        let mut header = [kind; HEADER];
        header[1..5].copy_from_slice(&total(key).to_be_bytes());
        header[5..].copy_from_slice(&total(value).to_be_bytes());
        self.bytes.extend_from_slice(&header);
        key.iter().chain(value).for_each(|part| self.bytes.extend_from_slice(part));
        self.note(at);
    }

    fn note(&mut self, at: u32) {
        let Batch { bytes, latest } = self;
        let row = row(bytes, at);
        if row.family.is_looked_up() {
            latest.note(hash(row.family, row.key), at, |other| is_of(bytes, other, row.family, row.key));
        }
    }

    /// What this batch says of a key of a family that is looked up: nothing, that the row is removed, or its value.
    pub fn get(&self, family: Family, key: &[u8]) -> Option<Option<&[u8]>> {
        debug_assert!(family.is_looked_up(), "{} is not looked up", family.name());
        let at = self.latest.find(hash(family, key), |at| is_of(&self.bytes, at, family, key))?;
        Some(self.row(at).value)
    }

    /// The latest rows of all keys that are looked up, with their hashes.
    pub fn latest(&self) -> impl Iterator<Item = (u64, u32)> {
        self.latest.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The rows as the log holds them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The row that begins at a place.
    pub fn row(&self, at: u32) -> BatchRow<'_> {
        row(&self.bytes, at)
    }

    /// All rows and where they begin, in their order.
    pub fn rows(&self) -> impl Iterator<Item = (u32, BatchRow<'_>)> {
        let mut next = 0;
        std::iter::from_fn(move || {
            let at = next;
            let row = ((at as usize) < self.bytes.len()).then(|| self.row(at))?;
            next += (HEADER + row.key.len() + row.value.map_or(0, <[u8]>::len)) as u32;
            Some((at, row))
        })
    }

    /// Makes room for about so many bytes of rows.
    pub fn reserve(&mut self, bytes: usize) {
        self.bytes.reserve(bytes);
    }

    /// Gives up room that it does not need.
    pub fn shrink(&mut self) {
        // Copying costs; only what was far too large is worth it.
        if self.bytes.capacity() > 2 * self.bytes.len() {
            self.bytes.shrink_to_fit();
        }
    }

    /// Reads rows back from the log.
    pub fn decode(bytes: Vec<u8>) -> Result<Batch, StoreError> {
        let corrupt = || StoreError::corrupt("a row of the log");
        let mut places = Vec::new();
        let mut rest = bytes.as_slice();
        while let Some((header, tail)) = rest.split_first_chunk::<HEADER>() {
            let length = |i: usize| u32::from_be_bytes(header[i..i + 4].try_into().expect("four bytes")) as usize;
            let body = length(1).checked_add(length(5)).ok_or_else(corrupt)?;
            let removed_with_value = header[0] & REMOVED != 0 && length(5) != 0;
            if usize::from(header[0] & !REMOVED) >= FAMILIES.len() || body > tail.len() || removed_with_value {
                return Err(corrupt());
            }
            places.push(u32::try_from(bytes.len() - rest.len()).map_err(|_| corrupt())?);
            rest = &tail[body..];
        }
        if !rest.is_empty() {
            return Err(corrupt());
        }
        let mut batch = Batch { bytes, latest: Latest::default() };
        places.into_iter().for_each(|at| batch.note(at));
        Ok(batch)
    }
}

fn row(bytes: &[u8], at: u32) -> BatchRow<'_> {
    let (header, rest) = bytes[at as usize..].split_first_chunk::<HEADER>().expect("a row has its header");
    let length = |i: usize| u32::from_be_bytes(header[i..i + 4].try_into().expect("four bytes")) as usize;
    let (key, rest) = rest.split_at(length(1));
    let value = (header[0] & REMOVED == 0).then(|| &rest[..length(5)]);
    BatchRow { family: Family(header[0] & !REMOVED), key, value }
}

fn is_of(bytes: &[u8], at: u32, family: Family, key: &[u8]) -> bool {
    let row = row(bytes, at);
    row.family == family && row.key == key
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
        let rows: Vec<_> = read.rows().collect();
        assert_eq!(rows, batch.rows().collect::<Vec<_>>());
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[1].1, BatchRow { family: KINDS, key: b"k2", value: Some(b"v3") });
        assert_eq!(read.get(IDS, b"a"), Some(Some(&b"4"[..])));
        assert_eq!(read.get(IDS, b"b"), Some(None));
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
