//! Scans: the newest rows, in memory, over those of RocksDB.

use super::Row;
use super::tail::Cursor;
use crate::error::StoreError;
use rocksdb::{DB, DBIteratorWithThreadMode};
use std::cmp::Ordering;
use std::iter::Peekable;

/// Rows of one family whose keys have one prefix, in order.
pub struct Rows<'a> {
    /// The newest first: of two rows for one key the first counts.
    newest: Vec<Cursor>,
    stored: Peekable<DBIteratorWithThreadMode<'a, DB>>,
    prefix: Vec<u8>,
    forward: bool,
}

impl<'a> Rows<'a> {
    /// Goes on from where the sources stand.
    pub fn new(
        newest: Vec<Cursor>,
        stored: DBIteratorWithThreadMode<'a, DB>,
        prefix: &[u8],
        forward: bool,
    ) -> Rows<'a> {
        Rows { newest, stored: stored.peekable(), prefix: prefix.to_vec(), forward }
    }

    fn next_row(&mut self) -> Result<Option<Row>, StoreError> {
        let Rows { newest, stored, prefix, forward } = self;
        loop {
            let first = first(newest, prefix, *forward);
            let order = match (first.and_then(|i| newest[i].key()), stored.peek()) {
                (_, Some(Err(_))) => Ordering::Greater,
                (Some(newest), Some(Ok((stored, _)))) if stored.starts_with(prefix) => {
                    if *forward {
                        newest.cmp(stored)
                    } else {
                        stored.as_ref().cmp(newest)
                    }
                }
                (Some(_), _) => Ordering::Less,
                (None, Some(Ok((stored, _)))) if stored.starts_with(prefix) => Ordering::Greater,
                (None, _) => return Ok(None),
            };
            if order.is_gt() {
                return Ok(stored.next().transpose()?);
            }
            if order.is_eq() {
                stored.next();
            }
            let first = &newest[first.expect("its key was compared")];
            let key: Box<[u8]> = first.key().expect("its key was compared").into();
            let value: Option<Box<[u8]>> = first.value().map(Into::into);
            for cursor in newest.iter_mut().filter(|cursor| cursor.key() == Some(&key)) {
                cursor.advance();
            }
            if let Some(value) = value {
                return Ok(Some((key, value)));
            }
        }
    }
}

/// The cursor with the next key, the newest of those that share it.
fn first(cursors: &[Cursor], prefix: &[u8], forward: bool) -> Option<usize> {
    let mut first: Option<(usize, &[u8])> = None;
    for (i, cursor) in cursors.iter().enumerate() {
        let Some(key) = cursor.key().filter(|key| key.starts_with(prefix)) else { continue };
        if first.is_none_or(|(_, best)| if forward { key < best } else { key > best }) {
            first = Some((i, key));
        }
    }
    first.map(|(i, _)| i)
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_row().transpose()
    }
}
