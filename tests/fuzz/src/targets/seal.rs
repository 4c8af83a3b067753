//! What witnesses send each other to seal an epoch, and what they log.

use crate::sample;
use crate::{Target, choose, chosen, same};
use liaise_oracle::seal::{MAX_WITNESSES, fuzz, verify_certificate};

pub const SEAL: Target = Target {
    name: "seal",
    decoders: "`seal`: messages between witnesses, records and frames of the write-ahead log, certificates",
    longest: 8 * 1024,
    memory: 64,
    read: |input| {
        let Some((which, rest)) = choose(input) else { return false };
        let network = sample::network();
        match which {
            0 => same(rest, fuzz::wire(rest, &network)),
            1 => same(rest, fuzz::record(rest, &network)),
            2 => same(rest, certificate(rest)),
            3 => fuzz::log(rest).is_some_and(|(written, end)| {
                assert_eq!(written, rest[..end], "whole records are written again as they were");
                end > 0
            }),
            _ => false,
        }
    },
    seeds,
    refused: || {
        let many = [&[1, 2][..], &1u64.to_be_bytes(), &[0; 4], &[0; 32], &[0xff; 2]].concat();
        let long = [&[0xff; 4][..], &[0; 40]].concat();
        [chosen(0, [many, vec![1, 9]]), chosen(1, [vec![7], vec![5]]), chosen(2, [vec![1; 7]]), chosen(3, [long])]
            .concat()
    },
};

/// Nobody's signatures never make a seal.
fn certificate(bytes: &[u8]) -> Option<Vec<u8>> {
    let keys = &sample::genesis().stores.keys;
    let batches = vec![Some(liaise_ledger::hash::block_cid(b"batch")); keys.len()];
    assert!(keys.len() <= MAX_WITNESSES);
    assert!(verify_certificate(&sample::network(), keys, 0, &batches, bytes).is_err(), "forged");
    fuzz::certificate(bytes)
}

/// Spelled out byte by byte, as the layouts say.
fn seeds() -> Vec<Vec<u8>> {
    let height = 2u64.to_be_bytes();
    let (round, nil, place, sig) = (1u32.to_be_bytes(), [0xff; 4], 2u16.to_be_bytes(), [7; 64]);
    let value = [&[1][..], &[8; 32]].concat();
    let vector = [&2u16.to_be_bytes()[..], &[0], &[1], &[8; 32], &sig].concat();
    let vote = [&height[..], &round, &[1], &value, &place, &sig].concat();
    let abstention = [&height[..], &round, &[2], &[0], &place, &sig].concat();
    let proposal = [&height[..], &round, &nil, &place, &vector, &sig].concat();
    let polka = [&height[..], &round, &[8; 32], &1u16.to_be_bytes(), &place, &sig].concat();
    let certified = [&height[..], &round, &[1], &1u16.to_be_bytes(), &[2], &value, &place, &sig].concat();
    let ask = [&height[..], &place, &sig].concat();
    let decided = [&height[..], &2u16.to_be_bytes(), &[0], &[1], &[8; 32], b"certificate"].concat();
    let proposed = [&height[..], &place, &[1], &round, &nil, &vector].concat();
    let timeout = [&height[..], &[1], &round].concat();
    let signed = [&height[..], &round, &[1], b"message"].concat();
    let certificate = [&[1][..], &round, &2u16.to_be_bytes(), &[0, 1], &sig, &[0, 3], &sig].concat();
    let mut log = Vec::new();
    for record in [&b"first"[..], b"second"] {
        log.extend((record.len() as u32).to_be_bytes());
        log.extend(&liaise_ledger::Hash::of(&[record]).0[..4]);
        log.extend(record);
    }
    let kinds = [&vote, &proposal, &polka, &certified, &ask, &decided];
    let wires = kinds.iter().enumerate().map(|(kind, body)| [&[1, kind as u8], &body[..]].concat());
    let logged = [&vote, &proposal, &proposed, &timeout, &polka, &signed, &decided];
    let records = logged.iter().enumerate().map(|(kind, body)| [&[kind as u8], &body[..]].concat());
    let abstains = [&[1, 0], &abstention[..]].concat();
    [chosen(0, wires.chain([abstains])), chosen(1, records), chosen(2, [certificate]), chosen(3, [log])].concat()
}
