//! `liaise node init` and `check`: from a home to a directory that a node runs from.

use crate::support::{Place, stderr};
use liaise_node::client::Delegation;
use liaise_node::config::{NodeConfig, Role};
use serde_json::Value;

fn bad(report: &[u8]) -> Vec<String> {
    let report: Value = serde_json::from_slice(report).unwrap();
    let checks = report["checks"].as_array().unwrap().iter();
    checks.filter(|check| check["ok"] == false).map(|check| check["what"].as_str().unwrap().to_owned()).collect()
}

fn made() -> Place {
    let place = Place::with_network();
    place.json(&["account", "new", "me", "--json"]);
    place.json(&["node", "init", "--dir", "node", "--bundle", "bundle", "--region", "ch", "--threads", "2", "--json"]);
    place
}

#[test]
fn a_directory_is_made_and_found_good() {
    let place = made();
    let report = place.json(&["node", "check", "--dir", "node", "--json"]);
    assert_eq!((&report["ok"], &report["role"]), (&true.into(), &"compute".into()));
    let config = NodeConfig::load(&place.path("node")).unwrap();
    let Role::Compute(role) = config.role else { panic!("a compute node") };
    assert_eq!((role.region.as_str(), role.threads, role.device.as_str()), ("CH", 2, "auto"));
    assert_eq!(role.adapters[0].bundle, place.path("bundle"));
    assert_eq!(config.genesis, place.path("home/genesis.toml"));
    assert!(Delegation::load(&place.path("node")).unwrap().text.contains("liaise:scope:work"));
}

#[test]
fn nothing_is_overwritten() {
    let place = made();
    let before = std::fs::read(place.path("node/session.json")).unwrap();
    let again = place.run(&["node", "init", "--dir", "node", "--bundle", "bundle"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("session.json is there already"), "{}", stderr(&again));
    assert_eq!(std::fs::read(place.path("node/session.json")).unwrap(), before);
}

#[test]
fn what_is_wrong_is_found_before_anything_is_written() {
    let place = Place::with_network();
    assert!(place.run(&["account", "new", "me"]).status.success());
    for wrong in [["--region", "CHE"], ["--device", "gpu"], ["--bundle", "nowhere"], ["--threads", "0"]] {
        let mut arguments = vec!["node", "init", "--dir", "node"];
        if wrong[0] != "--bundle" {
            arguments.extend(["--bundle", "bundle"]);
        }
        arguments.extend(wrong);
        let output = place.run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(!place.path("node").exists(), "{wrong:?}");
    }
}

#[test]
fn a_bundle_with_another_table_than_the_genesis_is_refused() {
    let place = Place::with_network();
    assert!(place.run(&["account", "new", "me"]).status.success());
    let genesis = std::fs::read_to_string(place.path("home/genesis.toml")).unwrap();
    std::fs::write(place.path("home/genesis.toml"), genesis.replacen("max = 10\n", "max = 9\n", 1)).unwrap();
    let output = place.run(&["node", "init", "--dir", "node", "--bundle", "bundle"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("work_units.max is 10"), "{}", stderr(&output));
    assert!(!place.path("node").exists());
}

#[test]
fn each_thing_that_is_broken_is_named() {
    let place = made();
    let check = || {
        let output = place.run(&["node", "check", "--dir", "node", "--json"]);
        assert_eq!(output.status.code(), Some(2));
        bad(&output.stdout)
    };
    std::fs::write(place.path("bundle/LICENCE"), "Nobody may!!").unwrap();
    assert_eq!(check(), ["adapter"]);
    std::fs::write(place.path("bundle/LICENCE"), "Anybody may.").unwrap();
    std::fs::remove_file(place.path("cache/onnxruntime-1.31.1-cpu/libonnxruntime.so.1.31.1")).unwrap();
    assert_eq!(check(), ["library"]);
    std::fs::write(place.path("cache/onnxruntime-1.31.1-cpu/libonnxruntime.so.1.31.1"), "").unwrap();
    // Another node's hot key.
    place.json(&["node", "init", "--dir", "other", "--bundle", "bundle", "--json"]);
    std::fs::copy(place.path("other/session.json"), place.path("node/session.json")).unwrap();
    assert_eq!(check(), ["session"]);
    std::fs::remove_file(place.path("node/session.json")).unwrap();
    assert_eq!(check(), ["session key"]);
}

#[test]
fn a_node_without_its_runtime_or_its_model_says_which() {
    let place = made();
    let run = || place.run(&["node", "run", "--dir", "node"]);
    std::fs::remove_file(place.path("cache/onnxruntime-1.31.1-cpu/libonnxruntime.so.1.31.1")).unwrap();
    let output = run();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("onnxruntime-1.31.1-cpu"), "{}", stderr(&output));
    let check = place.run(&["compute", "check", "--library", "nowhere.so", "--bundle", "bundle"]);
    assert_eq!(check.status.code(), Some(3), "{}", stderr(&check));
    assert!(stderr(&check).contains("nowhere.so"), "{}", stderr(&check));
    std::fs::remove_dir_all(place.path("bundle")).unwrap();
    let init = place.run(&["node", "init", "--dir", "other", "--bundle", "bundle"]);
    assert_eq!(init.status.code(), Some(2), "{}", stderr(&init));
    assert!(
        stderr(&init).contains("manifest.json") && stderr(&init).contains("cargo xtask setup"),
        "{}",
        stderr(&init)
    );
}
