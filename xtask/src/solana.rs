//! The Solana program: built for the VM from its sources, held against its record, tested in the VM.

use std::path::PathBuf;
use std::process::Command;

use crate::failure::Failure;
use crate::host::Host;
use crate::process;
use crate::setup::solana_toolchain as toolchain;

/// The folder of the program's own workspace.
pub const FOLDER: &str = "contracts/solana";
/// The folder of the pool's, which only names what is built.
pub const POOL_FOLDER: &str = "contracts/solana/pool";
/// What was built, from what and by what.
const RECORD: &str = "contracts/solana/artifacts/emission.json";
/// The program's interface, for clients.
const IDL: &str = "contracts/solana/idl/emission.json";

/// Where the program is once `svm-build` has run.
fn program(host: &Host) -> PathBuf {
    host.target.join("solana/deploy/emission.so")
}

/// The pool that XLV is swapped in, for the tests: another project's program, from its source.
fn pool(host: &Host) -> PathBuf {
    host.target.join("solana/deploy/pool.so")
}

/// Builds the program, compares its bytes with the record, and its interface with the committed one; builds the local node,
/// which the adapter's tests start with the program on it.
pub fn build(host: &Host) -> Result<(), Failure> {
    build_program(host, Some("--check"))?;
    interface(host, "--check").map_err(|failure| {
        failure.remedy("if the sources were meant to change: `cargo xtask figures` writes record and interface too")
    })?;
    process::run(cargo(host).args(["build", "--locked", "-p", "solana-localnet"]))
}

/// The interface is compared with the committed one, or written.
fn interface(host: &Host, what: &str) -> Result<(), Failure> {
    process::run(cargo(host).args(["build", "--quiet", "--locked", "-p", "emission-tools"]))?;
    let tool = host.target.join("solana/debug/emission-tools");
    let mut tool = inside(host, &tool.to_string_lossy());
    // Anchor's library would pass the name on to cargo, in a form that cargo does not know.
    process::run(tool.env_remove("RUSTUP_TOOLCHAIN").arg(what).arg(host.root.join(IDL)))
}

/// What compiles for the VM; a file to write to and more arguments are still to come.
fn builder(host: &Host) -> Result<Command, Failure> {
    let toolchain = toolchain(host);
    if !toolchain.is_dir() {
        return Err(Failure::new("the tool chain of the Solana VM is not installed")
            .remedy("`cargo xtask setup`, on Debian 12 and x86-64; elsewhere contracts/solana/README.md, Build"));
    }
    let mut python = inside(host, "python3");
    python.args(["-B", "tools/sbpf/build.py", "--toolchain"]).arg(toolchain);
    Ok(python)
}

/// Builds the pool.
fn build_pool(host: &Host) -> Result<(), Failure> {
    let mut python = builder(host)?;
    python.arg("--out").arg(pool(host)).args(["--workspace", "pool", "--package", "spl-token-swap"]);
    process::run(&mut python)
}

/// Builds the program as the sources are now; its bytes are compared with the record, or recorded, or neither.
fn build_program(host: &Host, record: Option<&str>) -> Result<(), Failure> {
    let mut python = builder(host)?;
    python.arg("--out").arg(program(host));
    if let Some(record) = record {
        python.arg(record).arg(host.root.join(RECORD));
    }
    process::run(&mut python).map_err(|failure| {
        failure.remedy(format!(
            "if the sources were meant to change, `cargo xtask figures` writes {RECORD};\n\
             if only the tool chain did, read contracts/solana/README.md, Build"
        ))
    })
}

/// Formatting, lints, and the tests with the built program in LiteSVM.
pub fn test(host: &Host) -> Result<(), Failure> {
    process::run(cargo(host).args(["fmt", "--all", "--check"]))
        .map_err(|failure| failure.remedy(format!("in {FOLDER}: `cargo fmt --all`")))?;
    process::run(cargo(host).args(["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    build_program(host, None)?;
    build_pool(host)?;
    process::run(cargo(host).args(["test", "--locked", "--workspace", "--no-fail-fast"]))
}

/// The rows that the program's figures print. Without `check` the record and the interface are written first.
pub fn figures(host: &Host, check: bool) -> Result<String, Failure> {
    build_program(host, if check { None } else { Some("--record") })?;
    if !check {
        interface(host, "--write")?;
    }
    process::capture(cargo(host).args([
        "run",
        "--quiet",
        "--locked",
        "-p",
        "emission-tests",
        "--example",
        "solana-figures",
    ]))
}

/// Cargo in the program's workspace, with a build folder of its own inside the shared one.
fn cargo(host: &Host) -> Command {
    inside(host, "cargo")
}

fn inside(host: &Host, name: &str) -> Command {
    let mut command = host.command(name);
    command.current_dir(host.root.join(FOLDER)).env("EMISSION_SO", program(host)).env("POOL_SO", pool(host));
    command.env("CARGO_TARGET_DIR", host.target.join("solana"));
    command
}
