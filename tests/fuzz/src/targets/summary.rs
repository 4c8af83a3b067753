//! What oracles sign and chains check.

use crate::{Target, choose, chosen, same};
use liaise_summary::merkle::verify_merkle;
use liaise_summary::{
    DaoSet, Epoch, Hash32, MerkleTree, Node, OracleSet, Payee, Payout, Proof, RewardLeaf, RewardTree, SUM_LIMIT,
    Statement, SumLeaf, batch::batch_tree,
};

pub const STATEMENTS: Target = Target {
    name: "statements",
    decoders: "`Statement::decode`; `OracleSet::new`, `DaoSet::new` and their quorums",
    longest: 700,
    memory: 64,
    read: |input| {
        let Some((which, rest)) = choose(input) else { return false };
        match which {
            0 => same(rest, Statement::decode(rest).ok().map(|statement| statement.encode().to_vec())),
            1 => oracle_set(rest),
            2 => dao_set(rest),
            _ => false,
        }
    },
    seeds: || {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../../vectors/statements.json"))
            .expect("tests/vectors/statements.json is JSON");
        let cases = vectors.as_array().expect("a list of cases").iter();
        let bytes = cases.map(|case| hex::decode(case["bytes"].as_str().unwrap_or_default()).expect("hex"));
        let keys: Vec<u8> = (1..=7).flat_map(|i| [&[2][..], &[i; 32]].concat()).collect();
        let versioned = [&1u32.to_be_bytes()[..], &keys].concat();
        [chosen(0, bytes), chosen(1, [versioned.clone()]), chosen(2, [[&2u32.to_be_bytes()[..], &versioned].concat()])]
            .concat()
    },
    refused: || {
        let one = [&1u32.to_be_bytes()[..], &[2; 33]].concat();
        [chosen(0, [vec![0; 200], vec![0; 199], vec![]]), chosen(1, [one.clone()]), chosen(2, [one])].concat()
    },
};

fn oracle_set(input: &[u8]) -> bool {
    let Some((version, keys)) = input.split_first_chunk::<4>() else { return false };
    let (keys, rest) = keys.as_chunks::<33>();
    let Ok(set) = OracleSet::new(u32::from_be_bytes(*version), keys.to_vec()) else { return false };
    let needed = set.quorum();
    assert!(rest.len() < 33 && 3 * needed >= 2 * keys.len() && 2 * needed > keys.len(), "two quorums share a member");
    assert_eq!(set.check_quorum(&keys[..needed]), Ok(()));
    assert!(set.check_quorum(&keys[..needed - 1]).is_err(), "one fewer is none");
    true
}

fn dao_set(input: &[u8]) -> bool {
    let Some((threshold, rest)) = input.split_first_chunk::<4>() else { return false };
    let Some((version, keys)) = rest.split_first_chunk::<4>() else { return false };
    let (keys, threshold) = (keys.as_chunks::<33>().0, u32::from_be_bytes(*threshold));
    let Ok(set) = DaoSet::new(u32::from_be_bytes(*version), threshold, keys.to_vec()) else { return false };
    let needed = threshold as usize;
    assert_eq!(set.check_threshold(&keys[..needed]), Ok(()));
    assert!(set.check_threshold(&keys[..needed - 1]).is_err(), "one fewer is too few");
    true
}

pub const TREES: Target = Target {
    name: "trees",
    decoders: "reward trees, proofs, runs, batches and plain trees from any leaves; forged proofs",
    longest: 4_096,
    memory: 512,
    read: |input| {
        let Some((which, rest)) = choose(input) else { return false };
        match which {
            0 => reward_tree(rest),
            1 => batches(rest),
            2 => plain_tree(rest),
            _ => false,
        }
    },
    seeds: || {
        let leaf = |i: u8| [&[i; 32][..], &u64::from(i).to_be_bytes()].concat();
        let leaves: Vec<u8> = (1..=5).flat_map(leaf).collect();
        let tree = [&[5][..], &leaves, &[0, 0, 0, 2], &[9; 80]].concat();
        let payouts: Vec<u8> = (1..=3u8).flat_map(|i| [&[i; 20][..], &u64::from(i).to_be_bytes()].concat()).collect();
        [chosen(0, [tree]), chosen(1, [[&[0, 0, 0, 1][..], &payouts].concat()]), chosen(2, [b"\x03aaabbbccc".to_vec()])]
            .concat()
    },
    refused: || {
        let zero = [&[1][..], &[1; 32], &[0; 8]].concat();
        let large = [&[1][..], &[1; 32], &[0xff; 8]].concat();
        let twice = [&[2][..], &[1; 80]].concat();
        chosen(0, [zero, large, twice])
    },
};

fn pair(bytes: &[u8; 40]) -> ([u8; 32], u64) {
    let (word, amount) = bytes.split_at(32);
    (word.try_into().expect("32 bytes"), u64::from_be_bytes(amount.try_into().expect("8 bytes")))
}

/// A byte that says how many leaves, the leaves, then the index and the siblings of a forged proof.
fn reward_tree(input: &[u8]) -> bool {
    let Some((count, rest)) = choose(input) else { return false };
    let (pairs, _) = rest.as_chunks::<40>();
    let count = usize::from(count).min(pairs.len());
    let leaves = pairs[..count].iter().map(pair).map(|(payee, amount)| RewardLeaf { payee: Payee(payee), amount });
    let Ok(tree) = RewardTree::new(leaves.collect()) else { return false };
    let total: u128 = tree.leaves().iter().map(|leaf| u128::from(leaf.amount)).sum();
    assert_eq!(u128::from(tree.root().sum), total, "the root's sum is that of the leaves");
    assert!(tree.root().sum < SUM_LIMIT);
    let forged = rest[40 * count..].split_first_chunk::<4>().map(|(index, siblings)| Proof {
        index: u32::from_be_bytes(*index),
        siblings: siblings
            .as_chunks::<40>()
            .0
            .iter()
            .map(pair)
            .map(|(hash, sum)| Node { hash: Hash32(hash), sum })
            .collect(),
    });
    for (index, leaf) in (0u32..).zip(tree.leaves()) {
        let proof = tree.proof(index).expect("a leaf of the tree");
        assert_eq!(proof.verify(&tree.root(), &leaf.node()), Ok(()));
        assert_eq!(tree.index_of(&leaf.payee), Some(index));
        let more = RewardLeaf { amount: leaf.amount + 1, ..*leaf };
        assert!(proof.verify(&tree.root(), &more.node()).is_err(), "a leaf has one amount");
        if let Some(forged) = forged.as_ref().filter(|forged| **forged != proof) {
            assert!(forged.verify(&tree.root(), &leaf.node()).is_err(), "a leaf has one proof");
        }
        let log2 = (index.trailing_zeros() as u8).min(6);
        if let Ok(run) = tree.range_proof(index, log2) {
            let nodes: Vec<Node> = tree.leaves()[index as usize..].iter().take(1 << log2).map(SumLeaf::node).collect();
            assert_eq!(run.verify(&tree.root(), &nodes), Ok(()));
        }
    }
    true
}

/// An epoch, then payouts of 28 bytes.
fn batches(input: &[u8]) -> bool {
    let Some((epoch, rest)) = input.split_first_chunk::<4>() else { return false };
    let payouts = rest.as_chunks::<28>().0.iter().map(|bytes| Payout {
        pubkey_hash: bytes[..20].try_into().expect("20 bytes"),
        amount: u64::from_be_bytes(bytes[20..].try_into().expect("8 bytes")),
    });
    let Ok((sorted, tree)) = batch_tree(Epoch(u32::from_be_bytes(*epoch)), payouts.collect()) else { return false };
    let total: u128 = sorted.iter().map(|payout| u128::from(payout.amount)).sum();
    assert_eq!(u128::from(tree.root().sum), total, "the root's sum is that of the payouts");
    true
}

/// A byte that says how long a row is, then the rows.
fn plain_tree(input: &[u8]) -> bool {
    let Some((length, rest)) = choose(input) else { return false };
    if length == 0 {
        return false;
    }
    let tree = MerkleTree::new(rest.chunks(usize::from(length)));
    for (index, row) in (0u32..).zip(rest.chunks(usize::from(length))).take(64) {
        let proof = tree.proof(index).expect("a row of the tree");
        assert_eq!(verify_merkle(&tree.root(), row, index, &proof), Ok(()));
        assert!(verify_merkle(&tree.root(), &[row, &[0]].concat(), index, &proof).is_err(), "a place has one row");
    }
    true
}
