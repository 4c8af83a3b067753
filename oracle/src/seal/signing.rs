//! What a witness signs: three kinds of 16-byte tags keep the three kinds of messages apart, and from everything else that
//! a store's key signs; the network's id keeps networks apart.

use super::context::{Ballot, Motion, SealHeight, Sig};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use liaise_ledger::hash::tag;
use liaise_ledger::{Hash, ed25519};
use malachitebft_core_types::{Height, NilOrVal, Round, VoteType};

/// Stands for a nil round; no round gets there.
const NIL_ROUND: u32 = u32::MAX;

pub(super) fn round_number(round: Round) -> u32 {
    round.as_u32().unwrap_or(NIL_ROUND)
}

pub(super) fn round_of(number: u32) -> Round {
    if number == NIL_ROUND { Round::Nil } else { Round::new(number) }
}

fn head(name: &str, network: &Hash, height: SealHeight) -> Vec<u8> {
    [&tag(name)[..], &network.0, &height.as_u64().to_be_bytes()].concat()
}

/// `LIAISE/SEALVOTE`, network, height u64, round u32, 1 prevote or 2 precommit, 1 and the value's id, or 0 and zeros.
pub(super) fn ballot_bytes(network: &Hash, ballot: &Ballot) -> Vec<u8> {
    let mut out = head("LIAISE/SEALVOTE", network, ballot.height);
    out.extend(round_number(ballot.round).to_be_bytes());
    out.push(kind_number(ballot.kind));
    let id = match ballot.value {
        NilOrVal::Nil => None,
        NilOrVal::Val(id) => Some(id),
    };
    out.push(id.is_some() as u8);
    out.extend(id.unwrap_or_default().0);
    out
}

/// `LIAISE/SEALPROP`, network, height u64, round u32, polka's round u32 or all ones, the value's id.
pub(super) fn motion_bytes(network: &Hash, motion: &Motion) -> Vec<u8> {
    let mut out = head("LIAISE/SEALPROP", network, motion.height);
    out.extend(round_number(motion.round).to_be_bytes());
    out.extend(round_number(motion.pol).to_be_bytes());
    out.extend(motion.value.id().0);
    out
}

/// `LIAISE/SEALASK`, network, height u64.
pub(super) fn ask_bytes(network: &Hash, height: SealHeight) -> Vec<u8> {
    head("LIAISE/SEALASK", network, height)
}

pub(super) fn kind_number(kind: VoteType) -> u8 {
    match kind {
        VoteType::Prevote => 1,
        VoteType::Precommit => 2,
    }
}

pub(super) fn kind_of(number: u8) -> Option<VoteType> {
    match number {
        1 => Some(VoteType::Prevote),
        2 => Some(VoteType::Precommit),
        _ => None,
    }
}

pub(super) fn sign(key: &SigningKey, bytes: &[u8]) -> Sig {
    Sig(key.sign(bytes).to_bytes())
}

pub(super) fn verify(key: &VerifyingKey, bytes: &[u8], signature: &Sig) -> bool {
    ed25519::verify(key, bytes, &signature.0)
}
