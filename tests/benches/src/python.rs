//! ONNX Runtime's own Python package, in a process of its own: what a primitive's run is held against.

use liaise_compute::Cache;
use serde::de::DeserializeOwned;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running `embed.py`; it ends when this is dropped.
pub struct Python {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python")
}

/// The folder of the packages in the cache, installed there from PyPI if they are not yet. Its name holds what is pinned.
fn packages() -> PathBuf {
    let pins = folder().join("requirements.txt");
    let digest = <sha2::Sha256 as sha2::Digest>::digest(std::fs::read(&pins).expect("the pins are in the tree"));
    let target =
        Cache::default().path().join(format!("bench-python-{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2]));
    if !target.is_dir() {
        eprintln!("ONNX Runtime's Python package from PyPI into {}", target.display());
        let filling = target.with_extension("part");
        let _ = std::fs::remove_dir_all(&filling);
        let mut pip = Command::new("python3");
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary=:all:",
        ]);
        pip.args(["--require-hashes", "--target"]).arg(&filling).arg("--requirement").arg(&pins);
        // What pip says goes to the caller: it names the network's fault, or a Python that no wheel is pinned for.
        assert!(pip.status().is_ok_and(|status| status.success()), "pip failed: see above, then run this again");
        // The name comes last: what was cut off never looks complete.
        std::fs::rename(&filling, &target).expect("the cache can be written");
    }
    target
}

impl Python {
    /// Starts it with a model, and hands it the texts.
    pub fn start(arguments: &[&OsStr], texts: &[String]) -> Python {
        let mut command = Command::new("python3");
        command.arg("-u").arg(folder().join("embed.py")).args(arguments);
        // As many threads as the other side: the tokenizer would take all cores.
        command.env("PYTHONPATH", packages()).env("TOKENIZERS_PARALLELISM", "false").env("ORT_DISABLE_TELEMETRY", "1");
        command.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python3 is installed");
        let (mut stdin, stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        writeln!(stdin, "{}", serde_json::to_string(texts).expect("texts are JSON")).expect("it reads");
        Python { child, stdin, stdout: BufReader::new(stdout) }
    }

    /// Gives it a command and waits for the answer.
    pub fn ask<T: DeserializeOwned>(&mut self, command: &str) -> T {
        writeln!(self.stdin, "{command}").expect("it reads");
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("embed.py answered {line:?} to {command}: {error}"))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
