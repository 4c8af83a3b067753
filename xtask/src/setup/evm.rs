//! Foundry, the Solidity compiler and OpenZeppelin's contracts, by the exact versions of a lock file.

use super::Plan;
use super::stamp::Stamp;
use crate::args;
use crate::evm::{FOLDER, TOOLS, tool};
use crate::failure::Failure;
use crate::host::Host;
use crate::process;

pub fn plan(host: &Host, _: &args::Setup) -> Result<Option<Plan>, Failure> {
    let done = stamp(host)?.is_fresh() && TOOLS.iter().all(|name| tool(host, name).is_file());
    Ok(Some(Plan {
        done,
        what: format!("anvil, forge, cast, solc, OpenZeppelin from npm, in {FOLDER}/node_modules"),
        download: 89_000_000,
        disk: 295_000_000,
        root: false,
    }))
}

pub fn install(host: &Host, _: &args::Setup) -> Result<(), Failure> {
    let mut npm = host.command("npm");
    // `npm ci` empties node_modules first and takes what it downloaded before from its own cache.
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(host.root.join(FOLDER));
    process::download(&mut npm, "the npm registry")?;
    stamp(host)?.write()
}

/// Inside node_modules, so that it goes away with it.
fn stamp(host: &Host) -> Result<Stamp, Failure> {
    let folder = host.root.join(FOLDER);
    Stamp::new(folder.join("node_modules/.liaise-stamp"), &[folder.join("package-lock.json")])
}
