//! Thirty-two-byte names, one type each, so that a chunk is never taken for a snapshot.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};

macro_rules! name32 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = hex::FromHexError;
            /// Lower- or upper-case hex, 64 digits.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; 32];
                hex::decode_to_slice(text, &mut bytes)?;
                Ok(Self(bytes))
            }
        }

        /// Hex in JSON, a byte string in DAG-CBOR.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                if to.is_human_readable() { to.collect_str(self) } else { to.serialize_bytes(&self.0) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                if from.is_human_readable() {
                    String::deserialize(from)?.parse().map_err(D::Error::custom)
                } else {
                    Ok(Self(serde_bytes::ByteArray::<32>::deserialize(from)?.into_array()))
                }
            }
        }
    };
}

name32!(
    /// SHA-256 over the tag `LIAISE/ADAPTER/1` and a bundle's canonical manifest.
    AdapterId
);
name32!(
    /// SHA-256 of a chunk's UTF-8 text: the digest inside its CIDv1 (raw, sha2-256).
    ChunkId
);
name32!(
    /// Merkle root of the chunk ids that an index holds.
    SnapshotId
);
name32!(
    /// SHA-256 of bytes that travel beside an output.
    BlobId
);

impl ChunkId {
    /// The id of a chunk with this text.
    pub fn of(text: &str) -> Self {
        Self(sha256(&[text.as_bytes()]))
    }
}

impl BlobId {
    /// The id of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha256(&[bytes]))
    }
}

/// SHA-256 of the parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_in_json_bytes_in_cbor() {
        let id = ChunkId::of("abc");
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"");
        assert_eq!(serde_json::from_str::<ChunkId>(&json).unwrap(), id);
        let cbor = serde_ipld_dagcbor::to_vec(&id).unwrap();
        assert_eq!((cbor.len(), cbor[0], cbor[1]), (34, 0x58, 32));
        assert_eq!(serde_ipld_dagcbor::from_slice::<ChunkId>(&cbor).unwrap(), id);
        assert!("ba78".parse::<ChunkId>().is_err());
    }
}
