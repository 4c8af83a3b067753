//! `H`, the one hash of the protocol: SHA-256, which the EVM, Solana's VM and Bitcoin Cash Script all offer natively.

use cid::Cid;
use cid::multihash::Multihash;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// Multicodec of DAG-CBOR: messages, artefacts.
pub const DAG_CBOR: u64 = 0x71;
/// Multicodec of raw bytes: blobs.
pub const RAW: u64 = 0x55;
const SHA2_256: u64 = 0x12;

/// 32 bytes of SHA-256, or an identifier of that width. Bytes in DAG-CBOR, lower-case hex in text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// 32 zero bytes.
    pub const ZERO: Hash = Hash([0; 32]);

    /// `H` of the concatenated parts.
    pub fn of(parts: &[&[u8]]) -> Hash {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Hash(hasher.finalize().into())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The CIDv1 whose digest this is. `codec` is [`DAG_CBOR`] or [`RAW`].
    pub fn to_cid(self, codec: u64) -> Cid {
        let multihash = Multihash::wrap(SHA2_256, &self.0).expect("32 bytes fit a 64-byte multihash");
        Cid::new_v1(codec, multihash)
    }

    /// The digest of a CIDv1 of SHA-256, or `None` for any other CID.
    pub fn from_cid(cid: &Cid) -> Option<Hash> {
        (cid.version() == cid::Version::V1 && cid.hash().code() == SHA2_256)
            .then(|| cid.hash().digest().try_into().ok().map(Hash))
            .flatten()
    }
}

/// The CID of a DAG-CBOR block.
pub fn block_cid(block: &[u8]) -> Cid {
    Hash::of(&[block]).to_cid(DAG_CBOR)
}

/// The CID of a blob.
pub fn blob_cid(bytes: &[u8]) -> Cid {
    Hash::of(&[bytes]).to_cid(RAW)
}

/// An ASCII tag, padded on the right with zeros to 16 bytes.
///
/// # Panics
/// At compile time, or in a test, when the tag is longer than 16 bytes: tags are constants of the protocol.
pub const fn tag(name: &str) -> [u8; 16] {
    let bytes = name.as_bytes();
    assert!(bytes.len() <= 16, "a tag is at most 16 bytes");
    let mut out = [0; 16];
    let mut i = 0;
    while i < bytes.len() {
        out[i] = bytes[i];
        i += 1;
    }
    out
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Text that is not 64 lower-case hex digits.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not 64 lower-case hex digits: {0:?}")]
pub struct NotAHash(pub String);

impl FromStr for Hash {
    type Err = NotAHash;
    fn from_str(text: &str) -> Result<Hash, NotAHash> {
        let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
        let bytes = hex::decode(text).ok().filter(|_| lower).and_then(|b| b.try_into().ok());
        bytes.map(Hash).ok_or_else(|| NotAHash(text.to_owned()))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_bytes(&self.0) }
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            let bytes = serde_bytes::ByteArray::<32>::deserialize(deserializer)?;
            Ok(Hash(bytes.into_array()))
        }
    }
}
