//! Dependencies that no source of their crate names: they cost build time and claim what is not so.

use super::Finding;
use super::metadata::Metadata;
use super::tree::Tree;

/// Every dependency of a member is named in one of its Rust files.
pub fn check(tree: &Tree, metadata: &Metadata) -> Vec<Finding> {
    let members = metadata.members();
    let mut findings = Vec::new();
    for (folder, package) in &members {
        let below = format!("{folder}/");
        let sources: Vec<&str> =
            tree.ending(&[".rs"]).filter(|(path, _)| path.starts_with(&below)).map(|(_, text)| text).collect();
        for dependency in &package.dependencies {
            let name = dependency.rename.as_deref().unwrap_or(&dependency.name).replace('-', "_");
            if !sources.iter().any(|text| names(text, &name)) {
                findings.push(Finding::new(
                    format!("{folder}/Cargo.toml"),
                    format!("no source in {folder} names `{name}`: take it out"),
                ));
            }
        }
    }
    findings
}

/// Whether `name` stands in `text` as a path's first part, in a `use` or quoted in an attribute, not within a longer word.
fn names(text: &str, name: &str) -> bool {
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        let quoted = before.ends_with('"') && after.starts_with('"');
        let used = before.ends_with("use ") && !after.starts_with(letter);
        !before.ends_with(letter) && (after.starts_with("::") || used || quoted)
    })
}

#[cfg(test)]
mod tests {
    use super::super::metadata::{Dependency, Package};
    use super::*;

    #[test]
    fn dependencies_are_named_in_a_source() {
        let tree = Tree::of(&[
            ("store/src/lib.rs", "use tokio_util::x;\nuse hex;\nfn f() { ::serde_json::to_string(); core::x(); }"),
            ("store/tests/it/main.rs", "use tempfile::tempdir;\n#[serde(with = \"serde_bytes\")]"),
            ("node/src/lib.rs", "use tokio::fs;"),
        ]);
        let dependency = |name: &str, rename: Option<&str>| Dependency {
            name: name.into(),
            rename: rename.map(Into::into),
            dev: false,
        };
        let store = Package {
            member: Some("store".into()),
            dependencies: vec![
                dependency("tokio", None),
                dependency("serde-json", None),
                dependency("hex", None),
                dependency("serde_bytes", None),
                dependency("tempfile", None),
                dependency("arc-core", Some("core")),
                dependency("arc-types", Some("types")),
            ],
            ..Package::default()
        };
        let found: Vec<String> =
            check(&tree, &Metadata { packages: vec![store] }).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "store/Cargo.toml: no source in store names `tokio`: take it out",
                "store/Cargo.toml: no source in store names `types`: take it out",
            ]
        );
    }
}
