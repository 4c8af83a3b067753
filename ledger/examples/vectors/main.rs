//! Writes the vectors about draws, sessions and genesis: `cargo run -p liaise-ledger --example vectors -- tests/vectors`.

use std::path::PathBuf;
use std::process::ExitCode;

mod draws;
mod ed25519;
mod files;
mod genesis_files;
mod links;
mod sample;
mod sessions;

fn main() -> ExitCode {
    let Some(directory) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: vectors <directory>");
        return ExitCode::FAILURE;
    };
    for (name, text) in files::all() {
        let path = directory.join(name);
        if let Err(error) = std::fs::write(&path, text) {
            eprintln!("can't write {}: {error}: give a directory that exists and is writable", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
