//! The sources of the crates in Cargo.lock, fetched in one go so that a build later needs no network.

use super::Plan;
use crate::args;
use crate::failure::Failure;
use crate::host::Host;
use crate::process::{self, ask};

const DOWNLOAD: u64 = 105_000_000;
const DISK: u64 = 850_000_000;

pub fn plan(host: &Host, _: &args::Setup) -> Result<Option<Plan>, Failure> {
    let mut fetch = host.cargo();
    fetch.args(["fetch", "--quiet", "--offline", "--locked"]).args(platform()?);
    let done = fetch
        .stderr(std::process::Stdio::null())
        .status()
        .map_err(|error| Failure::new(format!("cannot start cargo: {error}")))?
        .success();
    Ok(Some(Plan {
        done,
        what: "sources of the crates in Cargo.lock".into(),
        download: DOWNLOAD,
        disk: DISK,
        root: false,
    }))
}

pub fn install(host: &Host, _: &args::Setup) -> Result<(), Failure> {
    process::download(host.cargo().args(["fetch", "--locked"]).args(platform()?), "crates.io")
}

/// Only this platform's: the lock file names three times as many.
fn platform() -> Result<[String; 2], Failure> {
    let tuple = ask("rustc", &["--print", "host-tuple"])
        .ok_or_else(|| Failure::new("rustc does not run").remedy("install Rust with rustup"))?;
    Ok(["--target".into(), tuple])
}
