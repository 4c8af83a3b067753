//! Decoders that nothing outside needs, for tests/fuzz. Each gives what it read, written again.

use super::record::{Record, decode, encode_decided, encode_input, encode_signed};
use super::wal::{frames, put_frame};
use super::wire::Wire;
use super::{certificate, context};
use liaise_ledger::Hash;
use malachitebft_core_types::{CommitCertificate, Round};

/// A message between witnesses.
pub fn wire(bytes: &[u8], network: &Hash) -> Option<Vec<u8>> {
    Wire::decode(bytes, network).map(|wire| wire.encode())
}

/// A record of the write-ahead log.
pub fn record(bytes: &[u8], network: &Hash) -> Option<Vec<u8>> {
    Some(match decode(bytes, network)? {
        Record::Input(height, input) => encode_input(height, &input).expect("a kind that is logged"),
        Record::Signed(step, message) => encode_signed(step, &message),
        Record::Decided(decided) => encode_decided(&decided),
    })
}

/// The write-ahead log: its records written again, and where in `bytes` they end.
pub fn log(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (records, end) = frames(bytes).ok()?;
    let mut out = Vec::new();
    records.iter().for_each(|record| put_frame(&mut out, record));
    Some((out, end))
}

/// A seal's certificate.
pub fn certificate(bytes: &[u8]) -> Option<Vec<u8>> {
    let (round, commit_signatures) = certificate::decode(bytes)?;
    let height = context::SealHeight::of(0).expect("epoch 0 can be sealed");
    let (round, value_id) = (Round::new(round), Hash::ZERO);
    Some(certificate::encode(&CommitCertificate { height, round, value_id, commit_signatures }))
}
