//! The EVM contracts: where their tools are, and the checks that contracts/evm/README.md describes.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::Failure;
use crate::host::Host;
use crate::process;

/// The folder of the Foundry project.
pub const FOLDER: &str = "contracts/evm";
/// The Foundry programs that npm brings.
pub const TOOLS: [&str; 3] = ["anvil", "forge", "cast"];

/// The npm package that holds a tool's program for this machine.
pub fn platform_package(name: &str) -> String {
    let machine = if env::consts::ARCH == "aarch64" { "arm64" } else { "amd64" };
    format!("@foundry-rs/{name}-linux-{machine}")
}

/// Foundry's own binary, not npm's wrapper around it: whoever starts the wrapper and kills it leaves the binary running.
pub fn tool(host: &Host, name: &str) -> PathBuf {
    host.root.join(FOLDER).join(format!("node_modules/{}/bin/{name}", platform_package(name)))
}

/// `forge fmt --check`.
pub fn fmt(host: &Host) -> Result<(), Failure> {
    process::run(forge(host)?.args(["fmt", "--check"]))
}

/// `forge build`. Warnings stay allowed: OpenZeppelin's sources have some.
pub fn build(host: &Host) -> Result<(), Failure> {
    process::run(forge(host)?.args(["build", "--offline"]))
}

/// `forge test` with the longer invariant runs, then the gas of each call against the committed snapshot.
pub fn test(host: &Host) -> Result<(), Failure> {
    process::run(forge(host)?.args(["test", "--offline"]).env("FOUNDRY_PROFILE", "ci"))?;
    let snapshot = ["snapshot", "--offline", "--isolate", "--match-contract", "^GasTest$", "--check"];
    // The first compares whole tests with .gas-snapshot, the second each call with snapshots/calls.json.
    process::run(forge(host)?.args(snapshot).env("FORGE_SNAPSHOT_CHECK", "true")).map_err(|failure| {
        failure.remedy(format!(
            "in {FOLDER}: `FORGE_SNAPSHOT_EMIT=true forge snapshot --offline --isolate --match-contract '^GasTest$'`,\n\
             read the difference and commit it; `cargo xtask figures` measures the same on anvil"
        ))
    })
}

/// The committed ABI and bytecode are what the sources compile to.
pub fn artifacts(host: &Host) -> Result<(), Failure> {
    process::run(inside(host, "node")?.args(["tools/artifacts.mjs", "--check"]))
}

fn forge(host: &Host) -> Result<Command, Failure> {
    if !tool(host, "forge").is_file() {
        return Err(Failure::new("forge is not installed").remedy("`cargo xtask setup`"));
    }
    inside(host, "forge")
}

/// A command in the Foundry project, with its tools in the path.
fn inside(host: &Host, program: &str) -> Result<Command, Failure> {
    let mut folders: Vec<PathBuf> =
        TOOLS.iter().filter_map(|name| Some(tool(host, name).parent()?.to_path_buf())).collect();
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let path = env::join_paths(folders)
        .map_err(|error| Failure::new(format!("the clone's path cannot be in PATH: {error}")))?;
    let mut command = host.command(program);
    command.current_dir(host.root.join(FOLDER)).env("PATH", path);
    Ok(command)
}
