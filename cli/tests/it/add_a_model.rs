//! docs/add-a-model.md, followed to the letter: its commands are run as they stand there, in one shell, from the clone's root.

use crate::program::{LIAISE, alone, text};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The texts of the document's fenced blocks of a language, in their order.
fn blocks<'a>(document: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    document.split(&fence).skip(1).map(|rest| rest.split("```").next().expect("a block ends")).collect()
}

fn clone() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the clone").to_owned()
}

#[tokio::test]
async fn a_newcomer_adds_a_model_by_the_document_alone() {
    let _alone = alone().await;
    let document = std::fs::read_to_string(clone().join("docs/add-a-model.md")).unwrap();
    let (steps, shown) = (blocks(&document, "sh"), blocks(&document, "text"));
    assert!(steps.len() >= 7 && shown.len() == 1, "{} blocks of commands, {} of output", steps.len(), shown.len());
    let place = tempfile::tempdir().unwrap();
    // `mktemp -d` makes its directory here; nothing of the tester's own is read.
    let script = format!("set -euo pipefail\n{}pwd > \"$TMPDIR/place\"\n", steps.join("\n"));
    let path = format!("{}:{}", Path::new(LIAISE).parent().unwrap().display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(clone())
        .env("PATH", path)
        .env("TMPDIR", place.path())
        .env_remove("LIAISE_HOME")
        .env_remove("LIAISE_PASSPHRASE_FILE")
        .output()
        .unwrap();
    let (printed, said) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{printed}\n{said}");

    // What the document shows is what is printed, the adapter's id included.
    let line = shown[0].trim();
    assert!(printed.lines().any(|printed| printed == line), "{line:?} is not in {printed}");
    let id = line.split(' ').nth(1).unwrap();
    assert_eq!(id.len(), 64, "{line}");
    assert!(printed.contains("certified by the genesis"), "{printed}");

    let made = std::fs::read_to_string(place.path().join("place")).unwrap();
    let network = Path::new(made.trim()).join("network");
    let genesis: toml::Value = toml::from_str(&std::fs::read_to_string(network.join("genesis.toml")).unwrap()).unwrap();
    let adapters = genesis["adapters"].as_array().unwrap();
    assert_eq!(adapters.len(), 1);
    assert_eq!(adapters[0]["id"].as_str(), Some(id), "the network certifies this model and no other");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(network.join("report.json")).unwrap()).unwrap();
    // Four questions and the documents' batches were won, judged and paid.
    let won: u64 = report["earnings"].as_array().unwrap().iter().map(|row| row["won"].as_u64().unwrap()).sum();
    assert!(won >= 5, "{won} tasks were won");
    let dag = report["dag"].as_array().unwrap();
    let kinds: Vec<&str> = dag.iter().map(|message| message["kind"].as_str().unwrap()).collect();
    for kind in ["prompt", "commit", "result", "verdict"] {
        assert!(kinds.contains(&kind), "{kind} is not among {kinds:?}");
    }
}

#[test]
fn blocks_are_found_by_their_language() {
    let document = "a\n```sh\none\ntwo\n```\n```text\nshown\n```\n```sh\nthree\n```\n";
    assert_eq!(blocks(document, "sh"), ["one\ntwo\n", "three\n"]);
    assert_eq!(blocks(document, "text"), ["shown\n"]);
}
