//! The allowed edges between the workspace's crates, as docs/architecture.md lists them.

use std::collections::BTreeMap;

use super::Finding;
use super::metadata::Metadata;
use super::tree::Tree;

const DOCUMENT: &str = "docs/architecture.md";

/// By crate: what it may use, and what only its tests may use.
type Allowed<'a> = BTreeMap<&'a str, (Vec<&'a str>, Vec<&'a str>)>;

/// Every edge that `cargo metadata` shows must be in the list, and the list must name what exists.
pub fn check(tree: &Tree, metadata: &Metadata) -> Vec<Finding> {
    let Some(text) = tree.text(DOCUMENT) else {
        return vec![Finding::new(DOCUMENT, "is missing; it lists the allowed edges")];
    };
    let (allowed, mut findings) = parse(text);
    let members = metadata.members();
    let known = |name: &str| members.iter().any(|(_, package)| package.name == name);
    for (folder, package) in &members {
        let Some((uses, tests_use)) = allowed.get(package.name.as_str()) else {
            findings.push(Finding::new(DOCUMENT, format!("the edges block does not list `{}`", package.name)));
            continue;
        };
        for dependency in &package.dependencies {
            let target = dependency.name.as_str();
            // A crate's tests may name the crate itself, to turn its features on.
            if target == package.name {
                continue;
            }
            let fine = uses.contains(&target) || (dependency.dev && tests_use.contains(&target));
            if known(target) && !fine {
                let how = if dependency.dev { "in its tests uses" } else { "uses" };
                findings.push(Finding::new(
                    format!("{folder}/Cargo.toml"),
                    format!("{} {how} {target}, which the list in {DOCUMENT} does not allow", package.name),
                ));
            }
        }
    }
    for (from, (uses, tests_use)) in &allowed {
        for name in std::iter::once(from).chain(uses).chain(tests_use) {
            if !known(name) {
                findings.push(Finding::new(DOCUMENT, format!("the edges block names `{name}`, which is no member")));
            }
        }
    }
    findings.sort();
    findings.dedup();
    findings
}

/// Reads ```` ```edges ```` blocks of lines `from -> a b; tests: c`.
fn parse(text: &str) -> (Allowed<'_>, Vec<Finding>) {
    let mut allowed = Allowed::new();
    let mut findings = Vec::new();
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(fence) = line.strip_prefix("```") {
            inside = !inside && fence.trim() == "edges";
            continue;
        }
        if !inside || line.is_empty() {
            continue;
        }
        let Some((from, to)) = line.split_once("->") else {
            findings.push(Finding::at(DOCUMENT, number, "an edge is written `from -> a b; tests: c`"));
            continue;
        };
        let (uses, tests_use) = to.split_once("; tests:").unwrap_or((to, ""));
        if allowed.insert(from.trim(), (names(uses), names(tests_use))).is_some() {
            findings.push(Finding::at(DOCUMENT, number, format!("`{}` is listed twice", from.trim())));
        }
    }
    if allowed.is_empty() {
        findings.push(Finding::new(DOCUMENT, "has no block that begins with ```edges"));
    }
    (allowed, findings)
}

fn names(list: &str) -> Vec<&str> {
    list.split(|c: char| c == ',' || c.is_whitespace()).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::metadata::{Dependency, Package};
    use super::*;

    fn member(name: &str, uses: &[&str], tests_use: &[&str]) -> Package {
        let edge = |dev: bool| move |name: &&str| Dependency { name: (*name).into(), rename: None, dev };
        Package {
            name: name.into(),
            member: Some(format!("crates/{name}")),
            dependencies: uses.iter().map(edge(false)).chain(tests_use.iter().map(edge(true))).collect(),
            ..Package::default()
        }
    }

    fn findings(block: &str, packages: Vec<Package>) -> Vec<String> {
        let tree = Tree::of(&[(DOCUMENT, block)]);
        check(&tree, &Metadata { packages }).iter().map(ToString::to_string).collect()
    }

    const BLOCK: &str =
        "# A\n```text\nx -> y\n```\n\n```edges\nstore -> ledger; tests: node\nledger ->\nnode -> store, ledger\n```\n";

    #[test]
    fn listed_edges_pass_and_unused_ones_may_stay() {
        let packages = vec![
            member("store", &["ledger", "serde"], &["node"]),
            member("ledger", &[], &[]),
            member("node", &[], &[]),
        ];
        assert!(findings(BLOCK, packages).is_empty());
    }

    #[test]
    fn other_edges_are_found() {
        let packages = vec![
            member("store", &["node"], &["ledger"]),
            member("ledger", &[], &["store"]),
            member("node", &["store"], &["node"]),
        ];
        assert_eq!(
            findings(BLOCK, packages),
            [
                "crates/ledger/Cargo.toml: ledger in its tests uses store, which the list in docs/architecture.md does not allow",
                "crates/store/Cargo.toml: store uses node, which the list in docs/architecture.md does not allow",
            ]
        );
    }

    #[test]
    fn the_list_names_every_member_and_nothing_else() {
        let found =
            findings(BLOCK, vec![member("store", &[], &[]), member("ledger", &[], &[]), member("web", &[], &[])]);
        assert_eq!(
            found,
            [
                "docs/architecture.md: the edges block does not list `web`",
                "docs/architecture.md: the edges block names `node`, which is no member",
            ]
        );
    }

    #[test]
    fn an_absent_or_torn_list_is_found() {
        assert_eq!(check(&Tree::of(&[]), &Metadata::default()).len(), 1);
        assert_eq!(findings("no block", vec![]), ["docs/architecture.md: has no block that begins with ```edges"]);
        let torn = findings("```edges\nstore ledger\nledger ->\nledger ->\n```", vec![member("ledger", &[], &[])]);
        assert_eq!(torn.len(), 2, "{torn:?}");
    }
}
