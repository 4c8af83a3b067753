//! An oracle's journal as a file.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | `LIAISE/MOVE`, padded with zeros |
//! | 4 | version of the layout, big-endian: 1 |
//! | the rest but 97 | a DAG-CBOR map: the fields of [`JournalFile`] |
//! | 32 | SHA-256 of everything before |
//! | 65 | the oracle's signature under that digest: r, s (low), v |
//!
//! It holds no key and no secret: whoever reads it can sign nothing. It names the one host that takes it, so that a copy is
//! of no use elsewhere.

use std::path::Path;

use liaise_ledger::hash::tag;
use liaise_ledger::{Hash, Signed};
use liaise_summary::{CompressedKey, Hash32};
use serde::{Deserialize, Serialize};
use serde_bytes::{ByteArray, ByteBuf};

use super::error::MoveError;
use crate::quorum::{OracleKey, recover};

const TAG: [u8; 16] = tag("LIAISE/MOVE");
/// The version that is written. Older ones are read for ever.
const VERSION: u32 = 1;
const FRONT: usize = TAG.len() + 4;
const CHECKSUM: usize = 32;
const SIGNATURE: usize = 65;
/// No journal of centuries is as large; what is longer is not read.
const MAX_BYTES: u64 = 1 << 30;

/// What a journal file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalFile {
    /// The network's id.
    pub network: Hash,
    /// The oracle's compressed key.
    pub key: ByteArray<33>,
    /// The one host that may take it.
    pub to: Hash,
    /// What was signed: slot and content, by slot.
    pub signed: Vec<(ByteBuf, ByteBuf)>,
    /// Submissions: purpose and row, by purpose.
    pub submissions: Vec<(ByteBuf, ByteBuf)>,
    /// Every message of the key, in its order, so that none is said twice at one place.
    pub messages: Vec<Signed>,
}

impl JournalFile {
    /// The file's bytes, and the checksum that they carry.
    pub(super) fn encode(&self, key: &OracleKey) -> (Vec<u8>, Hash) {
        let mut bytes = [&TAG[..], &VERSION.to_be_bytes()].concat();
        bytes.extend(serde_ipld_dagcbor::to_vec(self).expect("plain structs serialise"));
        let checksum = Hash::of(&[&bytes]);
        bytes.extend(checksum.0);
        bytes.extend(key.sign(&Hash32(checksum.0)));
        (bytes, checksum)
    }

    /// Reads a file that this host's oracle may take: whole, unaltered, of this network and key. Also says its checksum.
    ///
    /// # Errors
    /// [`MoveError::Damaged`], [`MoveError::Newer`], [`MoveError::Forged`], [`MoveError::ForeignNetwork`],
    /// [`MoveError::ForeignKey`], [`MoveError::File`].
    pub fn read(path: &Path, network: Hash, own: &CompressedKey) -> Result<(JournalFile, Hash), MoveError> {
        let file = |error: std::io::Error| MoveError::File { path: path.to_owned(), why: error.to_string() };
        let damaged = |detail: String| MoveError::Damaged { path: path.to_owned(), detail };
        let length = std::fs::metadata(path).map_err(file)?.len();
        if length > MAX_BYTES {
            return Err(damaged(format!("it has {length} bytes")));
        }
        let bytes = std::fs::read(path).map_err(file)?;
        if bytes.get(..TAG.len()) != Some(&TAG[..]) {
            return Err(damaged("it does not begin as one".into()));
        }
        let version = bytes.get(TAG.len()..FRONT).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
        let found = version.ok_or_else(|| damaged("it ends early".into()))?;
        if found > VERSION {
            return Err(MoveError::Newer { path: path.to_owned(), found, supported: VERSION });
        }
        let end = bytes.len().checked_sub(CHECKSUM + SIGNATURE).filter(|end| *end > FRONT);
        let end = end.ok_or_else(|| damaged("it ends early".into()))?;
        let (content, rest) = bytes.split_at(end);
        let (checksum, signature) = rest.split_at(CHECKSUM);
        let found = Hash::of(&[content]);
        if found.0 != checksum {
            return Err(damaged("its checksum is not that of its bytes".into()));
        }
        let journal: JournalFile =
            serde_ipld_dagcbor::from_slice(&content[FRONT..]).map_err(|error| damaged(error.to_string()))?;
        // One form for one content: nothing hides beside what is read.
        if serde_ipld_dagcbor::to_vec(&journal).is_ok_and(|bytes| bytes != content[FRONT..]) {
            return Err(damaged("it is not in its one form".into()));
        }
        if recover(content, signature).ok().as_ref() != Some(&*journal.key) {
            return Err(MoveError::Forged { path: path.to_owned() });
        }
        if journal.network != network {
            let (found, path) = (journal.network, path.to_owned());
            return Err(MoveError::ForeignNetwork { path, found, expected: network });
        }
        if *journal.key != *own {
            let (found, expected, path) = (hex(&*journal.key), hex(own), path.to_owned());
            return Err(MoveError::ForeignKey { path, found, expected });
        }
        Ok((journal, found))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
