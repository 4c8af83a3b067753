//! What nodes ask each other: one request, one response, DAG-CBOR inside the mesh's frames.

use cid::Cid;
use liaise_ledger::{Hash, Signed, cbor};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_bytes::ByteBuf;

/// The most messages of a submission or an answer to `Follow`.
pub const MAX_MESSAGES: usize = 512;
/// The most blobs of a request.
pub const MAX_BLOBS: usize = 256;
/// The longest blob, in bytes.
pub const MAX_BLOB_BYTES: usize = 1024 * 1024;
/// The longest that a store holds a request, in milliseconds.
pub const MAX_WAIT_MS: u32 = 20_000;
/// Room that an answer's messages may take, in bytes; the mesh takes frames of eight times that.
pub const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// The most data items of a request or an answer, keys included: 512 messages have some 4 100.
pub const MAX_ITEMS: usize = 16 * 1024;

/// A question to a store.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Keep these messages; the answer carries the receipts.
    Submit(Vec<Signed>),
    /// Messages after a place of the store's own arrival order; held until there is one or the time is up.
    Follow {
        /// The last place that the asker has.
        after: u64,
        /// The most messages to send.
        limit: u32,
        /// How long to hold the request, in milliseconds.
        wait_ms: u32,
    },
    /// Messages by id.
    Get(Vec<Cid>),
    /// Blobs by CID: chunks of documents, embeddings, blocks of artefacts.
    Blobs(Vec<Cid>),
    /// Keep these blobs.
    PutBlobs(Vec<ByteBuf>),
    /// The beacon's signature of a round; held until its time has come.
    Round {
        /// The round.
        round: u64,
        /// How long to hold the request, in milliseconds.
        wait_ms: u32,
    },
    /// Pass a racer's early answer, sealed to the prompt's reply key, on to its user. Never stored.
    Offer(Offer),
    /// The early answers to a prompt; held until there are more than `have`.
    Offers {
        /// The prompt.
        prompt: Cid,
        /// How many the asker has.
        have: u32,
        /// How long to hold the request, in milliseconds.
        wait_ms: u32,
    },
    /// A message of the witnesses' consensus.
    Agreement(ByteBuf),
    /// How the store is.
    Status,
}

/// A store's answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Response {
    /// To `Submit`: an outcome for each message, and the receipts batches that cover the accepted ones.
    Submitted {
        /// In the order of the submission.
        outcomes: Vec<Outcome>,
        /// Signed `receipts` messages.
        receipts: Vec<Signed>,
    },
    /// To `Follow`.
    Messages {
        /// With their places in the store's arrival order, ascending.
        items: Vec<(u64, Signed)>,
        /// The store's newest place.
        head: u64,
    },
    /// To `Get`, in the order of the request.
    Found(Vec<Option<Signed>>),
    /// To `Blobs`, in the order of the request; null for what is absent or was removed. Shorter than the request where
    /// not all fit an answer: ask again for the rest.
    Blobs(Vec<Option<ByteBuf>>),
    /// To `Round`; null when its time has not come.
    Round(Option<ByteBuf>),
    /// To `Offers`: all that the store holds, in order of arrival.
    Offers(Vec<Offer>),
    /// To `Status`.
    Status(Box<Status>),
    /// Done; nothing to say.
    Done,
    /// Refused, with the remedy.
    Refused(String),
}

/// What became of a submitted message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Durable, at this place of the store's arrival order.
    Accepted(u64),
    /// The store had it, at this place.
    Duplicate(u64),
    /// Not kept; the field and the remedy.
    Refused(String),
}

/// A racer's early answer. Only the user can open it; whoever relays it learns nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The prompt.
    pub prompt: Cid,
    /// The racer's commit, which the opened answer must match.
    pub commit: Cid,
    /// Sealed box to the prompt's reply key.
    pub sealed: ByteBuf,
}

/// How a store is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// The network's id.
    pub network: Hash,
    /// The store's wall clock, in milliseconds since 1970.
    pub wall_ms: u64,
    /// Newest place of its arrival order.
    pub head: u64,
    /// Newest epoch whose seal it holds.
    pub sealed: Option<i64>,
    /// Witness key in hex; null for a store that only keeps and serves.
    pub witness: Option<String>,
}

/// Bytes that are no request or response of this version.
#[derive(Debug, thiserror::Error)]
#[error("the peer sent what this version does not understand: {0}")]
pub struct Malformed(String);

/// Encodes a request or a response.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    serde_ipld_dagcbor::to_vec(value).expect("requests and responses always encode")
}

/// Decodes a request or a response.
///
/// # Errors
/// The bytes are not its DAG-CBOR, or hold more than [`MAX_ITEMS`]: eight megabytes of nulls would be four hundred here.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Malformed> {
    if !cbor::is_within(bytes, MAX_ITEMS) {
        return Err(Malformed(format!("not one whole item of DAG-CBOR, or more than {MAX_ITEMS} items in it")));
    }
    serde_ipld_dagcbor::from_slice(bytes).map_err(|error| Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_requests_and_answers_pass_and_lists_of_nothing_do_not() {
        let signed = Signed { block: ByteBuf::from(vec![0; 200]), signature: ByteBuf::from(vec![0; 64]) };
        let full = Request::Submit(vec![signed.clone(); MAX_MESSAGES]);
        assert!(decode::<Request>(&encode(&full)).is_ok());
        let items = (0..MAX_MESSAGES as u64).map(|place| (place, signed.clone())).collect();
        assert!(decode::<Response>(&encode(&Response::Messages { items, head: 9 })).is_ok());
        let outcomes = vec![Outcome::Refused("why".into()); MAX_MESSAGES];
        let submitted = Response::Submitted { outcomes, receipts: vec![signed; MAX_MESSAGES] };
        assert!(decode::<Response>(&encode(&submitted)).is_ok());
        let nothing = encode(&Response::Found(vec![None; 1 << 20]));
        assert!(decode::<Response>(&nothing).is_err());
        let empty = encode(&Request::PutBlobs(vec![ByteBuf::new(); 1 << 20]));
        assert!(decode::<Request>(&empty).is_err());
    }
}
