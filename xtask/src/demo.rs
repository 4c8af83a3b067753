//! `cargo xtask demo`: set up, build `liaise`, run its demo.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use crate::args;
use crate::failure::Failure;
use crate::host::Host;
use crate::{process, setup, solana};

/// Below the build directory.
const BINARY: &str = "debug/liaise";

/// Runs `liaise demo` with these arguments in place of xtask, so that Ctrl-C and the exit code are the demo's own.
pub fn run(host: &Host, arguments: &[String]) -> Result<(), Failure> {
    setup::run(host, &args::Setup { yes: true, ..args::Setup::default() })?;
    if arguments.iter().any(|argument| argument == "solana" || argument == "--chain=solana") {
        say!("\nBuilding the Solana program and the local node.");
        solana::build(host)?;
    }
    say!("\nBuilding liaise.");
    if !host.target.join(BINARY).exists() {
        say!("Nothing is built yet: this takes 20 to 40 minutes on two cores, once.");
    }
    let liaise = build(host)?;
    if !knows_demo(&process::capture(host.command(&liaise.to_string_lossy()).arg("--help"))?) {
        return Err(Failure::new("this version of liaise has no `demo` command yet")
            .remedy("`cargo xtask test` checks what is there; docs/status.md lists it"));
    }
    let error = host.command(&liaise.to_string_lossy()).arg("demo").args(arguments).exec();
    Err(Failure::file("start", &liaise, &error))
}

/// Builds the `liaise` binary as the tests do: the same profile, and with the examples the same features of every
/// dependency. Alone it would have RocksDB compiled once more.
fn build(host: &Host) -> Result<PathBuf, Failure> {
    process::run(host.cargo().args(["build", "--locked", "--workspace", "--bin", "liaise", "--examples"]))?;
    Ok(host.target.join(BINARY))
}

/// Whether the help of `liaise` lists a `demo` command.
pub fn knows_demo(help: &str) -> bool {
    help.lines().any(|line| line.starts_with(' ') && line.split_whitespace().next() == Some("demo"))
}

#[cfg(test)]
mod tests {
    use super::knows_demo;

    #[test]
    fn the_demo_is_a_command_of_its_own() {
        assert!(knows_demo("Usage: liaise <COMMAND>\n\nCommands:\n  demo    Run it\n  oracle  Fold\n"));
        assert!(!knows_demo("Usage: liaise demo\n\nCommands:\n  oracle  a demo of folds\n"));
    }
}
