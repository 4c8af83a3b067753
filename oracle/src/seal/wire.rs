//! Messages between witnesses. Each proves itself by the signatures in it, so it does not matter who delivers it.

use super::bytes::Reader;
use super::context::{Ballot, Motion, Place, SealContext, SealHeight, Sig};
use super::signing::{kind_number, kind_of, round_number, round_of};
use super::value::{MAX_WITNESSES, Vector};
use liaise_ledger::Hash;
use malachitebft_core_types::{
    Height, NilOrVal, PolkaCertificate, PolkaSignature, RoundCertificate, RoundCertificateType, RoundSignature,
    SignedMessage, SignedProposal, SignedVote,
};

const VERSION: u8 = 1;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wire {
    Vote(SignedVote<SealContext>),
    Proposal(SignedProposal<SealContext>),
    Polka(PolkaCertificate<SealContext>),
    Round(RoundCertificate<SealContext>),
    /// Who has decided this height, send the decision.
    Ask(Ask),
    Decided(Decided),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ask {
    pub height: SealHeight,
    pub from: Place,
    pub signature: Sig,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decided {
    pub height: SealHeight,
    pub batches: Vec<Option<Hash>>,
    pub certificate: Vec<u8>,
}

impl Wire {
    pub fn height(&self) -> SealHeight {
        match self {
            Wire::Vote(vote) => vote.height,
            Wire::Proposal(proposal) => proposal.height,
            Wire::Polka(certificate) => certificate.height,
            Wire::Round(certificate) => certificate.height,
            Wire::Ask(ask) => ask.height,
            Wire::Decided(decided) => decided.height,
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        match self {
            Wire::Vote(vote) => {
                out.push(0);
                put_vote(&mut out, vote);
            }
            Wire::Proposal(proposal) => {
                out.push(1);
                put_proposal(&mut out, proposal);
            }
            Wire::Polka(certificate) => {
                out.push(2);
                put_polka(&mut out, certificate);
            }
            Wire::Round(certificate) => {
                out.push(3);
                put_round_certificate(&mut out, certificate);
            }
            Wire::Ask(ask) => {
                out.push(4);
                put_height(&mut out, ask.height);
                out.extend(ask.from.0.to_be_bytes());
                out.extend(ask.signature.0);
            }
            Wire::Decided(decided) => {
                out.push(5);
                put_decided(&mut out, decided);
            }
        }
        out
    }

    pub fn decode(bytes: &[u8], network: &Hash) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        reader.u8().filter(|v| *v == VERSION)?;
        let reader = &mut reader;
        let wire = match reader.u8()? {
            0 => Wire::Vote(take_vote(reader)?),
            1 => Wire::Proposal(take_proposal(reader, network)?),
            2 => Wire::Polka(take_polka(reader)?),
            3 => Wire::Round(take_round_certificate(reader)?),
            4 => Wire::Ask(Ask {
                height: take_height(reader)?,
                from: Place(reader.u16()?),
                signature: Sig(reader.array()?),
            }),
            5 => Wire::Decided(take_decided(reader)?),
            _ => return None,
        };
        reader.end().map(|()| wire)
    }
}

pub(super) fn put_height(out: &mut Vec<u8>, height: SealHeight) {
    out.extend(height.as_u64().to_be_bytes());
}

pub(super) fn take_height(reader: &mut Reader<'_>) -> Option<SealHeight> {
    SealHeight::decode(reader.u64()?)
}

fn put_value(out: &mut Vec<u8>, value: &NilOrVal<Hash>) {
    match value {
        NilOrVal::Nil => out.push(0),
        NilOrVal::Val(id) => {
            out.push(1);
            out.extend(id.0);
        }
    }
}

fn take_value(reader: &mut Reader<'_>) -> Option<NilOrVal<Hash>> {
    match reader.u8()? {
        0 => Some(NilOrVal::Nil),
        1 => Some(NilOrVal::Val(Hash(reader.array()?))),
        _ => None,
    }
}

pub(super) fn put_vote(out: &mut Vec<u8>, vote: &SignedVote<SealContext>) {
    put_height(out, vote.height);
    out.extend(round_number(vote.round).to_be_bytes());
    out.push(kind_number(vote.kind));
    put_value(out, &vote.value);
    out.extend(vote.from.0.to_be_bytes());
    out.extend(vote.signature.0);
}

pub(super) fn take_vote(reader: &mut Reader<'_>) -> Option<SignedVote<SealContext>> {
    let vote = Ballot {
        height: take_height(reader)?,
        round: round_of(reader.u32()?),
        kind: kind_of(reader.u8()?)?,
        value: take_value(reader)?,
        from: Place(reader.u16()?),
    };
    vote.round.is_defined().then_some(())?;
    Some(SignedMessage::new(vote, Sig(reader.array()?)))
}

pub(super) fn put_proposal(out: &mut Vec<u8>, proposal: &SignedProposal<SealContext>) {
    put_height(out, proposal.height);
    out.extend(round_number(proposal.round).to_be_bytes());
    out.extend(round_number(proposal.pol).to_be_bytes());
    out.extend(proposal.from.0.to_be_bytes());
    proposal.value.encode(out);
    out.extend(proposal.signature.0);
}

pub(super) fn take_proposal(reader: &mut Reader<'_>, network: &Hash) -> Option<SignedProposal<SealContext>> {
    let height = take_height(reader)?;
    let (round, pol) = (round_of(reader.u32()?), round_of(reader.u32()?));
    round.is_defined().then_some(())?;
    let from = Place(reader.u16()?);
    let value = Vector::decode(reader, network, height.epoch())?;
    Some(SignedMessage::new(Motion { height, round, value, pol, from }, Sig(reader.array()?)))
}

pub(super) fn put_polka(out: &mut Vec<u8>, certificate: &PolkaCertificate<SealContext>) {
    put_height(out, certificate.height);
    out.extend(round_number(certificate.round).to_be_bytes());
    out.extend(certificate.value_id.0);
    out.extend((certificate.polka_signatures.len() as u16).to_be_bytes());
    for signature in &certificate.polka_signatures {
        out.extend(signature.address.0.to_be_bytes());
        out.extend(signature.signature.0);
    }
}

pub(super) fn take_polka(reader: &mut Reader<'_>) -> Option<PolkaCertificate<SealContext>> {
    let height = take_height(reader)?;
    let round = round_of(reader.u32()?);
    round.is_defined().then_some(())?;
    let value_id = Hash(reader.array()?);
    let mut polka_signatures = Vec::new();
    for _ in 0..take_count(reader)? {
        polka_signatures.push(PolkaSignature::new(Place(reader.u16()?), Sig(reader.array()?)));
    }
    Some(PolkaCertificate { height, round, value_id, polka_signatures })
}

/// Of signatures: nobody signs twice in a certificate.
fn take_count(reader: &mut Reader<'_>) -> Option<usize> {
    reader.u16().map(usize::from).filter(|n| *n <= MAX_WITNESSES)
}

fn put_round_certificate(out: &mut Vec<u8>, certificate: &RoundCertificate<SealContext>) {
    put_height(out, certificate.height);
    out.extend(round_number(certificate.round).to_be_bytes());
    out.push(match certificate.cert_type {
        RoundCertificateType::Skip => 1,
        RoundCertificateType::Precommit => 2,
    });
    out.extend((certificate.round_signatures.len() as u16).to_be_bytes());
    for signature in &certificate.round_signatures {
        out.push(kind_number(signature.vote_type));
        put_value(out, &signature.value_id);
        out.extend(signature.address.0.to_be_bytes());
        out.extend(signature.signature.0);
    }
}

fn take_round_certificate(reader: &mut Reader<'_>) -> Option<RoundCertificate<SealContext>> {
    let height = take_height(reader)?;
    let round = round_of(reader.u32()?);
    round.is_defined().then_some(())?;
    let cert_type = match reader.u8()? {
        1 => RoundCertificateType::Skip,
        2 => RoundCertificateType::Precommit,
        _ => return None,
    };
    let mut round_signatures = Vec::new();
    for _ in 0..take_count(reader)? {
        let (kind, value) = (kind_of(reader.u8()?)?, take_value(reader)?);
        round_signatures.push(RoundSignature::new(kind, value, Place(reader.u16()?), Sig(reader.array()?)));
    }
    Some(RoundCertificate { height, round, cert_type, round_signatures })
}

pub(super) fn put_decided(out: &mut Vec<u8>, decided: &Decided) {
    put_height(out, decided.height);
    out.extend((decided.batches.len() as u16).to_be_bytes());
    for batch in &decided.batches {
        out.push(batch.is_some() as u8);
        out.extend(batch.iter().flat_map(|b| b.0));
    }
    out.extend(&decided.certificate);
}

pub(super) fn take_decided(reader: &mut Reader<'_>) -> Option<Decided> {
    let height = take_height(reader)?;
    let mut batches = Vec::new();
    for _ in 0..take_count(reader)? {
        batches.push(match reader.u8()? {
            0 => None,
            1 => Some(Hash(reader.array()?)),
            _ => return None,
        });
    }
    Some(Decided { height, batches, certificate: reader.rest().to_vec() })
}
