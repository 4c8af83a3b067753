//! What a folder's package-lock.json names, from npm, by exact versions and hashes.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::remove;
use super::stamp::Stamp;
use crate::failure::Failure;
use crate::host::Host;
use crate::process;

/// Beside node_modules, so that it can be renamed into place.
const PART: &str = ".setup";

/// Whether what `folder` of the clone names is in its node_modules.
pub fn is_installed(host: &Host, folder: &str) -> Result<bool, Failure> {
    Ok(stamp(host, folder, "")?.is_fresh())
}

/// Installs it. `whole` looks into the new node_modules before they take their place: npm leaves out an optional package that
/// fails without an error.
pub fn install(host: &Host, folder: &str, whole: impl Fn(&Path) -> Result<(), Failure>) -> Result<(), Failure> {
    let base = host.root.join(folder);
    let (part, modules) = (base.join(PART), base.join("node_modules"));
    remove(&part)?;
    fs::create_dir(&part).map_err(|error| Failure::file("make", &part, &error))?;
    for name in ["package.json", ".npmrc"] {
        write(&part.join(name), &read(&base.join(name))?)?;
    }
    write(&part.join("package-lock.json"), &without_engines(folder, &read(&base.join("package-lock.json"))?)?)?;

    let mut npm = host.command("npm");
    // npm takes what it downloaded before from its own cache.
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&part);
    process::download(&mut npm, "the npm registry")?;
    whole(&part.join("node_modules"))?;
    stamp(host, folder, PART)?.write()?;
    remove(&modules)?;
    fs::rename(part.join("node_modules"), &modules).map_err(|error| Failure::file("make", &modules, &error))?;
    remove(&part)
}

/// The lock file less what each package says about Node's version. Some packages ask for Node 20 or 22, so that npm leaves them
/// out where they are optional, under an older one, which Debian 12's is: Foundry's hold programs that need no Node at all,
/// and the wallets' libraries run on Debian's as well.
fn without_engines(folder: &str, lock: &str) -> Result<String, Failure> {
    let wrong = |what: String| Failure::new(format!("{folder}/package-lock.json {what}"));
    let mut lock: Value = serde_json::from_str(lock).map_err(|error| wrong(format!("is not JSON: {error}")))?;
    let packages = lock["packages"].as_object_mut().ok_or_else(|| wrong("has no packages".into()))?;
    for package in packages.values_mut().filter_map(Value::as_object_mut) {
        package.remove("engines");
    }
    Ok(lock.to_string())
}

/// Inside node_modules, so that it goes away with it.
fn stamp(host: &Host, folder: &str, below: &str) -> Result<Stamp, Failure> {
    let base = host.root.join(folder);
    Stamp::new(base.join(below).join("node_modules/.liaise-stamp"), &[base.join("package-lock.json")])
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
        assert_eq!(without_engines("x", lock).unwrap(), expected);
        assert!(without_engines("x", "{}").is_err());
        assert!(without_engines("x", "").is_err());
    }
}
