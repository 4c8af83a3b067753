//! An oracle's directory without its network: what `check` finds, and the steps of a move that need no store.

use crate::support::{PASSPHRASE, Place, stderr};
use liaise_node::config::{ChainConfig, NodeConfig, OracleRole, Peer, Role};
use liaise_node::keys::{self, Cost, Secret};
use serde_json::Value;

/// An oracle's directory in a network of its own; nothing of it can be reached.
fn oracle(place: &Place, name: &str, secret: u8) -> String {
    let dir = place.path(name);
    let peer = Peer { key: "11".repeat(32), address: "/ip4/127.0.0.1/tcp/9".into() };
    let chain = ChainConfig {
        id: "eip155:42161".into(),
        rpc: "http://127.0.0.1:9".into(),
        distributor: format!("0x{}", "11".repeat(20)),
        final_depth: None,
        deployment: None,
    };
    let role = OracleRole { key: "oracle.json".into(), chain, submitter: None, others: vec![], stagger_s: 0 };
    let config = NodeConfig {
        genesis: place.path("home/genesis.toml"),
        calendar: None,
        listen: vec![],
        stores: vec![peer],
        role: Role::Oracle(role),
        metrics: None,
    };
    config.save(&dir).unwrap();
    keys::create(&dir.join("oracle.json"), &Secret::new([secret; 32]), PASSPHRASE, Cost::Light).unwrap();
    dir.to_str().unwrap().to_owned()
}

/// A network whose oracles' secrets are 7 to 11.
fn place() -> Place {
    let place = Place::with_network();
    let path = place.path("home/genesis.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut genesis = liaise_ledger::genesis::Genesis::from_toml(&text).unwrap();
    let public = |n| liaise_oracle::quorum::OracleKey::from_bytes([n; 32]).unwrap().public();
    let mut oracles: Vec<[u8; 33]> = (7..12).map(public).collect();
    oracles.sort_unstable();
    genesis.oracles.keys = oracles;
    std::fs::write(path, genesis.to_toml()).unwrap();
    place
}

fn state<'a>(report: &'a Value, what: &str) -> &'a Value {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["what"] == what).unwrap_or_else(|| panic!("{what}: {report}"))
}

fn check(place: &Place, dir: &str) -> (i32, Value) {
    let output = place.run(&["oracle", "check", "--dir", dir, "--json"]);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    (output.status.code().unwrap(), report)
}

#[test]
fn each_thing_that_keeps_an_oracle_from_working_has_a_remedy() {
    let place = place();
    let good = oracle(&place, "oracle", 7);
    let (code, report) = check(&place, &good);
    assert_eq!((code, &report["state"]), (4, &"fail".into()), "the chain is the first thing that fails");
    for (what, expected) in [
        ("genesis", "ok"),
        ("key", "ok"),
        ("submitter", "warn"),
        ("journal", "ok"),
        ("chain", "fail"),
        ("peers", "fail"),
    ] {
        assert_eq!(state(&report, what)["state"], expected, "{what}");
    }
    for check in report["checks"].as_array().unwrap() {
        assert_eq!(check["remedy"].is_null(), check["state"] == "ok", "{check}");
    }
    let stranger = oracle(&place, "stranger", 77);
    let (code, report) = check(&place, &stranger);
    assert_eq!((code, &state(&report, "key")["state"]), (2, &"fail".into()));
    assert!(state(&report, "key")["detail"].as_str().unwrap().contains("not in the genesis's set"));
    let words = place.run(&["oracle", "check", "--dir", &good]);
    assert!(String::from_utf8_lossy(&words.stdout).contains("remedy: role.chain in node.toml"));
    assert_eq!(place.run(&["oracle", "check", "--dir", "nowhere"]).status.code(), Some(2));
}

#[test]
fn a_directory_that_gave_its_journal_away_runs_no_oracle() {
    let place = place();
    let (old, new) = (oracle(&place, "old", 7), oracle(&place, "new", 7));
    let host = place.json(&["oracle", "journal", "receive", "--dir", &new, "--json"])["host"].clone();
    let host = host.as_str().unwrap();
    assert_eq!(place.json(&["oracle", "journal", "receive", "--dir", &new, "--json"])["host"], host, "the same again");
    let file = place.path("journal");
    let file = file.to_str().unwrap();
    let export = |more: &[&str]| {
        let mut arguments = vec!["oracle", "journal", "export", "--dir", &old, "--offline", file];
        arguments.extend(more);
        place.run(&arguments)
    };
    assert_eq!(export(&["--to", "soon"]).status.code(), Some(2));
    assert!(export(&["--to", host]).status.success());
    let again = export(&["--to", host]);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("nothing is overwritten"), "{}", stderr(&again));
    std::fs::remove_file(file).unwrap();
    let other = export(&["--to", &"ab".repeat(32)]);
    assert_eq!(other.status.code(), Some(3));
    assert!(stderr(&other).contains(host), "{}", stderr(&other));
    assert!(export(&["--to", host]).status.success(), "a lost file is written again");

    for (dir, words) in [(&old, "gave its journal away"), (&new, "waits for a journal")] {
        let (code, report) = check(&place, dir);
        assert_eq!((code, &state(&report, "journal")["state"]), (3, &"fail".into()), "{report}");
        assert!(state(&report, "journal")["detail"].as_str().unwrap().contains(words), "{report}");
    }
    let mut wrong = place.liaise(&["oracle", "journal", "export", "--dir", &old, "--offline", "--to", host, "x"]);
    let wrong = wrong.env("LIAISE_PASSPHRASE", "not it").output().unwrap();
    assert_eq!(wrong.status.code(), Some(2), "{}", stderr(&wrong));
    assert!(!place.path("x").exists() && !place.path("x.part").exists());
}
