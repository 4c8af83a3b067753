//! Bytes of fixed width as lower-case hex, for serde's `with`.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
    hex::decode(text).ok().filter(|_| lower)?.try_into().ok()
}

fn decode_or<const N: usize, E: Error>(text: &str) -> Result<[u8; N], E> {
    decode(text).ok_or_else(|| E::custom(format!("{text:?} is not {N} bytes of lower-case hex")))
}

pub fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], serializer: S) -> Result<S::Ok, S::Error> {
    hex::encode(bytes).serialize(serializer)
}

pub fn deserialize<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[u8; N], D::Error> {
    decode_or(&String::deserialize(deserializer)?)
}

/// The same for lists.
pub mod list {
    use super::*;

    pub fn serialize<S: Serializer, const N: usize>(keys: &[[u8; N]], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(keys.iter().map(hex::encode))
    }

    pub fn deserialize<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<Vec<[u8; N]>, D::Error> {
        Vec::<String>::deserialize(deserializer)?.iter().map(|text| decode_or(text)).collect()
    }
}

/// A CID as its text.
pub mod cid_text {
    use super::*;
    use cid::Cid;

    pub fn serialize<S: Serializer>(cid: &Cid, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(cid)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cid, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
