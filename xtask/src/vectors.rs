//! `cargo xtask vectors`: the files in tests/vectors, written by the crates that own them.
//!
//! A crate that owns vectors has an example named `<crate>-vectors`, which writes them into the folder it is given.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::host::Host;
use crate::process;
use crate::tidy::metadata::Metadata;

const FOLDER: &str = "tests/vectors";

/// Writes every vector, or with `check` compares the committed ones with a fresh set.
pub fn run(host: &Host, check: bool) -> Result<(), Failure> {
    let metadata = Metadata::load(host)?;
    let committed = host.root.join(FOLDER);
    // Of this process alone: other clones may share the build directory.
    let fresh = host.target.join(format!("xtask-vectors-{}", std::process::id()));
    let folder = if check { &fresh } else { &committed };
    fs::create_dir_all(folder).map_err(|error| Failure::file("make", folder, &error))?;
    // All crates at once: the features of one alone differ from the workspace's, and RocksDB would be compiled again.
    process::run(host.cargo().args(["build", "--quiet", "--locked", "--workspace", "--examples"]))?;
    let examples = metadata.members().flat_map(|(_, package)| &package.examples);
    for example in examples.filter(|example| example.ends_with("-vectors")) {
        let program = host.target.join("debug/examples").join(example);
        process::run(host.command(&program.to_string_lossy()).arg(folder))?;
    }
    if !check {
        return Ok(());
    }
    let differences = compare(&read(&committed)?, &read(&fresh)?);
    fs::remove_dir_all(&fresh).map_err(|error| Failure::file("remove", &fresh, &error))?;
    if differences.is_empty() {
        return Ok(());
    }
    for difference in &differences {
        say!("  {FOLDER}/{difference}");
    }
    Err(Failure::new(format!("{} of the test vectors are not what the code writes", differences.len())).remedy(
        "if the change is meant, write them with `cargo xtask vectors`, read the difference and commit it;\n\
         a layout that is in use must not change.",
    ))
}

/// The files directly in `folder`.
fn read(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let unreadable = |error: &std::io::Error| Failure::file("read", folder, error);
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(&error))? {
        let entry = entry.map_err(|error| unreadable(&error))?;
        let path = entry.path();
        if path.is_file() {
            let bytes = fs::read(&path).map_err(|error| Failure::file("read", &path, &error))?;
            files.insert(entry.file_name().to_string_lossy().into_owned(), bytes);
        }
    }
    Ok(files)
}

fn compare(committed: &BTreeMap<String, Vec<u8>>, fresh: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let changed = fresh.iter().filter_map(|(name, bytes)| match committed.get(name) {
        Some(there) if there == bytes => None,
        Some(_) => Some(format!("{name}: differs")),
        None => Some(format!("{name}: is not committed")),
    });
    let orphans = committed
        .keys()
        .filter(|name| name.ends_with(".json") && !fresh.contains_key(*name))
        .map(|name| format!("{name}: no crate writes it"));
    changed.chain(orphans).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named() {
        let files = |list: &[(&str, &str)]| -> BTreeMap<String, Vec<u8>> {
            list.iter().map(|(name, text)| ((*name).to_string(), text.as_bytes().to_vec())).collect()
        };
        let committed = files(&[("README.md", "x"), ("a.json", "1"), ("b.json", "2"), ("old.json", "3")]);
        let fresh = files(&[("a.json", "1"), ("b.json", "9"), ("new.json", "4")]);
        assert_eq!(
            compare(&committed, &fresh),
            ["b.json: differs", "new.json: is not committed", "old.json: no crate writes it"]
        );
        assert!(compare(&fresh, &fresh).is_empty());
    }
}
