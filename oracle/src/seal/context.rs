//! The types that the consensus library is built on. Heights are epochs + 2, so that epoch -1 is height 1.

use super::value::Vector;
use ed25519_dalek::{SigningKey, VerifyingKey};
use liaise_ledger::{EpochNumber, Hash};
use malachitebft_core_types::{
    Address, Context, Height, LinearTimeouts, NilOrVal, Proposal, ProposalPart, Round, SignedExtension, SigningScheme,
    Validator, ValidatorSet, Value, Vote, VoteType, VotingPower,
};
use std::fmt;

/// The largest epoch that a height may name: far beyond the schedule, and far below where arithmetic could wrap.
const MAX_EPOCH: EpochNumber = 1 << 31;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SealHeight(u64);

impl SealHeight {
    /// `None` below epoch -1 and beyond every schedule.
    pub fn of(epoch: EpochNumber) -> Option<Self> {
        (-1..=MAX_EPOCH).contains(&epoch).then(|| SealHeight((epoch + 2) as u64))
    }

    pub fn decode(height: u64) -> Option<Self> {
        (1..=(MAX_EPOCH + 2) as u64).contains(&height).then_some(SealHeight(height))
    }

    pub fn epoch(self) -> EpochNumber {
        self.0 as EpochNumber - 2
    }
}

impl fmt::Display for SealHeight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Height for SealHeight {
    const ZERO: Self = SealHeight(0);
    const INITIAL: Self = SealHeight(1);
    fn increment_by(&self, n: u64) -> Self {
        SealHeight(self.0 + n)
    }
    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.checked_sub(n).map(SealHeight)
    }
    fn as_u64(&self) -> u64 {
        self.0
    }
}

/// A witness by its place among the ascending keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place(pub u16);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "witness {}", self.0)
    }
}

impl Address for Place {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Witness {
    pub place: Place,
    pub key: VerifyingKey,
}

impl Validator<SealContext> for Witness {
    fn address(&self) -> &Place {
        &self.place
    }
    fn public_key(&self) -> &VerifyingKey {
        &self.key
    }
    fn voting_power(&self) -> VotingPower {
        1
    }
}

/// The witness stores, by ascending key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Witnesses(Vec<Witness>);

impl Witnesses {
    pub fn new(keys: impl Iterator<Item = VerifyingKey>) -> Self {
        Witnesses(keys.enumerate().map(|(i, key)| Witness { place: Place(i as u16), key }).collect())
    }

    pub fn key(&self, place: Place) -> Option<&VerifyingKey> {
        self.0.get(usize::from(place.0)).map(|w| &w.key)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Witness> {
        self.0.iter()
    }

    pub fn proposer(&self, height: SealHeight, round: Round) -> &Witness {
        let turn = height.0 + u64::from(round.as_u32().unwrap_or_default());
        &self.0[(turn % self.0.len() as u64) as usize]
    }
}

impl ValidatorSet<SealContext> for Witnesses {
    fn count(&self) -> usize {
        self.0.len()
    }
    fn total_voting_power(&self) -> VotingPower {
        self.0.len() as VotingPower
    }
    fn get_by_address(&self, place: &Place) -> Option<&Witness> {
        self.0.get(usize::from(place.0))
    }
    fn get_by_index(&self, index: usize) -> Option<&Witness> {
        self.0.get(index)
    }
}

impl Value for Vector {
    type Id = Hash;
    fn id(&self) -> Hash {
        Vector::id(self)
    }
}

/// A prevote or precommit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ballot {
    pub kind: VoteType,
    pub height: SealHeight,
    pub round: Round,
    pub value: NilOrVal<Hash>,
    pub from: Place,
}

impl Vote<SealContext> for Ballot {
    fn height(&self) -> SealHeight {
        self.height
    }
    fn round(&self) -> Round {
        self.round
    }
    fn value(&self) -> &NilOrVal<Hash> {
        &self.value
    }
    fn take_value(self) -> NilOrVal<Hash> {
        self.value
    }
    fn vote_type(&self) -> VoteType {
        self.kind
    }
    fn validator_address(&self) -> &Place {
        &self.from
    }
    fn extension(&self) -> Option<&SignedExtension<SealContext>> {
        None
    }
    fn take_extension(&mut self) -> Option<SignedExtension<SealContext>> {
        None
    }
    fn extend(self, _: SignedExtension<SealContext>) -> Self {
        self
    }
}

/// A proposed vector. `pol` is the round of the polka that it is proposed again with, or nil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Motion {
    pub height: SealHeight,
    pub round: Round,
    pub value: Vector,
    pub pol: Round,
    pub from: Place,
}

impl Proposal<SealContext> for Motion {
    fn height(&self) -> SealHeight {
        self.height
    }
    fn round(&self) -> Round {
        self.round
    }
    fn value(&self) -> &Vector {
        &self.value
    }
    fn take_value(self) -> Vector {
        self.value
    }
    fn pol_round(&self) -> Round {
        self.pol
    }
    fn validator_address(&self) -> &Place {
        &self.from
    }
}

/// Proposals are one message; there are no parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoPart {}

impl ProposalPart<SealContext> for NoPart {
    fn is_first(&self) -> bool {
        match *self {}
    }
    fn is_last(&self) -> bool {
        match *self {}
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sig(pub [u8; 64]);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ed25519;

impl SigningScheme for Ed25519 {
    type DecodingError = &'static str;
    type Signature = Sig;
    type PublicKey = VerifyingKey;
    type PrivateKey = SigningKey;
    fn decode_signature(bytes: &[u8]) -> Result<Sig, &'static str> {
        bytes.try_into().map(Sig).map_err(|_| "not 64 bytes")
    }
    fn encode_signature(signature: &Sig) -> Vec<u8> {
        signature.0.to_vec()
    }
    fn decode_public_key(bytes: &[u8]) -> Result<VerifyingKey, &'static str> {
        let key = bytes.try_into().map_err(|_| "not 32 bytes")?;
        VerifyingKey::from_bytes(key).map_err(|_| "no point of the curve")
    }
    fn encode_public_key(key: &VerifyingKey) -> Vec<u8> {
        key.to_bytes().to_vec()
    }
}

#[derive(Clone, Debug)]
pub(super) struct SealContext;

impl Context for SealContext {
    type Address = Place;
    type Height = SealHeight;
    type ProposalPart = NoPart;
    type Proposal = Motion;
    type Validator = Witness;
    type ValidatorSet = Witnesses;
    type Timeouts = LinearTimeouts;
    type Value = Vector;
    type Vote = Ballot;
    type Extension = ();
    type SigningScheme = Ed25519;

    fn select_proposer<'a>(&self, set: &'a Witnesses, height: SealHeight, round: Round) -> &'a Witness {
        set.proposer(height, round)
    }
    fn new_proposal(&self, height: SealHeight, round: Round, value: Vector, pol: Round, from: Place) -> Motion {
        Motion { height, round, value, pol, from }
    }
    fn new_prevote(&self, height: SealHeight, round: Round, value: NilOrVal<Hash>, from: Place) -> Ballot {
        Ballot { kind: VoteType::Prevote, height, round, value, from }
    }
    fn new_precommit(&self, height: SealHeight, round: Round, value: NilOrVal<Hash>, from: Place) -> Ballot {
        Ballot { kind: VoteType::Precommit, height, round, value, from }
    }
}
