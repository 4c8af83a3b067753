//! Equivocation: one author and key that signed two messages at one place of its sequence. The two are the proof, and
//! anybody can check it with nothing but the network's id.

use crate::account::Author;
use crate::hash::Hash;
use crate::message::{MAX_MESSAGE_BYTES, MessageError, Signed, Verified};
use serde::{Deserialize, Serialize};

/// Two signed messages of one author, key and sequence: what travels. Checked where it came from [`Equivocation::prove`] or
/// [`Equivocation::decode`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Equivocation {
    first: Signed,
    second: Signed,
}

/// Who is at fault, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The author.
    pub author: Author,
    /// The key that signed both.
    pub key: Vec<u8>,
    /// The place that it signed twice.
    pub seq: u64,
}

/// Why two messages prove nothing.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EquivocationError {
    /// Not the encoding of two signed messages.
    #[error("proof: not two signed messages in canonical DAG-CBOR: {0}")]
    Malformed(String),
    /// One of them is no message of this network that its key signed.
    #[error("proof: {0}")]
    Message(#[from] MessageError),
    /// They are one message.
    #[error("proof: both are the same message")]
    Same,
    /// They stand at different places.
    #[error("{0}: it differs, so both may stand")]
    Differs(&'static str),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    first: Signed,
    second: Signed,
}

impl Equivocation {
    /// Makes the proof from two signed messages in any order; it is the same proof either way, but for signatures.
    ///
    /// # Errors
    /// The messages don't verify, are the same, or differ in author, key or sequence.
    pub fn prove(a: &Signed, b: &Signed, network: Hash) -> Result<Equivocation, EquivocationError> {
        let (first, second) = if Hash::of(&[&a.block]) <= Hash::of(&[&b.block]) { (a, b) } else { (b, a) };
        let proof = Equivocation { first: first.clone(), second: second.clone() };
        proof.verify(network)?;
        Ok(proof)
    }

    /// Checks the proof.
    ///
    /// # Errors
    /// As [`Equivocation::prove`].
    pub fn verify(&self, network: Hash) -> Result<Fault, EquivocationError> {
        let first = Verified::check(self.first.clone(), network)?;
        let second = Verified::check(self.second.clone(), network)?;
        let (a, b) = (first.message, second.message);
        if first.id == second.id {
            return Err(EquivocationError::Same);
        }
        if a.author != b.author {
            return Err(EquivocationError::Differs("author"));
        }
        if a.key != b.key {
            return Err(EquivocationError::Differs("key"));
        }
        if a.seq != b.seq {
            return Err(EquivocationError::Differs("seq"));
        }
        Ok(Fault { author: a.author, key: a.key.into_vec(), seq: a.seq })
    }

    /// The two messages, by `H` of their blocks.
    pub fn messages(&self) -> [&Signed; 2] {
        [&self.first, &self.second]
    }

    /// Canonical DAG-CBOR.
    pub fn encode(&self) -> Vec<u8> {
        serde_ipld_dagcbor::to_vec(self).expect("two byte strings always encode")
    }

    /// Reads and checks a proof that somebody else made.
    ///
    /// # Errors
    /// It is malformed, not canonical, or proves nothing.
    pub fn decode(bytes: &[u8], network: Hash) -> Result<Equivocation, EquivocationError> {
        if bytes.len() > 2 * MAX_MESSAGE_BYTES + 1024 {
            return Err(EquivocationError::Malformed("longer than two messages".into()));
        }
        let pair: Pair =
            serde_ipld_dagcbor::from_slice(bytes).map_err(|e| EquivocationError::Malformed(e.to_string()))?;
        let proof = Equivocation::prove(&pair.first, &pair.second, network)?;
        if proof.encode() == bytes {
            Ok(proof)
        } else {
            Err(EquivocationError::Malformed("other bytes than its canonical ones".into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Account;
    use crate::body::{Body, Ticket};
    use crate::message::{Draft, Place, Signer};
    use ed25519_dalek::SigningKey;

    fn signed(key: u8, account: u8, seq: u64, round: u64) -> Signed {
        let signer = Signer::Ed25519(Box::new(SigningKey::from_bytes(&[key; 32])));
        let author = Author::Account(Account::evm(1, [account; 20]));
        let body = Body::Ticket(Ticket { round, snapshot: 0, adapter: Hash::ZERO, max_units: 1 });
        let draft = Draft { author, parents: vec![], task: None, time_ms: 0, body };
        let mut place = Place::default();
        (0..seq).for_each(|_| drop(draft.clone().sign(Hash::ZERO, &signer, &mut place).unwrap()));
        draft.sign(Hash::ZERO, &signer, &mut place).unwrap().signed
    }

    #[test]
    fn two_messages_at_one_place_are_a_portable_proof() {
        let (a, b) = (signed(1, 1, 0, 5), signed(1, 1, 0, 6));
        let proof = Equivocation::prove(&a, &b, Hash::ZERO).unwrap();
        assert_eq!(proof, Equivocation::prove(&b, &a, Hash::ZERO).unwrap());
        assert_eq!(Equivocation::decode(&proof.encode(), Hash::ZERO), Ok(proof.clone()));
        let fault = proof.verify(Hash::ZERO).unwrap();
        assert_eq!((fault.seq, fault.author.to_string()), (0, Account::evm(1, [1; 20]).to_string()));
        assert!(proof.verify(Hash([1; 32])).is_err(), "of another network");
    }

    #[test]
    fn anything_else_proves_nothing() {
        let a = signed(1, 1, 0, 5);
        let prove = |b: &Signed| Equivocation::prove(&a, b, Hash::ZERO).unwrap_err();
        assert_eq!(prove(&a), EquivocationError::Same);
        assert_eq!(prove(&signed(1, 1, 1, 5)), EquivocationError::Differs("seq"));
        assert_eq!(prove(&signed(1, 2, 0, 5)), EquivocationError::Differs("author"));
        assert_eq!(prove(&signed(2, 1, 0, 6)), EquivocationError::Differs("key"));
        let mut forged = signed(1, 1, 0, 6);
        forged.signature[0] ^= 1;
        assert_eq!(prove(&forged), EquivocationError::Message(MessageError::Signature));
        let swapped = {
            let proof = Equivocation::prove(&a, &signed(1, 1, 0, 6), Hash::ZERO).unwrap();
            Equivocation { first: proof.second, second: proof.first }.encode()
        };
        assert!(matches!(Equivocation::decode(&swapped, Hash::ZERO), Err(EquivocationError::Malformed(_))));
        assert!(matches!(Equivocation::decode(b"\xa0", Hash::ZERO), Err(EquivocationError::Malformed(_))));
    }
}
