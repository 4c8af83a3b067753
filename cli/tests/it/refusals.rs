//! Bad input from end to end: a clear error that names the field and the remedy, the exit code that scripts rely on, and
//! nothing lost.

use crate::program::{LIAISE, Terminal, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const USAGE: i32 = 2;
const REFUSED: i32 = 3;
const CHAIN: i32 = 4;
const PROOF: i32 = 5;
const INTEGRITY: i32 = 6;

/// Refused with this code, and with words that name what is wrong.
fn refused(what: &str, output: &Output, code: i32, words: &[&str]) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{what}: {error}");
    for word in words {
        assert!(error.contains(word), "{what}: {word:?} is not in {error:?}");
    }
    assert!(!error.contains("panicked"), "{what}: {error}");
}

/// All of it, on a running demo's network.
pub fn bad_input_is_refused_by_name(terminal: &Terminal, dir: &Path) {
    arguments(terminal);
    keys(terminal, dir);
    chains(dir);
    proofs(terminal, dir);
    files(terminal, dir);
    nodes(terminal, dir);
    models(terminal);
}

fn arguments(terminal: &Terminal) {
    let cases: &[(&[&str], i32, &[&str])] = &[
        (&["prompt", "   ", "--account", "user-1"], USAGE, &["prompt is empty"]),
        (&["prompt"], USAGE, &["<TEXT>"]),
        (&["ledger", "show", "42"], USAGE, &["42", "CIDv1"]),
        (&["ledger", "export", "x.car", "--epochs", "3"], USAGE, &["FIRST..LAST"]),
        (&["rewards", "show", "0x12"], USAGE, &["0x12"]),
        (&["account", "new", "user-1"], USAGE, &["never overwritten"]),
        (&["account", "new", "../user"], USAGE, &["letters, digits"]),
        (&["claim"], USAGE, &["several keys"]),
        (&["dao", "veto", "--reason", " "], USAGE, &["--reason"]),
        (&["dao", "veto", "--reason", "test"], REFUSED, &["nothing is pending"]),
        (&["audit", "epoch", "9999"], REFUSED, &["9999"]),
        (&["oracle", "fold", "9999"], REFUSED, &["9999", "not sealed"]),
    ];
    for (arguments, code, words) in cases {
        refused(&arguments.join(" "), &terminal.run(arguments), *code, words);
    }
}

fn keys(terminal: &Terminal, dir: &Path) {
    let wrong = dir.join("wrong-passphrase");
    fs::write(&wrong, "not it").unwrap();
    let output = terminal
        .command(&["account", "show", "user-1", "--passphrase-file", wrong.to_str().unwrap()])
        .output()
        .unwrap();
    refused("a wrong passphrase", &output, USAGE, &["user-1.json", "passphrase"]);
    assert!(!text(&output.stderr).contains("not it"), "a passphrase is never shown");

    let output = Command::new(LIAISE)
        .args(["account", "show", "user-1"])
        .env("LIAISE_HOME", dir.join("home"))
        .env_remove("LIAISE_PASSPHRASE")
        .env_remove("LIAISE_PASSPHRASE_FILE")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    refused("no terminal to ask on", &output, USAGE, &["--passphrase-file"]);

    let found = terminal.json(&["retrieval", "search", "beginning heaven earth", "--json"]);
    let id = found[0]["id"].as_str().unwrap_or_else(|| panic!("{found}"));
    let output = terminal.run(&["retrieval", "remove", "--reason", "x", "--account", "user-2", id]);
    refused("documents are the curator's", &output, REFUSED, &["curator"]);
}

/// A home like the demo's own, with another `network.toml`.
fn home_with(dir: &Path, name: &str, change: impl Fn(String) -> String) -> Terminal {
    let home = dir.join(name);
    fs::create_dir_all(&home).unwrap();
    let network = fs::read_to_string(dir.join("home/network.toml")).unwrap();
    fs::write(home.join("network.toml"), change(network)).unwrap();
    Terminal::new(&home, &dir.join("passphrase"))
}

fn rpc(network: &str) -> &str {
    network.lines().find(|line| line.starts_with("rpc")).expect("network.toml names an endpoint")
}

fn chains(dir: &Path) {
    let unreachable = home_with(dir, "unreachable", |text| text.replace(rpc(&text), "rpc = \"http://127.0.0.1:9\""));
    refused("a chain that is unreachable", &unreachable.run(&["dao", "status"]), CHAIN, &["127.0.0.1:9"]);
    let other = home_with(dir, "other", |text| text.replace("eip155:31337", "eip155:42161"));
    refused("a chain of another id", &other.run(&["dao", "status"]), CHAIN, &["42161", "31337"]);
    let absent = Terminal::new(&dir.join("absent"), &dir.join("passphrase"));
    refused("no network is configured", &absent.run(&["dao", "status"]), USAGE, &["network.toml", "--home"]);
}

fn proofs(terminal: &Terminal, dir: &Path) {
    let proof = dir.join("proof.json");
    let path = proof.to_str().unwrap();
    terminal.ok(&["rewards", "prove", "user-2", "--out", path]);
    terminal.ok(&["claim", "--proof", path, "--payer", "guardian", "--dry-run"]);
    let good = fs::read_to_string(&proof).unwrap();
    let offline = terminal.ok(&["rewards", "prove", "user-2", "--offline"]);
    assert_eq!(offline, good, "proved from the artefacts that are here");
    // A claim needs the chain and nothing else: no store of this home answers.
    let storeless = home_with(dir, "storeless", |text| text.replace("/tcp/", "/tcp/1"));
    fs::create_dir_all(dir.join("storeless/keys")).unwrap();
    fs::copy(dir.join("home/keys/guardian.json"), dir.join("storeless/keys/guardian.json")).unwrap();
    storeless.ok(&["claim", "--proof", path, "--payer", "guardian"]);
    let altered = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut value: serde_json::Value = serde_json::from_str(&good).unwrap();
        change(&mut value);
        let file = dir.join("altered.json");
        fs::write(&file, value.to_string()).unwrap();
        terminal.run(&["claim", "--proof", file.to_str().unwrap(), "--payer", "guardian"])
    };
    let forged = altered(&|proof| proof["leaf"]["amount"] = "99999999999".into());
    refused("a forged proof", &forged, PROOF, &["proof"]);
    let foreign = altered(&|proof| proof["network"] = "ab".repeat(32).into());
    refused("a proof of another network", &foreign, PROOF, &["network"]);
    let chain = altered(&|proof| proof["chain"] = "eip155:42161".into());
    refused("a proof of another chain", &chain, PROOF, &["chain", "eip155:42161"]);
    let elsewhere = altered(&|proof| proof["distributor"] = "ab".repeat(32).into());
    refused("a proof for another distributor", &elsewhere, PROOF, &["distributor"]);
    let broken = altered(&|proof| proof["proof"]["siblings"] = serde_json::json!([]));
    refused("a proof without its siblings", &broken, PROOF, &["proof"]);
}

fn files(terminal: &Terminal, dir: &Path) {
    let car = dir.join("all.car");
    terminal.ok(&["ledger", "export", car.to_str().unwrap()]);
    let whole = fs::read(&car).unwrap();
    let fresh = home_with(dir, "fresh", |text| text);
    let half = dir.join("half.car");
    fs::write(&half, &whole[..whole.len() / 2]).unwrap();
    let output = fresh.run(&["ledger", "import", half.to_str().unwrap()]);
    refused("half a CAR file", &output, INTEGRITY, &["ends in the middle"]);

    let mut bytes = whole.clone();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 1;
    let bad = dir.join("bad.car");
    fs::write(&bad, bytes).unwrap();
    let output = fresh.run(&["ledger", "import", bad.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(INTEGRITY), "an altered CAR file: {}", text(&output.stderr));
    // What was good is stored; the whole file adds the rest, and nothing twice.
    fresh.ok(&["ledger", "import", car.to_str().unwrap()]);
    let again = fresh.ok(&["ledger", "import", car.to_str().unwrap()]);
    assert!(again.starts_with("0 messages are new"), "{again}");
    let output = terminal.run(&["ledger", "export", car.to_str().unwrap()]);
    refused("an export never overwrites", &output, USAGE, &["all.car"]);
}

fn copy_node(dir: &Path, from: &str, to: &str) -> PathBuf {
    let (from, to) = (dir.join(from), dir.join(to));
    fs::create_dir_all(&to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    to
}

fn nodes(terminal: &Terminal, dir: &Path) {
    let run = |node: &Path| terminal.run(&["node", "run", "--dir", node.to_str().unwrap()]);
    refused("a directory in use", &run(&dir.join("store-1")), REFUSED, &["ledger", "in use by", "stop that process"]);
    // Its own directory, and the same port.
    let twin = copy_node(dir, "store-1", "twin");
    refused("a port that is taken", &run(&twin), REFUSED, &["/ip4/127.0.0.1/tcp/", "in use", "another port"]);

    let bundle = dir.join("node-6/bundle");
    let model = bundle.join("model/model.onnx");
    let forged = fs::read(&model).unwrap();
    let mut damaged = forged.clone();
    damaged[1 << 20] ^= 1;
    fs::write(&model, damaged).unwrap();
    let copy = copy_node(dir, "node-6", "damaged");
    refused("a bundle with a wrong hash", &run(&copy), REFUSED, &["model/model.onnx", "SHA-256"]);
    fs::write(&model, forged).unwrap();

    let toml = copy.join("node.toml");
    let known = fs::read_to_string(&toml).unwrap();
    fs::write(&toml, format!("colour = \"red\"\n{known}")).unwrap();
    refused("an unknown key", &run(&copy), USAGE, &["node.toml", "colour"]);
}

fn models(terminal: &Terminal) {
    let output = terminal.run(&[
        "prompt",
        "Who made the heaven?",
        "--account",
        "user-2",
        "--accept-public",
        "--adapter",
        &"ab".repeat(32),
    ]);
    refused("a model that nobody serves", &output, REFUSED, &["no node serves"]);
}
