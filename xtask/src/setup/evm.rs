//! Foundry, the Solidity compiler and OpenZeppelin's contracts, by the exact versions and hashes of a lock file.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::stamp::Stamp;
use super::{Plan, remove};
use crate::args;
use crate::evm::{FOLDER, TOOLS, platform_package, tool};
use crate::failure::Failure;
use crate::host::Host;
use crate::process;

/// Beside node_modules, so that it can be renamed into place.
const PART: &str = ".setup";

pub fn plan(host: &Host, _: &args::Setup) -> Result<Option<Plan>, Failure> {
    let done = stamp(host, "")?.is_fresh() && TOOLS.iter().all(|name| tool(host, name).is_file());
    Ok(Some(Plan {
        done,
        what: format!("anvil, forge, cast, solc, OpenZeppelin from npm, in {FOLDER}/node_modules"),
        download: 89_000_000,
        disk: 295_000_000,
        root: false,
    }))
}

pub fn install(host: &Host, _: &args::Setup) -> Result<(), Failure> {
    let folder = host.root.join(FOLDER);
    let (part, whole) = (folder.join(PART), folder.join("node_modules"));
    remove(&part)?;
    fs::create_dir(&part).map_err(|error| Failure::file("make", &part, &error))?;
    for name in ["package.json", ".npmrc"] {
        write(&part.join(name), &read(&folder.join(name))?)?;
    }
    write(&part.join("package-lock.json"), &without_engines(&read(&folder.join("package-lock.json"))?)?)?;

    let mut npm = host.command("npm");
    // npm takes what it downloaded before from its own cache.
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&part);
    process::download(&mut npm, "the npm registry")?;
    for name in TOOLS {
        let package = platform_package(name);
        // An optional package that fails is left out without an error.
        if !part.join("node_modules").join(&package).join("bin").join(name).is_file() {
            return Err(Failure::new(format!("npm left out {package}")).remedy(
                "either the registry has none for this kind of machine, or what it sent has not the hash in\n\
                 contracts/evm/package-lock.json; `npm ci --loglevel verbose` there tells which.",
            ));
        }
    }
    stamp(host, PART)?.write()?;
    remove(&whole)?;
    fs::rename(part.join("node_modules"), &whole).map_err(|error| Failure::file("make", &whole, &error))?;
    remove(&part)
}

/// The lock file less what each package says about Node's version. Foundry's packages ask for Node 20, so that npm leaves
/// them out, being optional, under an older one, which Debian 12's is. The programs in them need no Node at all.
fn without_engines(lock: &str) -> Result<String, Failure> {
    let wrong = |what: String| Failure::new(format!("{FOLDER}/package-lock.json {what}"));
    let mut lock: Value = serde_json::from_str(lock).map_err(|error| wrong(format!("is not JSON: {error}")))?;
    let packages = lock["packages"].as_object_mut().ok_or_else(|| wrong("has no packages".into()))?;
    for package in packages.values_mut().filter_map(Value::as_object_mut) {
        package.remove("engines");
    }
    Ok(lock.to_string())
}

/// Inside node_modules, so that it goes away with it.
fn stamp(host: &Host, below: &str) -> Result<Stamp, Failure> {
    let folder = host.root.join(FOLDER);
    Stamp::new(folder.join(below).join("node_modules/.liaise-stamp"), &[folder.join("package-lock.json")])
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::file("write", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_engines_are_taken_out_of_the_lock() {
        let lock = r#"{"packages":{"":{"name":"x"},"a":{"engines":{"node":">=20"},"integrity":"sha512-x"}}}"#;
        let expected = r#"{"packages":{"":{"name":"x"},"a":{"integrity":"sha512-x"}}}"#;
        assert_eq!(without_engines(lock).unwrap(), expected);
        assert!(without_engines("{}").is_err());
        assert!(without_engines("").is_err());
    }
}
