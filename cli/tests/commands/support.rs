//! A home directory, and the program run in it.

use liaise_ledger::genesis::{Adapter, Genesis, Units};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The passphrase of every key.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// A directory of its own, with a home in it.
pub struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Place {
        let place = Place { dir: tempfile::tempdir().unwrap() };
        std::fs::create_dir(place.path("home")).unwrap();
        std::fs::write(place.path("passphrase"), format!("{PASSPHRASE}\n")).unwrap();
        place
    }

    /// One whose home knows a network that certifies the bundle beside it.
    pub fn with_network() -> Place {
        let place = Place::new();
        let adapter = bundle(&place.path("bundle"));
        let vectors = include_str!("../../../tests/vectors/genesis.json");
        let vectors: Value = serde_json::from_str(vectors).unwrap();
        let mut genesis = Genesis::from_toml(vectors[0]["toml"].as_str().unwrap()).unwrap();
        let units = Units { base: 1, per_item: 1, max: 10 };
        genesis.adapters = vec![Adapter { id: adapter.parse().unwrap(), kind: "retrieval".into(), units }];
        genesis.nodes = vec![];
        std::fs::write(place.path("home/genesis.toml"), toml::to_string(&genesis).unwrap()).unwrap();
        let network = format!(
            "genesis = \"genesis.toml\"\n[[stores]]\nkey = \"{}\"\naddress = \"/ip4/127.0.0.1/tcp/9\"\n\
             [chain]\nid = \"eip155:42161\"\nrpc = \"http://127.0.0.1:9\"\ndistributor = \"0x{}\"\n",
            hex::encode(genesis.stores.keys[0]),
            "11".repeat(20)
        );
        std::fs::write(place.path("home/network.toml"), network).unwrap();
        // A library that is only looked for.
        let library = place.path("cache/onnxruntime-1.31.1-cpu");
        std::fs::create_dir_all(&library).unwrap();
        std::fs::write(library.join("libonnxruntime.so.1.31.1"), "").unwrap();
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The program with this home, and nothing of the tester's own environment.
    pub fn liaise(&self, arguments: &[&str]) -> Command {
        let mut command = self.settled(Command::new(env!("CARGO_BIN_EXE_liaise")));
        command.args(arguments);
        command
    }

    /// Another program, `setsid` for example, in the same environment.
    pub fn settled(&self, mut command: Command) -> Command {
        command
            .env_remove("LIAISE_PASSPHRASE")
            .env_remove("LIAISE_PASSPHRASE_FILE")
            .env("LIAISE_HOME", self.path("home"))
            .env("LIAISE_CACHE", self.path("cache"))
            .current_dir(self.dir.path());
        command
    }

    /// Runs it with the passphrase's file.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.liaise(arguments).env("LIAISE_PASSPHRASE_FILE", self.path("passphrase")).output().unwrap()
    }

    /// Runs it; it must succeed and print one JSON document and nothing else.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    }
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A bundle with nothing but a licence in it; its adapter's id.
fn bundle(dir: &Path) -> String {
    std::fs::create_dir(dir).unwrap();
    let licence = "Anybody may.";
    std::fs::write(dir.join("LICENCE"), licence).unwrap();
    // serde_json sorts the keys of a map: canonical, as manifests must be.
    let manifest = json!({
        "schema": 1,
        "kind": "retrieval",
        "name": "nothing",
        "version": 1,
        "files": {"LICENCE": {"bytes": licence.len(), "sha256": hex::encode(Sha256::digest(licence))}},
        "licence": {"spdx": "CC0-1.0", "attribution": "the test", "file": "LICENCE"},
        "regions": {"allow": ["*"], "exclude": []},
        "runtime": {
            "library": "onnxruntime", "version": "1.31.1", "optimisation": "all", "prepacking": true, "numeric": "f32",
        },
        "schemas": {},
        "work_units": {"base": 1, "max": 10, "per_item": 1},
        "verification": {
            "rule": "recompute-sample", "sample_permille": {}, "tolerance_ppm": 0, "evidence_tolerance": 0,
            "cost_permille": 0,
        },
        "config": {},
    });
    let manifest = serde_json::to_vec(&manifest).unwrap();
    std::fs::write(dir.join("manifest.json"), &manifest).unwrap();
    let hash = Sha256::new().chain_update(b"LIAISE/ADAPTER/1").chain_update(&manifest);
    hex::encode(hash.finalize())
}
