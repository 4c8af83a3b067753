//! Foundry, the Solidity compiler and OpenZeppelin's contracts, by the exact versions and hashes of a lock file.

use std::path::Path;

use serde_json::Value;

use super::Plan;
use super::npm::Packages;
use crate::args;
use crate::evm::{FOLDER, TOOLS, platform_package, tool};
use crate::failure::Failure;
use crate::host::Host;

pub fn plan(host: &Host, _: &args::Setup) -> Result<Option<Plan>, Failure> {
    let done = Packages::of(host, FOLDER).are_fresh()? && TOOLS.iter().all(|name| tool(host, name).is_file());
    Ok(Some(Plan {
        done,
        what: format!("anvil, forge, cast, solc, OpenZeppelin from npm, in {FOLDER}/node_modules"),
        download: 89_000_000,
        disk: 295_000_000,
        root: false,
    }))
}

pub fn install(host: &Host, _: &args::Setup) -> Result<(), Failure> {
    Packages::of(host, FOLDER).install(host, without_engines, has_tools)
}

/// An optional package that fails is left out without an error.
fn has_tools(folder: &Path) -> Result<(), Failure> {
    for name in TOOLS {
        let package = platform_package(name);
        if !folder.join("node_modules").join(&package).join("bin").join(name).is_file() {
            return Err(Failure::new(format!("npm left out {package}")).remedy(
                "either the registry has none for this kind of machine, or what it sent has not the hash in\n\
                 contracts/evm/package-lock.json; `npm ci --loglevel verbose` there tells which.",
            ));
        }
    }
    Ok(())
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
