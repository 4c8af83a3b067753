//! DAG-CBOR written by hand: an epoch's rows are millions, and their keys are known to stand in canonical order.
//!
//! What is written is what `serde_ipld_dagcbor` would write of the rows' types: every reader compares the two.

use liaise_ledger::Hash;

/// A CIDv1 of DAG-CBOR under SHA-256 before its digest: tag 42, 37 bytes, the identity prefix.
const LINK: [u8; 9] = [0xd8, 0x2a, 0x58, 0x25, 0x00, 0x01, 0x71, 0x12, 0x20];

/// Bytes of DAG-CBOR while they are written.
#[derive(Debug, Default)]
pub struct Cbor(pub Vec<u8>);

impl Cbor {
    #[inline]
    fn head(&mut self, major: u8, number: u64) {
        let major = major << 5;
        match number {
            0..=23 => self.0.push(major | number as u8),
            24..=0xff => self.0.extend([major | 24, number as u8]),
            0x100..=0xffff => {
                self.0.push(major | 25);
                self.0.extend((number as u16).to_be_bytes());
            }
            0x1_0000..=0xffff_ffff => {
                self.0.push(major | 26);
                self.0.extend((number as u32).to_be_bytes());
            }
            _ => {
                self.0.push(major | 27);
                self.0.extend(number.to_be_bytes());
            }
        }
    }

    /// Values that were encoded before.
    pub fn encoded(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// A number.
    #[inline]
    pub fn number(&mut self, number: u64) {
        self.head(0, number);
    }

    /// A number that may be negative.
    pub fn integer(&mut self, number: i64) {
        match u64::try_from(number) {
            Ok(number) => self.head(0, number),
            Err(_) => self.head(1, !number as u64),
        }
    }

    /// A text; a map's key too.
    #[inline]
    pub fn text(&mut self, text: &str) {
        self.head(3, text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// The beginning of a list.
    #[inline]
    pub fn list(&mut self, count: usize) {
        self.head(4, count as u64);
    }

    /// The beginning of a map. Its keys follow by length and then by bytes, each with its value.
    #[inline]
    pub fn map(&mut self, count: usize) {
        self.head(5, count as u64);
    }

    /// 32 bytes.
    #[inline]
    pub fn hash(&mut self, hash: &Hash) {
        self.0.extend([0x58, 0x20]);
        self.0.extend_from_slice(&hash.0);
    }

    /// The id of a DAG-CBOR block with a digest.
    #[inline]
    pub fn link(&mut self, digest: &Hash) {
        self.0.extend_from_slice(&LINK);
        self.0.extend_from_slice(&digest.0);
    }

    /// True or false.
    #[inline]
    pub fn bool(&mut self, value: bool) {
        self.0.push(if value { 0xf5 } else { 0xf4 });
    }

    /// A value, or null.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Cbor, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.0.push(0xf6),
        }
    }

    /// Some values.
    pub fn all<T>(&mut self, values: impl ExactSizeIterator<Item = T>, mut write: impl FnMut(&mut Cbor, T)) {
        self.list(values.len());
        values.for_each(|value| write(self, value));
    }
}
