//! The hashes of protocol.md once more, written out by hand without this crate's builders, over the committed files.

use liaise_summary::sha256;
use serde_json::Value;

fn load(name: &str) -> Vec<Value> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("an array of cases")
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().expect("hex")).expect("hex")
}

fn amount(value: &Value) -> [u8; 8] {
    value.as_str().expect("a decimal string").parse::<u64>().expect("a u64").to_be_bytes()
}

type Pair = (Vec<u8>, u64);

fn pair(value: &Value) -> Pair {
    (bytes(&value["hash"]), u64::from_be_bytes(amount(&value["sum"])))
}

fn join(left: &Pair, right: &Pair) -> Pair {
    let hash = sha256(&[&[1], &left.0, &left.1.to_be_bytes(), &right.0, &right.1.to_be_bytes()]);
    (hash.0.to_vec(), left.1 + right.1)
}

fn leaf(value: &Value) -> Pair {
    let amount = amount(&value["amount"]);
    (sha256(&[&[0], &bytes(&value["payee"]), &amount]).0.to_vec(), u64::from_be_bytes(amount))
}

fn fold(leaves: &[Pair]) -> Pair {
    let mut level = leaves.to_vec();
    level.resize(leaves.len().next_power_of_two(), (vec![0; 32], 0));
    while level.len() > 1 {
        level = level.chunks(2).map(|two| join(&two[0], &two[1])).collect();
    }
    level[0].clone()
}

fn climb(mut node: Pair, mut index: u64, siblings: &Value) -> Pair {
    for sibling in siblings.as_array().expect("siblings") {
        let sibling = pair(sibling);
        node = if index.is_multiple_of(2) { join(&node, &sibling) } else { join(&sibling, &node) };
        index /= 2;
    }
    assert_eq!(index, 0, "the index fits the depth");
    node
}

#[test]
fn roots_proofs_and_ranges_of_reward_trees() {
    let mut proofs = 0;
    let mut ranges = 0;
    for case in load("reward-tree.json").iter().filter(|case| case["error"].is_null()) {
        let leaves: Vec<Pair> = case["leaves"].as_array().expect("leaves").iter().map(leaf).collect();
        let root = pair(&case["root"]);
        assert_eq!(fold(&leaves), root, "{}", case["name"]);
        for proof in case["proofs"].as_array().expect("proofs") {
            let index = proof["index"].as_u64().expect("an index");
            assert_eq!(climb(leaves[index as usize].clone(), index, &proof["siblings"]), root);
            proofs += 1;
        }
        for range in case["ranges"].as_array().expect("ranges") {
            let first = range["first"].as_u64().expect("a place");
            let log2 = range["log2"].as_u64().expect("a length");
            let run = fold(&leaves[first as usize..(first + (1 << log2)) as usize]);
            assert_eq!(climb(run, first >> log2, &range["siblings"]), root);
            ranges += 1;
        }
    }
    assert!(proofs >= 30 && ranges >= 10, "{proofs} proofs, {ranges} ranges");
}

#[test]
fn accumulators_of_batches() {
    let cases = load("bch-batch.json");
    for case in cases.iter().filter(|case| case["error"].is_null()) {
        let number = |key: &str| (case[key].as_u64().expect("a number") as u32).to_be_bytes();
        let mut acc = [number("epoch"), number("batch")].concat();
        let mut sum = 0;
        for payout in case["payouts"].as_array().expect("payouts") {
            let script = [&[0x76, 0xa9, 0x14][..], &bytes(&payout["pubkey_hash"]), &[0x88, 0xac]].concat();
            acc = sha256(&[&acc, &amount(&payout["amount"]), &script]).0.to_vec();
            sum += u64::from_be_bytes(amount(&payout["amount"]));
        }
        assert_eq!((sha256(&[&[2], &acc]).0.to_vec(), sum), pair(case), "{}", case["name"]);
    }
    assert_eq!(cases.iter().filter(|case| !case["error"].is_null()).count(), 3);
}

#[test]
fn signatures_recover_to_the_keys_beside_them() {
    use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
    let secp = secp256k1::Secp256k1::new();
    let mut checked = 0;
    for case in load("epoch-summary.json").iter().chain(&load("statements.json")) {
        let digest: [u8; 32] = bytes(&case["digest"]).try_into().expect("32 bytes");
        assert_eq!(sha256(&[&bytes(&case["bytes"])]).0, digest);
        let mut previous = Vec::new();
        for signature in case["signatures"].as_array().expect("signatures") {
            let rsv = bytes(&signature["signature"]);
            assert!(rsv[32] < 0x80, "s is low");
            let id = RecoveryId::try_from(i32::from(rsv[64])).expect("0 or 1");
            let parsed = RecoverableSignature::from_compact(&rsv[..64], id).expect("r and s");
            let key = secp.recover_ecdsa(secp256k1::Message::from_digest(digest), &parsed).expect("a key");
            assert_eq!(key.serialize().to_vec(), bytes(&signature["public_key"]));
            assert!(key.serialize().to_vec() > previous, "ascending keys");
            previous = key.serialize().to_vec();
            checked += 1;
        }
    }
    assert_eq!(checked, 5 + 9 + 10 + 3 * 5 + 5 * 2);
}
