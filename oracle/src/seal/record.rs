//! Records of the write-ahead log: the inputs that a restart must see again, what was signed, what was decided.

use super::bytes::Reader;
use super::context::{Place, SealContext, SealHeight};
use super::guard::Step;
use super::signing::{round_number, round_of};
use super::value::Vector;
use super::wire::{
    Decided, put_decided, put_height, put_polka, put_proposal, put_vote, take_decided, take_height, take_polka,
    take_proposal, take_vote,
};
use liaise_ledger::Hash;
use malachitebft_core_consensus::{Input, ProposedValue};
use malachitebft_core_types::{Timeout, TimeoutKind, Validity, ValueOrigin};

#[derive(Clone, Debug)]
pub(super) enum Record {
    Input(SealHeight, Box<Input<SealContext>>),
    /// Written before the signature exists.
    Signed(Step, Vec<u8>),
    Decided(Decided),
}

/// `None` for an input that the library never asks to log.
pub(super) fn encode_input(height: SealHeight, input: &Input<SealContext>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match input {
        Input::Vote(vote) => {
            out.push(0);
            put_vote(&mut out, vote);
        }
        Input::Proposal(proposal) => {
            out.push(1);
            put_proposal(&mut out, proposal);
        }
        Input::ProposedValue(proposed, _) => {
            out.push(2);
            put_height(&mut out, height);
            out.extend(proposed.proposer.0.to_be_bytes());
            out.push(proposed.validity.is_valid() as u8);
            out.extend(round_number(proposed.round).to_be_bytes());
            out.extend(round_number(proposed.valid_round).to_be_bytes());
            proposed.value.encode(&mut out);
        }
        Input::TimeoutElapsed(timeout) => {
            out.push(3);
            put_height(&mut out, height);
            out.push(match timeout.kind {
                TimeoutKind::Propose => 0,
                TimeoutKind::Prevote => 1,
                TimeoutKind::Precommit => 2,
                TimeoutKind::Rebroadcast | TimeoutKind::FinalizeHeight(_) => return None,
            });
            out.extend(round_number(timeout.round).to_be_bytes());
        }
        Input::PolkaCertificate(certificate) => {
            out.push(4);
            put_polka(&mut out, certificate);
        }
        _ => return None,
    }
    Some(out)
}

pub(super) fn encode_signed(step: Step, message: &[u8]) -> Vec<u8> {
    let mut out = vec![5];
    put_height(&mut out, step.height);
    out.extend(step.round.to_be_bytes());
    out.push(step.kind);
    out.extend(message);
    out
}

pub(super) fn encode_decided(decided: &Decided) -> Vec<u8> {
    let mut out = vec![6];
    put_decided(&mut out, decided);
    out
}

pub(super) fn decode(bytes: &[u8], network: &Hash) -> Option<Record> {
    let mut reader = Reader::new(bytes);
    let reader = &mut reader;
    let (height, input) = match reader.u8()? {
        0 => {
            let vote = take_vote(reader)?;
            (vote.height, Input::Vote(vote))
        }
        1 => {
            let proposal = take_proposal(reader, network)?;
            (proposal.height, Input::Proposal(proposal))
        }
        2 => {
            let proposed = take_proposed(reader, network)?;
            (proposed.height, Input::ProposedValue(proposed, ValueOrigin::Consensus))
        }
        3 => {
            let height = take_height(reader)?;
            let kinds = [TimeoutKind::Propose, TimeoutKind::Prevote, TimeoutKind::Precommit];
            let kind = *kinds.get(usize::from(reader.u8()?))?;
            let round = round_of(reader.u32()?);
            (height, Input::TimeoutElapsed(Timeout::new(round, kind)))
        }
        4 => {
            let certificate = take_polka(reader)?;
            (certificate.height, Input::PolkaCertificate(certificate))
        }
        5 => {
            let step = Step { height: take_height(reader)?, round: reader.u32()?, kind: reader.u8()? };
            return Some(Record::Signed(step, reader.rest().to_vec()));
        }
        6 => return Some(Record::Decided(take_decided(reader)?)),
        _ => return None,
    };
    reader.end().map(|()| Record::Input(height, Box::new(input)))
}

fn take_proposed(reader: &mut Reader<'_>, network: &Hash) -> Option<ProposedValue<SealContext>> {
    let height = take_height(reader)?;
    let proposer = Place(reader.u16()?);
    let valid = reader.u8().filter(|v| *v <= 1)? == 1;
    let (round, valid_round) = (round_of(reader.u32()?), round_of(reader.u32()?));
    let value = Vector::decode(reader, network, height.epoch())?;
    let validity = Validity::from_bool(valid);
    Some(ProposedValue { height, round, valid_round, proposer, value, validity })
}
