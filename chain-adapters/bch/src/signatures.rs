//! Who signed a statement, checked before the covenant does, and as the covenant reads it.

use liaise_chain_api::{Refusal, StatementSignature};
use liaise_summary::{CompressedKey, DaoSet, Hash32, OracleSet};
use secp256k1::{Message, PublicKey, SECP256K1, ecdsa};

/// The signatures of a set: for each of its keys in order one byte of length, 0 where it did not sign, and the DER form.
pub(crate) fn packed(keys: &[CompressedKey], signed: impl Fn(&CompressedKey) -> Option<Vec<u8>>) -> Vec<u8> {
    let one = |key: &CompressedKey| match signed(key) {
        Some(der) => [&[u8::try_from(der.len()).expect("at most 72 bytes")], &der[..]].concat(),
        None => vec![0],
    };
    keys.iter().flat_map(one).collect()
}

/// How many of a set's keys signed.
pub(crate) fn count(keys: &[CompressedKey], signed: impl Fn(&CompressedKey) -> Option<Vec<u8>>) -> usize {
    keys.iter().filter(|key| signed(key).is_some()).count()
}

/// The verified signatures of a statement.
#[derive(Clone, Debug)]
pub(crate) struct Signatures(Vec<(CompressedKey, Vec<u8>)>);

impl Signatures {
    /// Verifies all of them: by members of one of the sets, each once, low s, over the digest.
    pub(crate) fn check(
        digest: Hash32,
        signatures: &[StatementSignature],
        oracles: &OracleSet,
        dao: Option<&DaoSet>,
    ) -> Result<Self, Refusal> {
        let mut checked: Vec<(CompressedKey, Vec<u8>)> = Vec::with_capacity(signatures.len());
        for StatementSignature { key, rsv } in signatures {
            let known = oracles.keys().contains(key) || dao.is_some_and(|dao| dao.keys().contains(key));
            if !known || checked.iter().any(|(other, _)| other == key) {
                return Err(Refusal::Signature);
            }
            checked.push((*key, der_of(digest, key, rsv).ok_or(Refusal::Signature)?));
        }
        Ok(Self(checked))
    }

    /// What a key signed.
    pub(crate) fn by(&self, key: &CompressedKey) -> Option<Vec<u8>> {
        self.0.iter().find(|(signer, _)| signer == key).map(|(_, der)| der.clone())
    }
}

/// The DER form of a signature that is right and has a low s.
pub(crate) fn der_of(digest: Hash32, key: &CompressedKey, rsv: &[u8; 65]) -> Option<Vec<u8>> {
    let signature = ecdsa::Signature::from_compact(&rsv[..64]).ok()?;
    let mut low = signature;
    low.normalize_s();
    if low != signature || rsv[64] > 1 {
        return None;
    }
    let key = PublicKey::from_slice(key).ok()?;
    SECP256K1.verify_ecdsa(Message::from_digest(digest.0), &signature, &key).ok()?;
    Some(signature.serialize_der().to_vec())
}
