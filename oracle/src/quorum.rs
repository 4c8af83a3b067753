//! Oracles' signatures: what an oracle signs, how it never signs two things, and when a quorum is together.

use std::collections::BTreeMap;

use cid::Cid;
use liaise_chain_api::StatementSignature;
use liaise_ledger::body::Vote;
use liaise_ledger::hash::tag;
use liaise_ledger::{EpochNumber, Hash};
use liaise_summary::{CompressedKey, EpochStatement, Hash32, OracleSet, SetError, Statement, StatementError};
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use secp256k1::global::SECP256K1;
use secp256k1::{Message, PublicKey, SecretKey};
use serde_bytes::ByteBuf;

/// Length of an attestation to an epoch's history.
pub const ATTESTATION_BYTES: usize = 84;
const ATTESTATION_TAG: &str = "LIAISE/HIST/01";
/// Where a set's version stands in a statement: what may differ when the same content is signed again.
const SET_VERSION: std::ops::Range<usize> = 84..88;
/// Where its distributor stands, and its head: the slot of a statement.
const DISTRIBUTOR: std::ops::Range<usize> = 48..80;
const HEAD: std::ops::Range<usize> = 88..120;
/// The front of an attestation that is its slot: all but the history's digest.
const SLOT_BYTES: usize = 52;

/// Why a signature is refused, or none is given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QuorumError {
    /// The bytes are no statement.
    #[error("statement: {0}")]
    Statement(#[from] StatementError),
    /// An oracle signs EPOCH and OPEN statements of its network, and nothing else.
    #[error("an oracle does not sign this: {0}")]
    NotOurs(&'static str),
    /// Something else was signed over this head.
    #[error(
        "over head {head} of distributor {distributor} another content was signed before; it stays the only one. If the \
         fold was wrong, the DAO advances the head"
    )]
    SignedOther {
        /// The distributor.
        distributor: Hash,
        /// Its head.
        head: Hash,
    },
    /// The same content was signed under a newer set.
    #[error("the same was signed under set {newest}, which is newer than {found}: sign under the newest set only")]
    OlderSet {
        /// The version signed under before.
        newest: u32,
        /// The version asked for.
        found: u32,
    },
    /// The signature is malformed or not the key's.
    #[error("signature: {0}")]
    Signature(&'static str),
    /// The signer is no member, or there are too few.
    #[error(transparent)]
    Set(#[from] SetError),
    /// The guard could not write: nothing was signed.
    #[error("the signing guard can't be written, so nothing was signed: {0}")]
    Guard(String),
}

/// The one durable row for each thing that an oracle may sign once. Written before anything is signed.
pub trait SignGuard {
    /// The row of a slot.
    ///
    /// # Errors
    /// The medium fails; its words.
    fn load(&self, slot: &[u8]) -> Result<Option<Vec<u8>>, String>;

    /// Writes the row where it is `expected`; durable when this returns `true`, unchanged when `false`.
    ///
    /// # Errors
    /// The medium fails; its words.
    fn replace(&self, slot: &[u8], expected: Option<&[u8]>, value: &[u8]) -> Result<bool, String>;
}

/// An oracle's key. Its secret is wiped when it is dropped and never printed.
pub struct OracleKey(SecretKey);

impl OracleKey {
    /// A secret key of 32 bytes.
    ///
    /// # Errors
    /// [`QuorumError::Signature`]: zero, or not below the curve's order.
    pub fn from_bytes(secret: [u8; 32]) -> Result<OracleKey, QuorumError> {
        SecretKey::from_byte_array(secret).map(OracleKey).map_err(|_| QuorumError::Signature("no secp256k1 secret key"))
    }

    /// The compressed public key.
    pub fn public(&self) -> CompressedKey {
        PublicKey::from_secret_key_global(&self.0).serialize()
    }

    pub(crate) fn sign(&self, digest: &Hash32) -> [u8; 65] {
        let signature = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(digest.0), &self.0);
        let (recovery, rs) = signature.serialize_compact();
        let mut rsv = [0; 65];
        rsv[..64].copy_from_slice(&rs);
        // r is never that of a point beyond the order in practice; v is 0 or 1.
        rsv[64] = u8::try_from(i32::from(recovery) & 1).expect("0 or 1");
        rsv
    }
}

impl Drop for OracleKey {
    fn drop(&mut self) {
        self.0.non_secure_erase();
    }
}

impl std::fmt::Debug for OracleKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OracleKey({})", hex(&self.public()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the guard remembers of a slot: the set's version, and `H` of the statement without it.
fn row(statement: &[u8; 200]) -> ([u8; 4], Hash) {
    let version: [u8; 4] = statement[SET_VERSION].try_into().expect("4 bytes");
    (version, Hash::of(&[&statement[..SET_VERSION.start], &statement[SET_VERSION.end..]]))
}

/// The guard's slot of a vote's bytes, and what its row says once they are signed; `None` for what is no vote's.
pub(crate) fn guarded(bytes: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    if let Ok(statement) = <&[u8; 200]>::try_from(bytes) {
        let (version, content) = row(statement);
        return Some(([&statement[DISTRIBUTOR], &statement[HEAD]].concat(), [&version[..], &content.0[..]].concat()));
    }
    (bytes.len() == ATTESTATION_BYTES).then(|| (bytes[..SLOT_BYTES].to_vec(), bytes[SLOT_BYTES..].to_vec()))
}

/// Whether a guard's row allows for a signed vote: the same content, of a statement under no newer set.
pub(crate) fn allows_for(row: &[u8], signed: &[u8]) -> bool {
    let (content, version) = match signed.len() {
        36 => (4.., ..4),
        _ => (0.., ..0),
    };
    row.get(content.clone()) == signed.get(content) && row.get(version) >= signed.get(version)
}

/// Signs a statement, once a guard has it: one content for a distributor and head, under a newer set the same again.
///
/// # Errors
/// Those of [`promise`]. Nothing was signed.
pub fn sign(key: &OracleKey, guard: &impl SignGuard, statement: &Statement) -> Result<StatementSignature, QuorumError> {
    promise(guard, statement)?;
    Ok(StatementSignature { key: key.public(), rsv: key.sign(&statement.digest()) })
}

/// Writes down what is about to be signed: one content for a distributor and head, under a newer set the same again. Only what is on
/// disk may be signed.
///
/// # Errors
/// Another content was written down there; the set is older than one written down; the guard fails.
pub fn promise(guard: &impl SignGuard, statement: &Statement) -> Result<(), QuorumError> {
    let head = match statement {
        Statement::Epoch(epoch) => epoch.head,
        Statement::Open(open) => open.head,
        _ => return Err(QuorumError::NotOurs("only EPOCH and OPEN statements are an oracle's")),
    };
    let distributor = Hash(statement.distributor().0);
    let head = Hash(head.0);
    let (version, content) = row(&statement.encode());
    let slot = [&distributor.0[..], &head.0[..]].concat();
    let value = [&version[..], &content.0[..]].concat();
    let guarded = guard.load(&slot).map_err(QuorumError::Guard)?;
    if let Some(known) = &guarded {
        if known.get(4..) != Some(&content.0[..]) {
            return Err(QuorumError::SignedOther { distributor, head });
        }
        let newest = u32::from_be_bytes(known[..4].try_into().expect("36 bytes"));
        let found = u32::from_be_bytes(version);
        if found < newest {
            return Err(QuorumError::OlderSet { newest, found });
        }
    }
    if guarded.as_deref() != Some(&value[..]) {
        let written = guard.replace(&slot, guarded.as_deref(), &value).map_err(QuorumError::Guard)?;
        if !written {
            return Err(QuorumError::Guard("another process of this oracle is signing".into()));
        }
    }
    Ok(())
}

/// The vote that carries an oracle's signature under a statement.
pub fn vote(statement: &Statement, signature: &StatementSignature, history: Option<Cid>, tree: Option<Cid>) -> Vote {
    Vote {
        statement: ByteBuf::from(statement.encode().to_vec()),
        signature: ByteBuf::from(signature.rsv.to_vec()),
        history,
        tree,
    }
}

/// The bytes with which an oracle attests to an epoch's history block: `LIAISE/HIST/01`, network, epoch, digest.
///
/// # Panics
/// For an epoch beyond 32 bits.
pub fn attestation(network: Hash, epoch: EpochNumber, history: &Cid) -> [u8; ATTESTATION_BYTES] {
    let epoch = i32::try_from(epoch).expect("an epoch below 2^31");
    let mut bytes = [0; ATTESTATION_BYTES];
    bytes[..16].copy_from_slice(&tag(ATTESTATION_TAG));
    bytes[16..48].copy_from_slice(&network.0);
    bytes[48..52].copy_from_slice(&epoch.to_be_bytes());
    bytes[52..].copy_from_slice(history.hash().digest());
    bytes
}

/// Attests to a history block. It moves no money and is not guarded by head: an epoch has one slot of its own.
///
/// # Errors
/// Another history of this epoch was attested to; the guard fails.
pub fn attest(
    key: &OracleKey,
    guard: &impl SignGuard,
    network: Hash,
    epoch: EpochNumber,
    history: &Cid,
) -> Result<Vote, QuorumError> {
    let bytes = attestation(network, epoch, history);
    let slot = &bytes[..52];
    let known = guard.load(slot).map_err(QuorumError::Guard)?;
    match known {
        Some(known) if known != bytes[52..] => {
            return Err(QuorumError::SignedOther { distributor: Hash::ZERO, head: Hash::of(&[slot]) });
        }
        Some(_) => {}
        None => {
            let written = guard.replace(slot, None, &bytes[52..]).map_err(QuorumError::Guard)?;
            if !written {
                return Err(QuorumError::Guard("another process of this oracle is signing".into()));
            }
        }
    }
    let rsv = key.sign(&Hash32(Hash::of(&[&bytes]).0));
    Ok(Vote {
        statement: ByteBuf::from(bytes.to_vec()),
        signature: ByteBuf::from(rsv.to_vec()),
        history: Some(*history),
        tree: None,
    })
}

/// Verifies a recoverable signature with low s and v 0 or 1 over `H` of some bytes, and says whose it is.
///
/// # Errors
/// [`QuorumError::Signature`].
pub fn recover(bytes: &[u8], rsv: &[u8]) -> Result<CompressedKey, QuorumError> {
    let rsv: &[u8; 65] = rsv.try_into().map_err(|_| QuorumError::Signature("not 65 bytes r, s, v"))?;
    if rsv[64] > 1 {
        return Err(QuorumError::Signature("v is neither 0 nor 1"));
    }
    let recovery =
        RecoveryId::try_from(i32::from(rsv[64])).map_err(|_| QuorumError::Signature("v is neither 0 nor 1"))?;
    let signature = RecoverableSignature::from_compact(&rsv[..64], recovery)
        .map_err(|_| QuorumError::Signature("r or s is out of range"))?;
    let mut low = signature.to_standard();
    low.normalize_s();
    if low != signature.to_standard() {
        return Err(QuorumError::Signature("s is high: sign with low s"));
    }
    let digest = Message::from_digest(Hash::of(&[bytes]).0);
    let key = SECP256K1
        .recover_ecdsa(digest, &signature)
        .map_err(|_| QuorumError::Signature("it is no signature over these bytes"))?;
    Ok(key.serialize())
}

/// Signatures under one content, until they are a quorum.
#[derive(Clone, Debug)]
pub struct Tally {
    bytes: Vec<u8>,
    set: OracleSet,
    signatures: BTreeMap<CompressedKey, [u8; 65]>,
}

impl Tally {
    /// Collects signatures of a set's members under some bytes: a statement's 200, or an attestation's 84.
    pub fn new(bytes: &[u8], set: OracleSet) -> Tally {
        Tally { bytes: bytes.to_vec(), set, signatures: BTreeMap::new() }
    }

    /// Takes in a vote of `author`. Returns whether it was new.
    ///
    /// # Errors
    /// It is for other bytes, not the author's signature, or the author is no member.
    pub fn add(&mut self, author: &CompressedKey, vote: &Vote) -> Result<bool, QuorumError> {
        if *vote.statement != self.bytes {
            return Err(QuorumError::NotOurs("it is a vote for other bytes"));
        }
        if recover(&self.bytes, &vote.signature)? != *author {
            return Err(QuorumError::Signature("it is another key's than the author's"));
        }
        if self.set.keys().binary_search(author).is_err() {
            return Err(QuorumError::Set(SetError::NotAMember { index: 0 }));
        }
        let rsv = vote.signature.as_slice().try_into().expect("65 bytes were recovered from");
        Ok(self.signatures.insert(*author, rsv).is_none())
    }

    /// How many members have signed.
    pub fn len(&self) -> usize {
        self.signatures.len()
    }

    /// Whether nobody has.
    pub fn is_empty(&self) -> bool {
        self.signatures.is_empty()
    }

    /// A quorum's signatures, ascending by key: exactly as many as are needed. `None` while there are fewer.
    pub fn quorum(&self) -> Option<Vec<StatementSignature>> {
        let needed = self.set.quorum();
        if self.signatures.len() < needed {
            return None;
        }
        let signatures = self.signatures.iter().take(needed);
        Some(signatures.map(|(key, rsv)| StatementSignature { key: *key, rsv: *rsv }).collect())
    }
}

/// Checks a filing's signatures before they are sent: each valid, members, ascending, a quorum.
///
/// # Errors
/// The first that is wrong.
pub fn check_signatures(
    statement: &EpochStatement,
    set: &OracleSet,
    signatures: &[StatementSignature],
) -> Result<(), QuorumError> {
    if statement.oracle_set != set.version() {
        return Err(QuorumError::NotOurs("the statement names another set"));
    }
    for signature in signatures {
        if recover(&statement.encode(), &signature.rsv)? != signature.key {
            return Err(QuorumError::Signature("it is another key's"));
        }
    }
    let signers: Vec<CompressedKey> = signatures.iter().map(|signature| signature.key).collect();
    Ok(set.check_quorum(&signers)?)
}

#[cfg(test)]
mod tests;
