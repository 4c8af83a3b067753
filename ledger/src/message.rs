//! A message: one canonical DAG-CBOR block, named by its CID, with the signature beside it.

use crate::account::Author;
use crate::body::Body;
use crate::cbor;
use crate::ed25519;
use crate::hash::{DAG_CBOR, Hash, block_cid, tag};
use cid::Cid;
use ed25519_dalek::{Signer as _, SigningKey};
use ipld_core::ipld::Ipld;
use secp256k1::{PublicKey, SecretKey};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::collections::BTreeMap;

mod limits;
pub use limits::{MAX_ITEMS, MAX_MESSAGE_BYTES, MAX_PARENTS, MAX_RECEIPTS};

/// The version of the message model that this crate reads and writes.
pub const VERSION: u32 = 1;

/// A decoded message. Encode with [`Message::to_block`]; the id is the block's CID.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// [`VERSION`].
    pub v: u32,
    /// The network's id: part of everything that is signed.
    pub network: Hash,
    /// Whom it speaks for.
    pub author: Author,
    /// The key that signs: a session key for accounts (32 bytes), the author's own otherwise.
    pub key: ByteBuf,
    /// Place among the messages of that key, from 0.
    pub seq: u64,
    /// The message before, of that key; null at 0.
    pub prev: Option<Cid>,
    /// What it answers or builds on; at most [`MAX_PARENTS`].
    pub parents: Vec<Cid>,
    /// The prompt or retrieval-add that it belongs to; null for messages that belong to none.
    pub task: Option<Cid>,
    /// The author's clock in milliseconds since 1970: advisory, decides nothing.
    pub time_ms: u64,
    /// What it says.
    pub body: Body,
    /// Where hierarchies of the author's own are attached; no rule reads it.
    pub metadata: BTreeMap<String, Ipld>,
}

/// A block and its signature: what travels and what is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// Canonical DAG-CBOR of a [`Message`].
    pub block: ByteBuf,
    /// 64 bytes: Ed25519, or secp256k1 r, s for `oracle:` and `dao:` authors.
    pub signature: ByteBuf,
}

impl Signed {
    /// The key that the block names, without decoding it: canonical blocks begin with version and key. `None` for what is no
    /// message; nothing else of it is checked.
    pub fn key(&self) -> Option<&[u8]> {
        let rest = self.block.strip_prefix(b"\xab\x61v\x01\x63key\x58")?;
        let (length, rest) = rest.split_first()?;
        rest.get(..usize::from(*length))
    }
}

/// A message whose form, limits and signature were checked. Whether its session is known is the store's question.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// The block's CID.
    pub id: Cid,
    /// The decoded block.
    pub message: Message,
    /// The bytes.
    pub signed: Signed,
}

/// Why a message is refused. It names the field; the message is not stored, and others of the peer go on.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageError {
    /// Longer than [`MAX_MESSAGE_BYTES`].
    #[error("block: {0} bytes, more than the {MAX_MESSAGE_BYTES} that a message may have; put large bytes into blobs")]
    TooLarge(usize),
    /// Not the DAG-CBOR of a message.
    #[error("block: not a message: {0}")]
    Malformed(String),
    /// Decodes, but its bytes are not the canonical ones.
    #[error("block: not canonical DAG-CBOR: encode it again with sorted keys and shortest integers")]
    NotCanonical,
    /// A version that this program does not read.
    #[error("v: version {0} is not {VERSION}; update this program if the network has moved on")]
    Version(u32),
    /// For another network.
    #[error("network: it is for network {0}, not this one")]
    ForeignNetwork(Hash),
    /// A field breaks a stated limit or rule.
    #[error("{field}: {why}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// What is wrong with it, and what is allowed.
        why: String,
    },
    /// The signature does not verify.
    #[error("signature: it is not the key's signature over this block")]
    Signature,
}

impl MessageError {
    pub(crate) fn field(field: &'static str, why: impl Into<String>) -> Self {
        MessageError::Field { field, why: why.into() }
    }
}

/// What a message's signature covers: `LIAISE/MSG/01` and the block's digest, 48 bytes.
pub fn signing_bytes(id: &Cid) -> [u8; 48] {
    let mut out = [0; 48];
    out[..16].copy_from_slice(&tag("LIAISE/MSG/01"));
    out[16..].copy_from_slice(id.hash().digest());
    out
}

/// A key that signs messages. Its secret is wiped when it is dropped and never printed.
pub enum Signer {
    /// A session's or a store's Ed25519 key.
    Ed25519(Box<SigningKey>),
    /// An oracle's or a DAO member's secp256k1 key.
    Secp256k1(SecretKey),
}

impl Signer {
    /// The public key as it stands in [`Message::key`].
    pub fn public(&self) -> Vec<u8> {
        match self {
            Signer::Ed25519(key) => key.verifying_key().to_bytes().to_vec(),
            Signer::Secp256k1(key) => PublicKey::from_secret_key_global(key).serialize().to_vec(),
        }
    }

    fn sign(&self, id: &Cid) -> Vec<u8> {
        let bytes = signing_bytes(id);
        match self {
            Signer::Ed25519(key) => key.sign(&bytes).to_bytes().to_vec(),
            Signer::Secp256k1(key) => {
                let digest = secp256k1::Message::from_digest(Hash::of(&[&bytes]).0);
                secp256k1::global::SECP256K1.sign_ecdsa(digest, key).serialize_compact().to_vec()
            }
        }
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        // Ed25519 keys wipe themselves.
        if let Signer::Secp256k1(key) = self {
            key.non_secure_erase();
        }
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", hex::encode(self.public()))
    }
}

/// What an author decides of a message; the rest is the key's place in its own sequence.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Whom it speaks for.
    pub author: Author,
    /// What it answers or builds on.
    pub parents: Vec<Cid>,
    /// The task that it belongs to.
    pub task: Option<Cid>,
    /// The author's clock in milliseconds since 1970.
    pub time_ms: u64,
    /// What it says.
    pub body: Body,
}

/// The place of a key's next message. Written to disk before the message leaves, or the key equivocates after a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Sequence of the next message.
    pub seq: u64,
    /// The message before it.
    pub prev: Option<Cid>,
}

impl Draft {
    /// Puts the draft at `place` of the signer's sequence and signs it. `place` moves on.
    ///
    /// # Errors
    /// A limit or rule of [`Verified::check`] that the draft breaks; nothing was signed and `place` stays.
    pub fn sign(self, network: Hash, signer: &Signer, place: &mut Place) -> Result<Verified, MessageError> {
        let message = Message {
            v: VERSION,
            network,
            author: self.author,
            key: ByteBuf::from(signer.public()),
            seq: place.seq,
            prev: place.prev,
            parents: self.parents,
            task: self.task,
            time_ms: self.time_ms,
            body: self.body,
            metadata: BTreeMap::new(),
        };
        let block = message.to_block();
        let message = decode(&block, network)?;
        let id = block_cid(&block);
        let signature = ByteBuf::from(signer.sign(&id));
        *place = Place { seq: place.seq + 1, prev: Some(id) };
        Ok(Verified { id, message, signed: Signed { block: ByteBuf::from(block), signature } })
    }
}

impl Message {
    /// Canonical DAG-CBOR.
    pub fn to_block(&self) -> Vec<u8> {
        serde_ipld_dagcbor::to_vec(self).expect("a message always encodes")
    }
}

impl Verified {
    /// Decodes what a store has verified before it was stored: everything but the signature is checked again.
    ///
    /// # Errors
    /// The bytes are not those of a message of this network.
    pub fn check_stored(signed: Signed, network: Hash) -> Result<Verified, MessageError> {
        let id = block_cid(&signed.block);
        Verified::check_named(signed, id, network)
    }

    /// [`Verified::check_stored`] where the caller has hashed the block already: `id` is taken as its CID.
    ///
    /// # Errors
    /// As there.
    pub fn check_named(signed: Signed, id: Cid, network: Hash) -> Result<Verified, MessageError> {
        let message = decode(&signed.block, network)?;
        Ok(Verified { id, message, signed })
    }

    /// Checks form, limits, network and signature, in that order: cheap checks first.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(signed: Signed, network: Hash) -> Result<Verified, MessageError> {
        let message = decode(&signed.block, network)?;
        let id = block_cid(&signed.block);
        verify_signature(&message, &id, &signed.signature)?;
        Ok(Verified { id, message, signed })
    }
}

/// Decodes a block and checks everything but the signature.
fn decode(block: &[u8], network: Hash) -> Result<Message, MessageError> {
    if block.len() > MAX_MESSAGE_BYTES {
        return Err(MessageError::TooLarge(block.len()));
    }
    let message = match cbor::strict::from_slice(block, MAX_ITEMS) {
        Ok(message) => message,
        Err(_) => by_encoding_again(block)?,
    };
    if message.v != VERSION {
        return Err(MessageError::Version(message.v));
    }
    if message.network != network {
        return Err(MessageError::ForeignNetwork(message.network));
    }
    limits::check(&message)?;
    Ok(message)
}

/// Decodes a block whose form is in doubt, and says what is wrong with it: its message has to be encoded as the same bytes.
fn by_encoding_again(block: &[u8]) -> Result<Message, MessageError> {
    if !cbor::is_within(block, MAX_ITEMS) {
        let why = format!("not one whole item of DAG-CBOR, or more than {MAX_ITEMS} items in it");
        return Err(MessageError::Malformed(why));
    }
    let message: Message =
        serde_ipld_dagcbor::from_slice(block).map_err(|error| MessageError::Malformed(error.to_string()))?;
    // What can't be encoded is not canonical either: floats that are not finite are decoded.
    let again = serde_ipld_dagcbor::to_vec(&message);
    if again.is_ok_and(|again| again == block) { Ok(message) } else { Err(MessageError::NotCanonical) }
}

fn verify_signature(message: &Message, id: &Cid, signature: &[u8]) -> Result<(), MessageError> {
    let bytes = signing_bytes(id);
    let signature: &[u8; 64] = signature.try_into().map_err(|_| MessageError::Signature)?;
    match &message.author {
        Author::Account(_) | Author::Store(_) => {
            let key: &[u8; 32] = message.key.as_slice().try_into().map_err(|_| MessageError::Signature)?;
            let key = ed25519::decode_key(key).ok_or(MessageError::Signature)?;
            if ed25519::verify(&key, &bytes, signature) { Ok(()) } else { Err(MessageError::Signature) }
        }
        Author::Oracle(key) | Author::Dao(key) => {
            let digest = Hash::of(&[&bytes]);
            crate::message::verify_secp256k1(key, &digest, signature)
        }
    }
}

/// Verifies a compact secp256k1 signature with low s over a digest.
///
/// # Errors
/// [`MessageError::Signature`] when it is not the key's, or its s is high.
pub fn verify_secp256k1(key: &[u8; 33], digest: &Hash, signature: &[u8; 64]) -> Result<(), MessageError> {
    let key = PublicKey::from_byte_array_compressed(*key).map_err(|_| MessageError::Signature)?;
    let signature = secp256k1::ecdsa::Signature::from_compact(signature).map_err(|_| MessageError::Signature)?;
    // libsecp256k1 verifies only low-s signatures, which is the rule.
    secp256k1::global::SECP256K1
        .verify_ecdsa(secp256k1::Message::from_digest(digest.0), &signature, &key)
        .map_err(|_| MessageError::Signature)
}

/// True for the CID of a message: CIDv1, DAG-CBOR, SHA-256.
pub fn is_message_id(cid: &Cid) -> bool {
    cid.codec() == DAG_CBOR && Hash::from_cid(cid).is_some()
}

#[cfg(test)]
mod tests;
