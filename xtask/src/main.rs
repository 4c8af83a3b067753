//! Developer tasks: `cargo xtask setup | demo | test | tidy | vectors | figures | bench | fuzz`.
//!
//! It builds on a machine that has Rust and nothing else, because it is what installs the rest.
#![forbid(unsafe_code)]

/// `println!`, but a reader that went away, as in `| head`, ends the program instead of a panic.
macro_rules! say {
    ($($text:tt)*) => { $crate::say(format_args!($($text)*)) };
}

mod args;
mod bch;
mod bench;
mod demo;
mod deploy;
mod evm;
mod failure;
mod figures;
mod fuzz;
mod host;
mod process;
mod setup;
mod size;
mod solana;
mod test;
mod tidy;
mod vectors;
mod wallets;

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use args::{Command, Parsed};
use failure::Failure;
use host::Host;

fn main() -> ExitCode {
    let command = match args::parse(std::env::args().skip(1)) {
        Ok(Parsed::Help(text)) => {
            say!("{text}");
            return ExitCode::SUCCESS;
        }
        Ok(Parsed::Run(command)) => command,
        Err(failure) => {
            eprintln!("{failure}");
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\n{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    let host = Host::find()?;
    match command {
        Command::Setup(options) => setup::run(&host, &options),
        Command::Demo(arguments) => demo::run(&host, &arguments),
        Command::Test(options) => test::run(&host, &options),
        Command::Tidy => tidy::run(&host),
        Command::Bench(names) => bench::run(&host, &names),
        Command::Fuzz(options) => fuzz::run(&host, &options),
        Command::Vectors { check } => vectors::run(&host, check),
        Command::Figures { check } => figures::run(&host, check),
    }
}

fn say(text: fmt::Arguments<'_>) {
    if cfg!(test) {
        // Captured by the test harness.
        println!("{text}");
    } else if writeln!(io::stdout(), "{text}").is_err() {
        std::process::exit(1);
    }
}
