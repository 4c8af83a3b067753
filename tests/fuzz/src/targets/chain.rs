//! What a chain's node answers, what a journal kept of a transaction, and what calls say.

use crate::sample;
use crate::{Target, choose, chosen};
use liaise_chain_api::{Refusal, StatementSignature};
use liaise_chain_arbitrum::fuzz;
use liaise_summary::{
    DistributorId, Epoch, EpochStatement, Hash32, NetworkId, Node, OracleSet, Payee, RangeProof, RewardLeaf,
};

pub const CHAIN: Target = Target {
    name: "chain",
    decoders: "EVM: revert data, kept transactions, answers of views, oracle sets, events; calls of filings and claims",
    longest: 4_096,
    memory: 256,
    read: |input| {
        let Some((which, rest)) = choose(input) else { return false };
        match which {
            0 => !matches!(fuzz::revert(rest), Refusal::Other(_)),
            1 => fuzz::transaction(rest).is_some(),
            2 => answer(rest),
            3 => event(rest),
            4 => filing(rest),
            5 => claim(rest),
            _ => false,
        }
    },
    seeds: || {
        let set = fuzz::oracle_set_answer(&oracle_set());
        let events = fuzz::events().into_iter();
        let events = events.map(|(topics, data)| [&[topics.len() as u8][..], &topics.concat(), &data].concat());
        let leaf = |i: u8| [&[i; 32][..], &u64::from(i).to_be_bytes()].concat();
        let words = (1..=4u8).map(|i| [&[0; 31][..], &[i]].concat()).collect::<Vec<_>>().concat();
        [
            chosen(0, fuzz::reverts()),
            chosen(1, [fuzz::signed()]),
            chosen(2, [[&[0][..], &set].concat(), [&[3][..], &words].concat()]),
            chosen(3, events),
            chosen(4, [vec![3, 1, 2, 4, 0]]),
            chosen(5, [[&[1][..], &leaf(1), &leaf(2), &leaf(3)].concat()]),
        ]
        .concat()
    },
    refused: || {
        // An array that claims 2^64 members.
        let word = |n: u64| [&[0; 24][..], &n.to_be_bytes()].concat();
        let endless = [word(32), word(1), word(2), word(96), word(u64::MAX), word(0)].concat();
        [
            chosen(0, [vec![], vec![0xde, 0xad, 0xbe, 0xef]]),
            chosen(1, [vec![2, 0xf8], vec![2, 0xbf]]),
            chosen(2, [[&[0][..], &endless].concat()]),
        ]
        .concat()
    },
};

fn oracle_set() -> OracleSet {
    let genesis = sample::genesis();
    OracleSet::new(genesis.oracles.version, genesis.oracles.keys.clone()).expect("a genesis has a set")
}

fn answer(input: &[u8]) -> bool {
    let Some((view, data)) = choose(input) else { return false };
    if let Some(set) = fuzz::oracle_set(data) {
        assert_eq!(fuzz::oracle_set(&fuzz::oracle_set_answer(&set)), Some(set), "a set has one answer");
    }
    let Some([first, second]) = fuzz::answer(view, data) else { return false };
    assert_eq!(first, second, "what was written is read again as the same");
    true
}

/// A byte that says how many topics, the topics, the data.
fn event(input: &[u8]) -> bool {
    let Some((count, rest)) = choose(input) else { return false };
    let (topics, _) = rest.as_chunks::<32>();
    let topics = &topics[..usize::from(count).min(topics.len())];
    fuzz::event(topics.to_vec(), &rest[32 * topics.len()..]).is_some()
}

/// Signers in any order: the contract wants them ascending by key.
fn filing(input: &[u8]) -> bool {
    let statement = EpochStatement {
        network: NetworkId([1; 32]),
        distributor: DistributorId([2; 32]),
        epoch: Epoch(3),
        oracle_set: 1,
        head: Hash32::ZERO,
        root_hash: Hash32::ZERO,
        root_sum: 5,
        owed: 6,
        artefact: Hash32::ZERO,
    };
    let mut signers: Vec<u8> = Vec::new();
    for signer in input.iter().take(15) {
        if !signers.contains(signer) {
            signers.push(*signer);
        }
    }
    let signatures: Vec<_> =
        signers.iter().map(|signer| StatementSignature { key: [*signer; 33], rsv: [*signer; 65] }).collect();
    let keys = fuzz::filed(&statement, &signatures);
    assert!(keys.is_sorted() && keys.len() == signatures.len(), "ascending, none lost");
    !keys.is_empty()
}

/// A byte that says how many leaves, then leaves and siblings, 40 bytes each.
fn claim(input: &[u8]) -> bool {
    let Some((count, rest)) = choose(input) else { return false };
    let pairs: Vec<([u8; 32], u64)> = rest
        .as_chunks::<40>()
        .0
        .iter()
        .map(|bytes| {
            let (word, amount) = bytes.split_at(32);
            (word.try_into().expect("32 bytes"), u64::from_be_bytes(amount.try_into().expect("8 bytes")))
        })
        .collect();
    let (leaves, siblings) = pairs.split_at(usize::from(count).min(pairs.len()));
    let rows: Vec<_> =
        leaves.iter().map(|(payee, amount)| RewardLeaf { payee: Payee(*payee), amount: *amount }).collect();
    let nodes = siblings.iter().map(|(hash, sum)| Node { hash: Hash32(*hash), sum: *sum }).collect();
    let proof = RangeProof { first: u32::from(count), log2: 0, siblings: nodes };
    let called = fuzz::claimed(&rows, &proof);
    assert_eq!(called, [leaves.to_vec(), siblings.to_vec()], "a call says what it was made of");
    !pairs.is_empty()
}
