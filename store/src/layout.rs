//! What lies where: column families, keys and values.
//!
//! All integers in keys are big-endian, so that RocksDB's order is theirs; those in values too. `id` is the 32-byte digest
//! of a message's CID, `place` a witness' own sequence, `seq` the order of arrival at this store.
//!
//! | family | key | value | for |
//! |---|---|---|---|
//! | `messages` | seq | signature 64, block | following, loading |
//! | `ids` | id | seq | by CID, duplicates |
//! | `keys` | key length u8, key, sequence u64 | (id, seq)+ | a key's place, equivocation |
//! | `kinds` | kind u8, seq | id | all messages of a kind |
//! | `tasks` | id of the task, seq | id | what belongs to a task |
//! | `children` | id of the parent, seq | id | what answers a message |
//! | `sessions` | H(account), key 32 | flags u8, issued ms, expires ms | who may sign |
//! | `stores` | store key 32 | ordinal u16, next place, last batch's id, last wall ms, last closed epoch | a witness' chain |
//! | `receipts` | id, ordinal u16, place | seq of the batch | receipts of a message |
//! | `batches` | ordinal u16, first place, seq of the batch | batch's id, (seq or all ones, wall ms)* | a witness' receipts in order |
//! | `epochs` | epoch, store key 32, batch's id | seq of the batch | close batches of an epoch |
//! | `seals` | epoch, seq | id | seals of an epoch |
//! | `twice` | key length u8, key, sequence u64 | empty | places that a key signed twice |
//! | `wanted` | id | empty | receipted somewhere, but not here yet |
//! | `blobs` | digest | bytes | blobs |
//! | `uses` | digest, id | empty | which documents and results name a blob |
//! | `purged` | digest | empty | blobs that are never stored again |
//! | `purging` | id | empty | messages whose effect on blobs is still to be carried out |
//! | `journal` | namespace length u8, namespace, key | bytes | other crates' rows |
//! | `meta` | name | | format, network, marks |
//!
//! A message is written once, in the order of arrival, and small rows point to it: the large rows are never sorted again.
//! `batches` is the column that an epoch's close reads: 16 bytes a receipt, contiguous for each witness, instead of the
//! decoded batches.

use liaise_ledger::{Body, Hash};

/// The format that this program writes.
pub const VERSION: u32 = 2;

/// A family by its number, which the log names it by: only ever appended to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Family(pub u8);

impl Family {
    /// Its name in RocksDB.
    pub fn name(self) -> &'static str {
        FAMILIES[usize::from(self.0)]
    }

    /// Whether its newest rows are found by a hash of their key: those that messages ask for on their way in.
    pub fn is_looked_up(self) -> bool {
        matches!(self, IDS | KEYS | SESSIONS | STORES)
    }
}

pub const MESSAGES: Family = Family(0);
pub const IDS: Family = Family(1);
pub const KEYS: Family = Family(2);
pub const KINDS: Family = Family(3);
pub const TASKS: Family = Family(4);
pub const CHILDREN: Family = Family(5);
pub const SESSIONS: Family = Family(6);
pub const STORES: Family = Family(7);
pub const RECEIPTS: Family = Family(8);
pub const BATCHES: Family = Family(9);
pub const EPOCHS: Family = Family(10);
pub const SEALS: Family = Family(11);
pub const TWICE: Family = Family(12);
pub const WANTED: Family = Family(13);
pub const BLOBS: Family = Family(14);
pub const USES: Family = Family(15);
pub const PURGED: Family = Family(16);
pub const PURGING: Family = Family(17);
pub const JOURNAL: Family = Family(18);
pub const META: Family = Family(19);

/// Every family of this format, by its number.
pub const FAMILIES: [&str; 20] = [
    "messages", "ids", "keys", "kinds", "tasks", "children", "sessions", "stores", "receipts", "batches", "epochs",
    "seals", "twice", "wanted", "blobs", "uses", "purged", "purging", "journal", "meta",
];

/// Row of `meta`: the format, u32.
pub const META_VERSION: &[u8] = b"version";
/// Row of `meta`: the network's id.
pub const META_NETWORK: &[u8] = b"network";
/// Row of `meta`: keys may have signed elsewhere, see `StoreError::Moved`.
pub const META_MOVED: &[u8] = b"moved";

/// Bytes of a signature, before the block.
pub const SIGNATURE: usize = 64;
/// Stands for a message that had not arrived when its receipt did.
pub const ABSENT: u64 = u64::MAX;

/// Concatenates the parts of a key.
pub fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// A key of `keys` and `twice` without the sequence: all places of a key.
pub fn key_prefix(key: &[u8]) -> Vec<u8> {
    join(&[&[key_length(key)], key])
}

fn key_length(key: &[u8]) -> u8 {
    u8::try_from(key.len()).expect("keys of messages are 32 or 33 bytes, as their form was checked")
}

/// A key of `keys` and `twice`.
pub fn key_place(key: &[u8], seq: u64) -> Vec<u8> {
    join(&[&[key_length(key)], key, &seq.to_be_bytes()])
}

/// An epoch as ordered bytes; epochs may be negative.
pub fn epoch_bytes(epoch: i64) -> [u8; 8] {
    ((epoch as u64) ^ (1 << 63)).to_be_bytes()
}

/// The first eight bytes as an integer.
pub fn read_u64(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(..8)?.try_into().ok()?))
}

/// The first 32 bytes as a digest.
pub fn read_hash(bytes: &[u8]) -> Option<Hash> {
    Some(Hash(bytes.get(..32)?.try_into().ok()?))
}

/// The numbers of kinds on disk: only ever appended to.
const KIND_NAMES: [&str; 15] = [
    "session",
    "capability",
    "ticket",
    "prompt",
    "commit",
    "result",
    "verdict-commit",
    "verdict",
    "feedback",
    "retrieval-add",
    "retrieval-remove",
    "receipts",
    "seal",
    "vote",
    "decree",
];

/// The number of a kind by its name on the wire.
pub fn kind_number(kind: &str) -> Option<u8> {
    KIND_NAMES.iter().position(|name| *name == kind).map(|i| i as u8)
}

/// The number of a body's kind. Kinds of a later message version have the last number and are found by no name.
pub fn kind_of(body: &Body) -> u8 {
    kind_number(body.kind()).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_sort_as_numbers() {
        let epochs = [i64::MIN, -5, -1, 0, 1, 7305, i64::MAX];
        assert!(epochs.windows(2).all(|w| epoch_bytes(w[0]) < epoch_bytes(w[1])));
    }

    #[test]
    fn families_are_distinct() {
        let distinct: std::collections::BTreeSet<_> = FAMILIES.iter().collect();
        assert_eq!(distinct.len(), FAMILIES.len());
    }
}
