//! What the README claims: its commands, its map of folders, its table of named packages.

use super::Finding;
use super::links::prose;
use super::metadata::Metadata;
use super::tree::Tree;
use crate::args::SUBCOMMANDS;
use crate::test::step_names;

const README: &str = "README.md";
/// The two commands that are all a reader must know.
const COMMANDS: [&str; 2] = ["cargo xtask demo", "cargo xtask test"];
/// The packages that the project's owner named.
const NAMED: [&str; 10] = [
    "alloy",
    "anchor-lang",
    "solana-sdk",
    "bitcoincash",
    "tokio",
    "rocksdb",
    "ort",
    "libp2p",
    "ethers-signers",
    "merkle_light",
];

/// The README shows both commands, and every xtask command in any document exists.
pub fn commands(tree: &Tree) -> Vec<Finding> {
    let readme = tree.text(README).unwrap_or_default();
    let mut findings: Vec<Finding> = COMMANDS
        .iter()
        .filter(|command| !readme.contains(*command))
        .map(|command| Finding::new(README, format!("does not show `{command}`")))
        .collect();
    for (path, text) in tree.ending(&[".md"]) {
        for (number, line) in text.lines().enumerate() {
            for (at, mark) in line.match_indices("cargo xtask ") {
                let mut words = line[at + mark.len()..].split(|c: char| c.is_whitespace() || "`|)\"',;".contains(c));
                let name = words.next().unwrap_or_default();
                if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
                    continue;
                }
                if !SUBCOMMANDS.contains(&name) {
                    findings.push(Finding::at(path, number, format!("`cargo xtask {name}` is no command")));
                }
                if name == "test"
                    && words.next() == Some("--only")
                    && let Some(step) = words.next().filter(|step| step.starts_with(|c: char| c.is_ascii_lowercase()))
                    && !step_names().any(|known| known == step)
                {
                    findings.push(Finding::at(path, number, format!("`{step}` is no step of `cargo xtask test`")));
                }
            }
        }
    }
    findings
}

/// The table below `## Map` names every top-level folder and no other.
pub fn map(tree: &Tree) -> Vec<Finding> {
    let rows = table(tree.text(README).unwrap_or_default(), "Map");
    if rows.is_empty() {
        return vec![Finding::new(README, "has no table below `## Map`")];
    }
    let mut findings = Vec::new();
    let mut listed = Vec::new();
    for (number, cells) in &rows {
        let Some(folder) = cells.first().and_then(|cell| code(cell).first().copied()) else {
            findings.push(Finding::at(README, *number, "a row of the map begins with `folder/`"));
            continue;
        };
        if !tree.has(folder) {
            findings.push(Finding::at(README, *number, format!("the map names `{folder}`, which is not there")));
        }
        listed.push(folder.trim_end_matches('/'));
    }
    for folder in tree.folders() {
        if !listed.iter().any(|known| *known == folder || known.starts_with(&format!("{folder}/"))) {
            findings.push(Finding::new(README, format!("the map does not name `{folder}/`")));
        }
    }
    findings
}

/// The table below `## Named packages` says of each where it is used, and the manifests agree.
pub fn packages(tree: &Tree, workspaces: &[&Metadata]) -> Vec<Finding> {
    let rows = table(tree.text(README).unwrap_or_default(), "Named packages");
    let mut findings = Vec::new();
    let members: Vec<_> = workspaces.iter().flat_map(|metadata| metadata.members()).collect();
    for name in NAMED {
        let row = rows.iter().find(|(_, cells)| cells.first().is_some_and(|cell| code(cell).first() == Some(&name)));
        let Some((number, cells)) = row else {
            findings.push(Finding::new(README, format!("the table of named packages has no row for `{name}`")));
            continue;
        };
        let mut claimed: Vec<&str> = cells.get(1).map(|cell| code(cell)).unwrap_or_default();
        let mut real: Vec<&str> = members
            .iter()
            .filter(|(_, package)| package.dependencies.iter().any(|dependency| dependency.name == name))
            .map(|(folder, _)| *folder)
            .collect();
        claimed.sort_unstable();
        real.sort_unstable();
        if claimed != real {
            let list = |folders: &[&str]| {
                if folders.is_empty() { "nowhere".into() } else { format!("in {}", folders.join(", ")) }
            };
            findings.push(Finding::at(
                README,
                *number,
                format!("`{name}` is used {}, the table says {}", list(&real), list(&claimed)),
            ));
        }
    }
    findings
}

/// The rows of the first table below the heading `title`, its head left out, with their lines.
pub fn table<'a>(text: &'a str, title: &str) -> Vec<(usize, Vec<&'a str>)> {
    let mut rows = Vec::new();
    let mut below = false;
    for (number, line) in prose(text) {
        if line.starts_with('#') {
            below = line.trim_start_matches('#').trim() == title;
        } else if below && line.trim_start().starts_with('|') {
            rows.push((number, line.trim().trim_matches('|').split('|').map(str::trim).collect()));
        }
    }
    rows.drain(..rows.len().min(2));
    rows
}

/// The `code` in a cell.
pub fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::super::metadata::{Dependency, Package};
    use super::*;

    fn shown(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn commands_must_exist() {
        let readme =
            "`cargo xtask demo` and `cargo xtask test`, or `cargo xtask test --only fmt`; `cargo xtask <COMMAND>`";
        assert!(commands(&Tree::of(&[(README, readme)])).is_empty());
        let other = "`cargo xtask test`\n`cargo xtask fly`\n`cargo xtask test --only nothing`";
        assert_eq!(
            shown(&commands(&Tree::of(&[(README, other)]))),
            [
                "README.md: does not show `cargo xtask demo`",
                "README.md:2: `cargo xtask fly` is no command",
                "README.md:3: `nothing` is no step of `cargo xtask test`",
            ]
        );
    }

    #[test]
    fn the_map_is_the_tree() {
        let readme = "## Map\n\n| Folder | What |\n|---|---|\n| `store/` | x |\n| `gone/` | y |\n";
        let tree = Tree::of(&[(README, readme), ("store/Cargo.toml", ""), ("web/index.html", "")]);
        assert_eq!(
            shown(&map(&tree)),
            ["README.md:6: the map names `gone/`, which is not there", "README.md: the map does not name `web/`"]
        );
        assert_eq!(map(&Tree::of(&[])).len(), 1);
    }

    #[test]
    fn packages_are_where_the_table_says() {
        let rows: String = NAMED.iter().map(|name| format!("| `{name}` | `store` | why |\n")).collect();
        let readme = format!("## Named packages\n\n| Package | Where | Why |\n|---|---|---|\n{rows}");
        let dependencies = NAMED
            .iter()
            .filter(|name| **name != "ort")
            .map(|name| Dependency { name: (*name).to_string(), ..Dependency::default() });
        let store =
            Package { member: Some("store".into()), dependencies: dependencies.collect(), ..Package::default() };
        let metadata = Metadata { packages: vec![store] };
        assert_eq!(
            shown(&packages(&Tree::of(&[(README, &readme)]), &[&metadata])),
            ["README.md:11: `ort` is used nowhere, the table says in store"]
        );
        assert_eq!(packages(&Tree::of(&[]), &[&metadata]).len(), NAMED.len());
    }
}
