//! The parts of the Rust toolchain that the checks use.

use super::Plan;
use crate::args;
use crate::failure::Failure;
use crate::host::Host;
use crate::process::{self, ask};

const PARTS: [(&str, &str); 2] = [("rustfmt", "fmt"), ("clippy", "clippy")];

pub fn plan(_: &Host, _: &args::Setup) -> Result<Option<Plan>, Failure> {
    let missing = missing();
    let what = if missing.is_empty() { PARTS.map(|(part, _)| part).to_vec() } else { missing.clone() };
    Ok(Some(Plan {
        done: missing.is_empty(),
        what: format!("toolchain components: {}", what.join(", ")),
        download: 4_500_000 * missing.len() as u64,
        disk: 16_000_000 * missing.len() as u64,
        root: false,
    }))
}

pub fn install(host: &Host, _: &args::Setup) -> Result<(), Failure> {
    let missing = missing();
    if ask("rustup", &["--version"]).is_none() {
        return Err(Failure::new(format!(
            "this Rust has no {}, and there is no rustup to add it",
            missing.join(" and no ")
        ))
        .remedy("install Rust with rustup, or your system's packages of that name"));
    }
    process::download(host.command("rustup").args(["component", "add"]).args(&missing), "Rust's release server")
}

fn missing() -> Vec<&'static str> {
    PARTS.iter().filter(|(_, command)| ask("cargo", &[command, "--version"]).is_none()).map(|(part, _)| *part).collect()
}
