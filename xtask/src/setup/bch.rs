//! The covenants' compiler and the virtual machine that judges them.

use super::{Plan, npm};
use crate::args;
use crate::bch::FOLDER;
use crate::failure::Failure;
use crate::host::Host;

pub fn plan(host: &Host, _: &args::Setup) -> Result<Option<Plan>, Failure> {
    Ok(Some(Plan {
        done: npm::is_installed(host, FOLDER)?,
        what: format!("cashc, libauth from npm, in {FOLDER}/node_modules"),
        download: 4_000_000,
        disk: 20_000_000,
        root: false,
    }))
}

pub fn install(host: &Host, _: &args::Setup) -> Result<(), Failure> {
    npm::install(host, FOLDER, |_| Ok(()))
}
