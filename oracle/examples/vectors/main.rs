//! Writes the vectors about sharing a pool: `cargo run -p liaise-oracle --example vectors -- tests/vectors`.

use std::path::PathBuf;
use std::process::ExitCode;

mod apportion_vectors;

fn main() -> ExitCode {
    let Some(directory) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: vectors <directory>");
        return ExitCode::FAILURE;
    };
    let path = directory.join("apportion.json");
    if let Err(error) = std::fs::write(&path, apportion_vectors::json()) {
        eprintln!("can't write {}: {error}: give a directory that exists and is writable", path.display());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
