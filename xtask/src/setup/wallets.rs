//! The libraries that wallets of Solana and Bitcoin Cash are built with, for fixtures.

use super::{Plan, npm};
use crate::args;
use crate::failure::Failure;
use crate::host::Host;
use crate::wallets::FOLDER;

pub fn plan(host: &Host, _: &args::Setup) -> Result<Option<Plan>, Failure> {
    Ok(Some(Plan {
        done: npm::is_installed(host, FOLDER)?,
        what: format!("libraries of wallets from npm, for tests, in {FOLDER}/node_modules"),
        download: 8_000_000,
        disk: 30_000_000,
        root: false,
    }))
}

pub fn install(host: &Host, _: &args::Setup) -> Result<(), Failure> {
    npm::install(host, FOLDER, |_| Ok(()))
}
