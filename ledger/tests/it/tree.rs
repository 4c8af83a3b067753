use liaise_ledger::Hash;
use liaise_ledger::plain_tree::{PlainTree, verify};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    rows: Vec<String>,
    root: Hash,
    proofs: Vec<Proof>,
}

#[derive(Deserialize)]
struct Proof {
    index: u32,
    siblings: Vec<Hash>,
}

/// The same vectors as every other implementation of this tree.
#[test]
fn plain_trees_equal_the_committed_vectors() {
    let cases: Vec<Case> = serde_json::from_str(&crate::vectors::read("merkle-tree.json")).unwrap();
    assert!(cases.len() >= 5);
    for case in cases {
        let rows: Vec<Vec<u8>> = case.rows.iter().map(|row| hex::decode(row).unwrap()).collect();
        let tree = PlainTree::new(&rows);
        assert_eq!(tree.root(), case.root, "{}", case.name);
        for Proof { index, siblings } in case.proofs {
            assert_eq!(tree.proof(index).as_ref(), Some(&siblings), "{}", case.name);
            assert!(verify(&case.root, rows.len() as u32, index, &rows[index as usize], &siblings), "{}", case.name);
        }
    }
}
