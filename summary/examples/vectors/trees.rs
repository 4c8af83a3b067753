//! Vectors of the trees.

use hex::encode as hex;
use liaise_summary::batch::batch_node;
use liaise_summary::{
    DistributorId, Epoch, MerkleTree, Node, Payee, Payout, RewardLeaf, RewardTree, SUM_LIMIT, filler_payee, sha256,
};
use serde::Serialize;

#[derive(Serialize)]
pub struct LeafText {
    payee: String,
    amount: String,
}

#[derive(Serialize)]
pub struct NodeText {
    hash: String,
    sum: String,
}

#[derive(Serialize)]
pub struct ProofText {
    index: u32,
    siblings: Vec<NodeText>,
}

/// A proof of the 2^log2 leaves from `first` on; its siblings start above the run's own root.
#[derive(Serialize)]
pub struct RangeText {
    first: u32,
    log2: u8,
    siblings: Vec<NodeText>,
}

/// Leaves are in the tree's order; a case that must fail keeps the order it was given.
#[derive(Serialize)]
pub struct TreeCase {
    name: String,
    leaves: Vec<LeafText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<NodeText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proofs: Option<Vec<ProofText>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ranges: Option<Vec<RangeText>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

fn node(node: Node) -> NodeText {
    NodeText { hash: node.hash.to_string(), sum: node.sum.to_string() }
}

fn nodes(siblings: Vec<Node>) -> Vec<NodeText> {
    siblings.into_iter().map(node).collect()
}

/// Payee `i`: a 20-byte address, so that EVM tests can use every leaf.
fn payee(i: u64) -> Payee {
    let hash = sha256(&[format!("liaise vector payee {i}").as_bytes()]);
    Payee::from_20(hash.0[12..].try_into().expect("twenty bytes"))
}

fn leaves(n: u64) -> Vec<RewardLeaf> {
    (0..n).map(|i| RewardLeaf { payee: payee(i), amount: 1_000_000_007 * (i + 1) }).collect()
}

fn leaf_text(leaf: &RewardLeaf) -> LeafText {
    LeafText { payee: leaf.payee.to_string(), amount: leaf.amount.to_string() }
}

fn tree_case(name: String, leaves: Vec<RewardLeaf>) -> TreeCase {
    let given = leaves.iter().map(leaf_text).collect();
    let tree = match RewardTree::new(leaves) {
        Ok(tree) => tree,
        Err(error) => {
            let error = Some(error.code());
            return TreeCase { name, leaves: given, root: None, proofs: None, ranges: None, error };
        }
    };
    let n = u32::try_from(tree.leaves().len()).expect("few leaves");
    // all of a small tree; the corners, the middle and some between of a large one
    let shown = |index: &u32| n <= 8 || [0, 1, n / 2, n - 2, n - 1].contains(index) || index % 128 == 77;
    let proofs = (0..n).filter(shown).map(|index| {
        let proof = tree.proof(index).expect("a leaf that exists");
        ProofText { index, siblings: nodes(proof.siblings) }
    });
    let runs = [(0, 0), (0, 1), (2, 1), (0, 2), (4, 2), (0, 3), (16, 4), (992, 3), (128, 7), (512, 8)];
    let ranges = runs.into_iter().filter(|(first, log2)| first + (1 << log2) <= n).map(|(first, log2)| {
        let proof = tree.range_proof(first, log2).expect("an aligned run");
        RangeText { first, log2, siblings: nodes(proof.siblings) }
    });
    TreeCase {
        name,
        leaves: tree.leaves().iter().map(leaf_text).collect(),
        root: Some(node(tree.root())),
        proofs: Some(proofs.collect()),
        ranges: Some(ranges.collect()),
        error: None,
    }
}

pub fn reward_trees() -> Vec<TreeCase> {
    let mut cases: Vec<TreeCase> =
        [0, 1, 2, 3, 5, 8, 1000].into_iter().map(|n| tree_case(format!("{n} leaves"), leaves(n))).collect();
    let pay = |i, amount| RewardLeaf { payee: payee(i), amount };
    let filler = RewardLeaf { payee: filler_payee(&DistributorId::evm(42_161, [0x11; 20])), amount: 9 };
    cases.push(tree_case("one leaf of the largest amount".into(), vec![pay(0, SUM_LIMIT - 1)]));
    let largest = vec![pay(0, SUM_LIMIT - 3), pay(1, 1), pay(2, 1)];
    cases.push(tree_case("the largest sum that fits".into(), largest));
    cases.push(tree_case(
        "filler of eip155:42161:0x1111… among three leaves".into(),
        vec![pay(0, 5), filler, pay(1, 7)],
    ));
    cases.push(tree_case("duplicate payee".into(), vec![pay(0, 1), pay(1, 2), pay(0, 3)]));
    cases.push(tree_case("zero amount".into(), vec![pay(0, 1), pay(1, 0)]));
    cases.push(tree_case("sum of 2^63".into(), vec![pay(0, SUM_LIMIT - 1), pay(1, 1)]));
    cases.push(tree_case("one amount of 2^63".into(), vec![pay(0, SUM_LIMIT)]));
    cases
}

#[derive(Serialize)]
pub struct PayoutText {
    pubkey_hash: String,
    amount: String,
}

#[derive(Serialize)]
pub struct BatchCase {
    name: String,
    epoch: u32,
    batch: u32,
    payouts: Vec<PayoutText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sum: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

fn batch_case(name: &str, epoch: u32, batch: u32, payouts: &[Payout]) -> BatchCase {
    let result = batch_node(Epoch(epoch), batch, payouts);
    let text = |payout: &Payout| PayoutText { pubkey_hash: hex(payout.pubkey_hash), amount: payout.amount.to_string() };
    BatchCase {
        name: name.to_owned(),
        epoch,
        batch,
        payouts: payouts.iter().map(text).collect(),
        hash: result.as_ref().ok().map(|node| node.hash.to_string()),
        sum: result.as_ref().ok().map(|node| node.sum.to_string()),
        error: result.as_ref().err().map(|error| error.code()),
    }
}

pub fn batches() -> Vec<BatchCase> {
    let mut payouts: Vec<Payout> = leaves(1170)
        .into_iter()
        .map(|leaf| Payout { pubkey_hash: leaf.payee.to_20().expect("a short payee"), amount: leaf.amount })
        .collect();
    payouts.sort_unstable_by_key(|payout| payout.pubkey_hash);
    let with = |amount| Payout { amount, ..payouts[0] };
    vec![
        batch_case("one payout", 0, 0, &payouts[..1]),
        batch_case("two payouts", 7, 1, &payouts[..2]),
        batch_case("last numbers", u32::MAX, u32::MAX, &payouts[..3]),
        batch_case("a full batch", 364, 3, &payouts),
        batch_case("the largest amount", 1, 0, &[with(SUM_LIMIT - 1)]),
        batch_case("no payout", 1, 0, &[]),
        batch_case("zero amount", 1, 0, &[payouts[1], with(0)]),
        batch_case("sum of 2^63", 1, 0, &[with(SUM_LIMIT - 1), Payout { amount: 1, ..payouts[1] }]),
    ]
}

#[derive(Serialize)]
pub struct MerkleProof {
    index: u32,
    siblings: Vec<String>,
}

#[derive(Serialize)]
pub struct MerkleCase {
    name: String,
    rows: Vec<String>,
    root: String,
    proofs: Vec<MerkleProof>,
}

pub fn merkle_trees() -> Vec<MerkleCase> {
    [0u32, 1, 2, 3, 5, 8]
        .into_iter()
        .map(|n| {
            let rows: Vec<Vec<u8>> = (0..n).map(|row| format!("row {row}").into_bytes()).collect();
            let tree = MerkleTree::new(&rows);
            let proof = |index| {
                let siblings = tree.proof(index).expect("a row that exists");
                MerkleProof { index, siblings: siblings.iter().map(ToString::to_string).collect() }
            };
            MerkleCase {
                name: format!("{n} rows"),
                rows: rows.iter().map(hex).collect(),
                root: tree.root().to_string(),
                proofs: (0..n).map(proof).collect(),
            }
        })
        .collect()
}
