//! No bytes make a decoder panic, and what is encoded comes back.

use super::bytes::Reader;
use super::certificate;
use super::context::{Ballot, Motion, Place, SealContext, SealHeight, Sig};
use super::guard::Step;
use super::record::{self, Record};
use super::value::{CloseHeader, Vector};
use super::wal::{frames, put_frame};
use super::wire::{Ask, Decided, Wire};
use liaise_ledger::Hash;
use malachitebft_core_consensus::{Input, ProposedValue};
use malachitebft_core_types::{
    CommitCertificate, CommitSignature, NilOrVal, PolkaCertificate, PolkaSignature, Round, RoundCertificate,
    RoundCertificateType, RoundSignature, SignedMessage, Timeout, Validity, ValueOrigin, VoteType,
};
use proptest::prelude::*;

const NETWORK: Hash = Hash([1; 32]);

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash)
}

fn sig() -> impl Strategy<Value = Sig> {
    proptest::collection::vec(any::<u8>(), 64).prop_map(|v| Sig(v.try_into().expect("64 bytes")))
}

fn height() -> impl Strategy<Value = SealHeight> {
    (-1i64..7_305).prop_map(|epoch| SealHeight::of(epoch).expect("in range"))
}

fn round() -> impl Strategy<Value = Round> {
    (0u32..1_000).prop_map(Round::new)
}

fn place() -> impl Strategy<Value = Place> {
    any::<u16>().prop_map(Place)
}

fn kind() -> impl Strategy<Value = VoteType> {
    any::<bool>().prop_map(|pre| if pre { VoteType::Prevote } else { VoteType::Precommit })
}

fn choice() -> impl Strategy<Value = NilOrVal<Hash>> {
    proptest::option::of(hash()).prop_map(|id| id.map_or(NilOrVal::Nil, NilOrVal::Val))
}

fn places() -> impl Strategy<Value = Vec<Option<CloseHeader>>> {
    let header = (hash(), sig()).prop_map(|(batch, sig)| CloseHeader { batch, signature: sig.0 });
    proptest::collection::vec(proptest::option::of(header), 0..8)
}

fn signed_by() -> impl Strategy<Value = Vec<(Place, Sig)>> {
    proptest::collection::vec((place(), sig()), 0..6)
}

fn vote() -> impl Strategy<Value = SignedMessage<SealContext, Ballot>> {
    (kind(), height(), round(), choice(), place(), sig()).prop_map(|(kind, height, round, value, from, sig)| {
        SignedMessage::new(Ballot { kind, height, round, value, from }, sig)
    })
}

fn proposal() -> impl Strategy<Value = SignedMessage<SealContext, Motion>> {
    let pol = proptest::option::of(round()).prop_map(|r| r.unwrap_or(Round::Nil));
    (height(), round(), pol, places(), place(), sig()).prop_map(|(height, round, pol, places, from, sig)| {
        let value = Vector::new(&NETWORK, height.epoch(), places);
        SignedMessage::new(Motion { height, round, value, pol, from }, sig)
    })
}

fn polka() -> impl Strategy<Value = PolkaCertificate<SealContext>> {
    (height(), round(), hash(), signed_by()).prop_map(|(height, round, value_id, by)| {
        let polka_signatures = by.into_iter().map(|(place, sig)| PolkaSignature::new(place, sig)).collect();
        PolkaCertificate { height, round, value_id, polka_signatures }
    })
}

fn wire() -> impl Strategy<Value = Wire> {
    let signature = (kind(), choice(), place(), sig()).prop_map(|(k, v, p, s)| RoundSignature::new(k, v, p, s));
    let of_round = (height(), round(), any::<bool>(), proptest::collection::vec(signature, 0..6));
    let batches = proptest::collection::vec(proptest::option::of(hash()), 0..8);
    let decided = (height(), batches, proptest::collection::vec(any::<u8>(), 0..99));
    prop_oneof![
        vote().prop_map(Wire::Vote),
        proposal().prop_map(Wire::Proposal),
        polka().prop_map(Wire::Polka),
        of_round.prop_map(|(height, round, skip, round_signatures)| {
            let cert_type = if skip { RoundCertificateType::Skip } else { RoundCertificateType::Precommit };
            Wire::Round(RoundCertificate { height, round, cert_type, round_signatures })
        }),
        (height(), place(), sig()).prop_map(|(height, from, signature)| Wire::Ask(Ask { height, from, signature })),
        decided.prop_map(|(height, batches, certificate)| Wire::Decided(Decided { height, batches, certificate })),
    ]
}

proptest! {
    #[test]
    fn any_bytes_decode_or_fail(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Wire::decode(&bytes, &NETWORK);
        let _ = record::decode(&bytes, &NETWORK);
        let _ = frames(&bytes);
        let _ = certificate::decode(&bytes);
        let _ = Vector::decode(&mut Reader::new(&bytes), &NETWORK, 0);
        // The same with a plausible head.
        for (version, kind) in (0..=6).map(|kind| (1, kind)) {
            let _ = Wire::decode(&[&[version, kind], &bytes[..]].concat(), &NETWORK);
            let _ = record::decode(&[&[kind], &bytes[..]].concat(), &NETWORK);
        }
    }

    #[test]
    fn messages_come_back(wire in wire()) {
        let bytes = wire.encode();
        prop_assert_eq!(Wire::decode(&bytes, &NETWORK), Some(wire.clone()));
        if !matches!(wire, Wire::Decided(_)) {
            prop_assert_eq!(Wire::decode(&[&bytes[..], &[0]].concat(), &NETWORK), None, "nothing may follow");
        }
    }

    #[test]
    fn damaged_messages_decode_or_fail(wire in wire(), at: prop::sample::Index, to: u8, cut: prop::sample::Index) {
        let mut bytes = wire.encode();
        let at = at.index(bytes.len());
        bytes[at] = to;
        let _ = Wire::decode(&bytes, &NETWORK);
        let _ = Wire::decode(&bytes[..cut.index(bytes.len())], &NETWORK);
    }

    #[test]
    fn logged_inputs_come_back(
        vote in vote(), proposal in proposal(), polka in polka(), proposer in place(), valid: bool, by in 0u32..9,
    ) {
        let height = proposal.height;
        let proposed = ProposedValue {
            height, round: proposal.round, valid_round: proposal.pol, proposer, value: proposal.value.clone(),
            validity: Validity::from_bool(valid),
        };
        for (height, input) in [
            (vote.height, Input::Vote(vote)),
            (height, Input::Proposal(proposal)),
            (height, Input::ProposedValue(proposed, ValueOrigin::Consensus)),
            (polka.height, Input::PolkaCertificate(polka)),
            (height, Input::TimeoutElapsed(Timeout::precommit(Round::new(by)))),
        ] {
            let bytes = record::encode_input(height, &input).expect("a kind that is logged");
            match record::decode(&bytes, &NETWORK) {
                Some(Record::Input(at, back)) => prop_assert_eq!((at, *back), (height, input)),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    #[test]
    fn signed_steps_come_back(height in height(), round in 0u32..99, kind in 0u8..3, message: Vec<u8>) {
        let step = Step { height, round, kind };
        match record::decode(&record::encode_signed(step, &message), &NETWORK) {
            Some(Record::Signed(at, back)) => prop_assert_eq!((at, back), (step, message)),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn certificates_come_back(height in height(), round in round(), id in hash(), by in signed_by()) {
        let by: std::collections::BTreeMap<_, _> = by.into_iter().collect();
        let commit_signatures: Vec<_> = by.into_iter().map(|(place, sig)| CommitSignature::new(place, sig)).collect();
        let commit = CommitCertificate { height, round, value_id: id, commit_signatures: commit_signatures.clone() };
        let decoded = certificate::decode(&certificate::encode(&commit));
        prop_assert_eq!(decoded, Some((round.as_u32().expect("a round"), commit_signatures)));
    }

    #[test]
    fn a_torn_tail_costs_one_record(records in proptest::collection::vec(any::<Vec<u8>>(), 1..6), cut: prop::sample::Index) {
        let (mut bytes, mut before) = (Vec::new(), 0);
        for record in &records {
            before = bytes.len();
            put_frame(&mut bytes, record);
        }
        prop_assert_eq!(frames(&bytes).expect("whole"), (records.clone(), bytes.len()));
        let torn = before + cut.index(bytes.len() - before);
        let (left, end) = frames(&bytes[..torn]).expect("a torn tail is what a crash leaves");
        prop_assert_eq!((left.as_slice(), end), (&records[..records.len() - 1], before));
        let mut zeros = bytes[..before].to_vec();
        zeros.resize(bytes.len() + 3, 0);
        prop_assert_eq!(frames(&zeros).expect("zeros are what a crash leaves").1, before);
    }
}
