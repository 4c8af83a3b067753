//! Foundry, the Solidity compiler and OpenZeppelin's contracts.

use super::{Plan, npm};
use crate::args;
use crate::evm::{FOLDER, TOOLS, platform_package, tool};
use crate::failure::Failure;
use crate::host::Host;

pub fn plan(host: &Host, _: &args::Setup) -> Result<Option<Plan>, Failure> {
    let done = npm::is_installed(host, FOLDER)? && TOOLS.iter().all(|name| tool(host, name).is_file());
    Ok(Some(Plan {
        done,
        what: format!("anvil, forge, cast, solc, OpenZeppelin from npm, in {FOLDER}/node_modules"),
        download: 89_000_000,
        disk: 295_000_000,
        root: false,
    }))
}

pub fn install(host: &Host, _: &args::Setup) -> Result<(), Failure> {
    npm::install(host, FOLDER, |modules| {
        for name in TOOLS {
            let package = platform_package(name);
            if !modules.join(&package).join("bin").join(name).is_file() {
                return Err(Failure::new(format!("npm left out {package}")).remedy(
                    "either the registry has none for this kind of machine, or what it sent has not the hash in\n\
                     contracts/evm/package-lock.json; `npm ci --loglevel verbose` there tells which.",
                ));
            }
        }
        Ok(())
    })
}
