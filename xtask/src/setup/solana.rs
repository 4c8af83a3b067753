//! A tool chain for the Solana VM, made of Debian's packages and crates.io's, which contracts/solana/tools/sbpf/toolchain.py
//! puts into the cache.

use std::path::{Path, PathBuf};

use super::stamp::Stamp;
use super::{Plan, debian, remove};
use crate::args;
use crate::failure::Failure;
use crate::host::Host;
use crate::process;

const TOOLS: &str = "contracts/solana/tools/sbpf";
/// What decides what is in the tool chain.
const SOURCES: [&str; 4] = ["toolchain.py", "std.py", "memory.rs", "packages.txt"];
const MB: u64 = 1_000_000;

/// Where the tool chain is once set-up has run.
pub fn folder(host: &Host) -> PathBuf {
    host.cache.join("sbpf")
}

pub fn plan(host: &Host, _: &args::Setup) -> Result<Option<Plan>, Failure> {
    // The tool chain's own scripts name this machine's libraries.
    if std::env::consts::ARCH != "x86_64" {
        return Ok(None);
    }
    Ok(Some(Plan {
        done: stamp(host, &folder(host))?.is_fresh(),
        what: "compiler and linker for the Solana VM from Debian and crates.io, unpacked into the cache".into(),
        download: 230 * MB,
        disk: 800 * MB,
        root: false,
    }))
}

pub fn install(host: &Host, _: &args::Setup) -> Result<(), Failure> {
    let (whole, part) = (folder(host), host.cache.join(".sbpf"));
    if !debian::can_unpack() {
        return Err(Failure::new(
            "this system has no apt-get, so Debian's compiler for the Solana VM cannot be fetched",
        )
        .remedy("build the program with `cargo build-sbf` or `anchor build` (contracts/solana/README.md)"));
    }
    remove(&part)?;
    let mut make = host.command("python3");
    // No __pycache__ in the clone.
    make.args(["-B", &format!("{TOOLS}/toolchain.py")]).arg(&part);
    process::download(&mut make, "Debian's mirror or crates.io")?;
    stamp(host, &part)?.write()?;
    remove(&whole)?;
    std::fs::rename(&part, &whole).map_err(|error| Failure::file("make", &whole, &error))
}

/// Inside the tool chain, so that it goes away with it.
fn stamp(host: &Host, folder: &Path) -> Result<Stamp, Failure> {
    let sources: Vec<PathBuf> = SOURCES.iter().map(|name| host.root.join(TOOLS).join(name)).collect();
    Stamp::new(folder.join("liaise-stamp"), &sources)
}
