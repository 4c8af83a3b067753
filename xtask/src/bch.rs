//! The Bitcoin Cash covenants: the checks that contracts/bch/README.md describes.

use std::process::Command;

use crate::failure::Failure;
use crate::host::Host;
use crate::process;

/// The folder of the covenants.
pub const FOLDER: &str = "contracts/bch";

/// The committed artifacts are what the sources compile to.
pub fn build(host: &Host) -> Result<(), Failure> {
    process::run(node(host)?.args(["tools/artifacts.mjs", "--check"]))
}

/// Every path and every refusal in the virtual machine of May 2026, by Node's own test runner.
pub fn test(host: &Host) -> Result<(), Failure> {
    process::run(node(host)?.arg("--test"))
}

/// Rows of contracts/figures.json, one a line.
pub fn figures(host: &Host) -> Result<String, Failure> {
    process::capture(node(host)?.arg("tools/figures.mjs"))
}

fn node(host: &Host) -> Result<Command, Failure> {
    let folder = host.root.join(FOLDER);
    if !folder.join("node_modules").is_dir() {
        return Err(Failure::new("the covenants' compiler is not installed").remedy("`cargo xtask setup`"));
    }
    let mut command = host.command("node");
    command.current_dir(folder);
    Ok(command)
}
