//! A member takes every version from the workspace's one table.

use super::Finding;
use super::metadata::Package;
use super::tree::Tree;

/// Each dependency of each member must say `workspace = true`.
pub fn check(tree: &Tree, members: &[(&str, &Package)]) -> Vec<Finding> {
    members
        .iter()
        .flat_map(|(folder, _)| {
            let path = format!("{folder}/Cargo.toml");
            let found = own_versions(tree.text(&path).unwrap_or_default());
            found.into_iter().map(move |(line, name)| {
                Finding::at(&path, line, format!("`{name}` has a version of its own: write `{name}.workspace = true`"))
            })
        })
        .collect()
}

/// The dependencies of a manifest that are not the workspace's, with their lines.
fn own_versions(manifest: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut section = Section::Other;
    for (number, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            if let Section::One { line, name, shared: false } = &section {
                found.push((*line, name.clone()));
            }
            section = Section::of(header.trim_end_matches(']'), number);
            continue;
        }
        match &mut section {
            Section::Other => {}
            Section::One { shared, .. } => *shared |= is_shared(line),
            Section::Table => {
                if let Some((name, value)) = line.split_once('=')
                    && !line.starts_with('#')
                {
                    let name = name.trim();
                    let shared = name.ends_with(".workspace") || is_shared(value);
                    if !shared {
                        found.push((number, name.split('.').next().unwrap_or(name).to_string()));
                    }
                }
            }
        }
    }
    if let Section::One { line, name, shared: false } = section {
        found.push((line, name));
    }
    found
}

/// The workspace's, or the crate itself with features for its tests.
fn is_shared(text: &str) -> bool {
    let text = text.replace(' ', "");
    text.contains("workspace=true") || text.contains("path=\".\"")
}

enum Section {
    /// `[dependencies]` and its kin.
    Table,
    /// `[dependencies.name]`.
    One { line: usize, name: String, shared: bool },
    /// Anything else.
    Other,
}

impl Section {
    fn of(header: &str, line: usize) -> Self {
        const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
        if KINDS
            .iter()
            .any(|kind| header == *kind || (header.starts_with("target.") && header.ends_with(&format!(".{kind}"))))
        {
            return Self::Table;
        }
        match header.rsplit_once('.') {
            Some((table, name)) if KINDS.iter().any(|kind| table == *kind || table.ends_with(&format!(".{kind}"))) => {
                Self::One { line, name: name.to_string(), shared: false }
            }
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::own_versions;

    #[test]
    fn only_the_workspaces_versions_pass() {
        let manifest = r#"
[package]
version = "0.1.0"
[dependencies]
# a = "1"
a.workspace = true
b = { workspace = true, features = ["x"] }
c = "1"
d = { version = "2" }
[target.'cfg(unix)'.dependencies]
e = "1"
[dev-dependencies]
itself = { path = ".", features = ["local"] }
[dev-dependencies.f]
version = "3"
[dev-dependencies.g]
workspace = true
[features]
default = []
[build-dependencies.h]
path = "../h"
"#;
        let names: Vec<String> = own_versions(manifest).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["c", "d", "e", "f", "h"]);
    }
}
