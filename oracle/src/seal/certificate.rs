//! The proof of a seal: the precommits of more than two thirds of the witnesses, in bytes that anybody can check.

use super::bytes::Reader;
use super::context::{Place, SealContext, SealHeight, Sig, Witnesses};
use super::signing::{round_number, round_of};
use super::tally::{precommits, tally};
use super::value::{MAX_WITNESSES, value_id};
use cid::Cid;
use ed25519_dalek::VerifyingKey;
use liaise_ledger::message::is_message_id;
use liaise_ledger::{EpochNumber, Hash};
use malachitebft_core_types::{CommitCertificate, CommitSignature, ThresholdParam};

/// The first byte of a certificate.
const VERSION: u8 = 1;

/// Why a certificate proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The set is no set of witnesses.
    #[error("keys: {0}; take the witness set that is in force in the epoch")]
    Keys(&'static str),
    /// The epoch is out of range.
    #[error("epoch {0} can't be sealed: the first is -1")]
    Epoch(EpochNumber),
    /// The vector breaks a rule.
    #[error("batches: {0}")]
    Vector(&'static str),
    /// The bytes are no certificate.
    #[error(
        "certificate: malformed: it is version 1, round u32, count u16, and by ascending place u16 a signature each"
    )]
    Malformed,
    /// A signature is not the named witness's, or too few signed.
    #[error("certificate: {0}")]
    Signatures(String),
}

/// How many places of a vector of `witnesses` must be set: `Q = ceil(2N/3)`.
pub fn places_needed(witnesses: usize) -> usize {
    (2 * witnesses).div_ceil(3)
}

/// Checks that the witnesses agreed on a vector: what a store asks before it keeps a `seal`, and what an audit repeats.
///
/// `keys` are the witness set that is in force in the epoch, ascending. Needs nothing else: a certificate proves itself,
/// whoever hands it over.
///
/// # Errors
/// The first rule that it breaks.
pub fn verify_certificate(
    network: &Hash,
    keys: &[[u8; 32]],
    epoch: EpochNumber,
    batches: &[Option<Cid>],
    certificate: &[u8],
) -> Result<(), CertificateError> {
    let set = witnesses(keys)?;
    if !batches.iter().flatten().all(is_message_id) {
        return Err(CertificateError::Vector("not all are CIDs of messages"));
    }
    let batches: Vec<_> = batches.iter().map(|b| b.as_ref().and_then(Hash::from_cid)).collect();
    verify(network, &set, ThresholdParam::TWO_F_PLUS_ONE, epoch, &batches, certificate)
}

/// The set of keys in its order.
pub(super) fn witnesses(keys: &[[u8; 32]]) -> Result<Witnesses, CertificateError> {
    if !(4..=MAX_WITNESSES).contains(&keys.len()) {
        return Err(CertificateError::Keys("not 4 to 256"));
    }
    if !keys.windows(2).all(|w| w[0] < w[1]) {
        return Err(CertificateError::Keys("not strictly ascending"));
    }
    let keys: Option<Vec<_>> = keys.iter().map(|key| VerifyingKey::from_bytes(key).ok()).collect();
    let keys = keys.ok_or(CertificateError::Keys("not all are Ed25519 keys"))?;
    Ok(Witnesses::new(keys.into_iter()))
}

pub(super) fn verify(
    network: &Hash,
    set: &Witnesses,
    quorum: ThresholdParam,
    epoch: EpochNumber,
    batches: &[Option<Hash>],
    certificate: &[u8],
) -> Result<(), CertificateError> {
    let height = SealHeight::of(epoch).ok_or(CertificateError::Epoch(epoch))?;
    let witnesses = set.iter().count();
    if batches.len() != witnesses {
        return Err(CertificateError::Vector("not one for each witness"));
    }
    if batches.iter().flatten().count() < places_needed(witnesses) {
        return Err(CertificateError::Vector("fewer than two thirds are set"));
    }
    let (round, signatures) = decode(certificate).ok_or(CertificateError::Malformed)?;
    let certificate = CommitCertificate::<SealContext> {
        height,
        round: round_of(round),
        value_id: value_id(network, epoch, batches),
        commit_signatures: signatures,
    };
    tally(network, set, quorum, precommits(&certificate)).map_err(|e| CertificateError::Signatures(e.to_string()))
}

/// Version, round, count, and by ascending place a signature each.
pub(super) fn encode(certificate: &CommitCertificate<SealContext>) -> Vec<u8> {
    let mut signatures: Vec<_> = certificate.commit_signatures.iter().collect();
    signatures.sort_by_key(|s| s.address);
    let mut out = vec![VERSION];
    out.extend(round_number(certificate.round).to_be_bytes());
    out.extend((signatures.len() as u16).to_be_bytes());
    for signature in signatures {
        out.extend(signature.address.0.to_be_bytes());
        out.extend(signature.signature.0);
    }
    out
}

pub(super) fn decode(bytes: &[u8]) -> Option<(u32, Vec<CommitSignature<SealContext>>)> {
    let mut reader = Reader::new(bytes);
    reader.u8().filter(|v| *v == VERSION)?;
    let round = reader.u32().filter(|r| round_of(*r).is_defined())?;
    let count = usize::from(reader.u16()?);
    let mut signatures: Vec<CommitSignature<SealContext>> = Vec::new();
    for _ in 0..count {
        let place = Place(reader.u16()?);
        if signatures.last().is_some_and(|last| last.address >= place) {
            return None;
        }
        signatures.push(CommitSignature::new(place, Sig(reader.array()?)));
    }
    reader.end()?;
    Some((round, signatures))
}
