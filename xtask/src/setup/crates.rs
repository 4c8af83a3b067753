//! The sources of the crates in all lock files, fetched in one go so that a build later needs no network.

use std::process::Stdio;

use super::Plan;
use crate::args;
use crate::failure::Failure;
use crate::host::Host;
use crate::process::{self, ask};
use crate::solana;

const DOWNLOAD: u64 = 140_000_000;
const DISK: u64 = 1_050_000_000;

pub fn plan(host: &Host, _: &args::Setup) -> Result<Option<Plan>, Failure> {
    let mut done = true;
    for workspace in workspaces()? {
        let mut fetch = host.cargo();
        fetch.args(["fetch", "--quiet", "--offline", "--locked"]).args(workspace).stderr(Stdio::null());
        let status = fetch.status().map_err(|error| Failure::new(format!("cannot start cargo: {error}")))?;
        done &= status.success();
    }
    Ok(Some(Plan {
        done,
        what: "sources of the crates in Cargo.lock, in the Solana program's and in its tests' pool's".into(),
        download: DOWNLOAD,
        disk: DISK,
        root: false,
    }))
}

pub fn install(host: &Host, _: &args::Setup) -> Result<(), Failure> {
    for workspace in workspaces()? {
        process::download(host.cargo().args(["fetch", "--locked"]).args(workspace), "crates.io")?;
    }
    Ok(())
}

/// What cargo is told of each workspace. Of the first only this platform's crates: the lock file names three times as many.
/// The others are for this platform and for the Solana VM.
fn workspaces() -> Result<[Vec<String>; 3], Failure> {
    let tuple = ask("rustc", &["--print", "host-tuple"])
        .ok_or_else(|| Failure::new("rustc does not run").remedy("install Rust with rustup"))?;
    let at = |folder: &str| vec!["--manifest-path".into(), format!("{folder}/Cargo.toml")];
    Ok([vec!["--target".into(), tuple], at(solana::FOLDER), at(solana::POOL_FOLDER)])
}
