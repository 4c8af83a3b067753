use std::path::{Path, PathBuf};

pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors")
}

pub fn read(name: &str) -> String {
    let path = directory().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The committed vectors are what a fresh run writes: whoever changes a layout sees it here first.
#[test]
fn committed_vectors_equal_a_fresh_generation() {
    for (name, fresh) in crate::files::all() {
        assert!(
            read(name) == fresh,
            "{name} differs: if the layout was meant to change, run \
             `cargo run -p liaise-ledger --example vectors -- tests/vectors`"
        );
    }
}

/// Which cases are refused is stated here too, so that a generator that refuses everything is noticed.
#[test]
fn what_must_fail_fails_and_nothing_else() {
    let cases: Vec<serde_json::Value> = serde_json::from_str(&read("ed25519.json")).unwrap();
    assert_eq!(cases.len(), 14);
    for (i, case) in cases.iter().enumerate() {
        assert_eq!(case["valid"], i < 7, "{}", case["name"]);
        // Only the first would be valid for those who leave the cofactor out: the others show the rule.
        assert_eq!(case["strict"], i == 0, "{}", case["name"]);
    }
    for (name, good) in [("session.json", 8), ("link.json", 5), ("genesis.json", 3)] {
        let cases: Vec<serde_json::Value> = serde_json::from_str(&read(name)).unwrap();
        assert!(cases.len() > good);
        for (i, case) in cases.iter().enumerate() {
            assert_eq!(case.get("error").is_some(), i >= good, "{name}: {}", case["name"]);
        }
    }
    let cases: Vec<serde_json::Value> = serde_json::from_str(&read("genesis.json")).unwrap();
    assert_eq!(cases[0]["network_id"], cases[1]["network_id"], "layout and comments don't count");
    assert_ne!(cases[0]["network_id"], cases[2]["network_id"]);
}
