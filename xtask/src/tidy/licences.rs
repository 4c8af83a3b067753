//! The part of deny.toml that needs no extra tool: licences, bans and sources of every linked package.

use super::Finding;
use super::metadata::Metadata;
use super::tree::Tree;

const LIST: &str = "deny.toml";
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Foreign packages come from crates.io, under an allowed licence, and neither banned nor named like our own.
pub fn check(tree: &Tree, metadata: &Metadata) -> Vec<Finding> {
    let Some(list) = tree.text(LIST) else { return vec![Finding::new(LIST, "is missing")] };
    let allowed = strings(list, "licenses", "allow");
    let banned = strings(list, "bans", "deny");
    let clarified = clarified(list);
    let own: Vec<&str> = metadata.members().iter().map(|(_, package)| package.name.as_str()).collect();
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let mut find =
            |what: String| findings.push(Finding::new(format!("{} {}", package.name, package.version), what));
        let stated = || clarified.iter().find(|(name, _)| *name == package.name).map(|(_, expression)| *expression);
        match package.license.as_deref().or_else(stated) {
            None => find("states no licence".into()),
            Some(expression) => match is_allowed(expression, &allowed) {
                Some(true) => {}
                Some(false) => find(format!("licence `{expression}` is not allowed by {LIST}")),
                None => find(format!("licence `{expression}` cannot be read")),
            },
        }
        if banned.contains(&package.name.as_str()) {
            find(format!("is banned by {LIST}"));
        }
        match package.source.as_deref() {
            None if package.member.is_none() && !package.own => find("is a path outside the workspace".into()),
            Some(source) if source != CRATES_IO => find(format!("comes from {source}, not from crates.io")),
            Some(_) if own.contains(&package.name.as_str()) => find("has the name of a crate of ours".into()),
            _ => {}
        }
    }
    findings
}

/// The strings of the array `key` in `[section]`; the file keeps to one string a line or a one-line array.
fn strings<'a>(text: &'a str, section: &str, key: &str) -> Vec<&'a str> {
    let mut current = "";
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if !inside {
            if let Some(header) = line.strip_prefix('[') {
                current = header.trim_end_matches(']');
                continue;
            }
            inside = current == section
                && line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with("=") && rest.contains('['));
        }
        if inside {
            found.extend(line.split('"').skip(1).step_by(2));
            inside = !line.ends_with(']');
        }
    }
    found
}

/// What `[[licenses.clarify]]` says of packages that only name a file: crate and expression.
fn clarified(text: &str) -> Vec<(&str, &str)> {
    let tables = text.split("[[licenses.clarify]]").skip(1);
    tables.filter_map(|table| Some((value(table, "crate")?, value(table, "expression")?))).collect()
}

/// The string of `key` in the lines of a table.
fn value<'a>(table: &'a str, key: &str) -> Option<&'a str> {
    table.lines().find(|line| line.starts_with(key))?.split('"').nth(1)
}

/// Whether an SPDX expression can be met with the allowed licences; nothing if it is malformed.
fn is_allowed(expression: &str, allowed: &[&str]) -> Option<bool> {
    // Cargo once allowed `MIT/Apache-2.0` for `MIT OR Apache-2.0`.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let value = any_of(&mut rest, allowed)?;
    rest.is_empty().then_some(value)
}

fn any_of(words: &mut &[&str], allowed: &[&str]) -> Option<bool> {
    let mut value = all_of(words, allowed)?;
    while words.first() == Some(&"OR") {
        *words = &words[1..];
        value |= all_of(words, allowed)?;
    }
    Some(value)
}

fn all_of(words: &mut &[&str], allowed: &[&str]) -> Option<bool> {
    let mut value = one(words, allowed)?;
    while words.first() == Some(&"AND") {
        *words = &words[1..];
        value &= one(words, allowed)?;
    }
    Some(value)
}

fn one(words: &mut &[&str], allowed: &[&str]) -> Option<bool> {
    let (first, rest) = words.split_first()?;
    *words = rest;
    match *first {
        "(" => {
            let value = any_of(words, allowed)?;
            let (close, rest) = words.split_first()?;
            *words = rest;
            (*close == ")").then_some(value)
        }
        ")" | "OR" | "AND" | "WITH" => None,
        id if words.first() == Some(&"WITH") => {
            let exception = words.get(1)?;
            *words = &words[2..];
            Some(allowed.contains(&format!("{id} WITH {exception}").as_str()))
        }
        id => Some(allowed.contains(&id)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::metadata::Package;
    use super::*;

    #[test]
    fn expressions_are_met_or_not() {
        let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"];
        for (expression, expected) in [
            ("MIT", Some(true)),
            ("AGPL-3.0", Some(false)),
            ("AGPL-3.0 OR MIT", Some(true)),
            ("AGPL-3.0/MIT", Some(true)),
            ("MIT AND AGPL-3.0", Some(false)),
            ("MIT AND (AGPL-3.0 OR ISC)", Some(true)),
            ("AGPL-3.0 OR MIT AND ISC", Some(true)),
            ("Apache-2.0", Some(false)),
            ("Apache-2.0 WITH LLVM-exception", Some(true)),
            ("(MIT", None),
            ("MIT MIT", None),
            ("OR MIT", None),
            ("", None),
        ] {
            assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
        }
    }

    #[test]
    fn lists_are_read_by_section() {
        let text = "[licenses]\n# allow = [\"No\"]\nallow = [\n  \"MIT\", # why\n  \"ISC\",\n]\n[bans]\nallow = [\"x\"]\ndeny = [\"y\", \"z\"]\n";
        assert_eq!(strings(text, "licenses", "allow"), ["MIT", "ISC"]);
        assert_eq!(strings(text, "bans", "deny"), ["y", "z"]);
        assert!(strings(text, "sources", "allow").is_empty());
    }

    #[test]
    fn strangers_are_found() {
        let list = "[licenses]\nallow = [\"MIT\"]\n[[licenses.clarify]]\ncrate = \"file\"\nexpression = \"MIT\"\n\
                    [bans]\ndeny = [\"openssl-sys\"]\n";
        let tree = Tree::of(&[(LIST, list)]);
        let package = |name: &str, license: Option<&str>, source: Option<&str>, member: Option<&str>| Package {
            name: name.into(),
            version: "1.0.0".into(),
            license: license.map(Into::into),
            source: source.map(Into::into),
            member: member.map(Into::into),
            ..Package::default()
        };
        let metadata = Metadata {
            packages: vec![
                package("liaise-store", Some("MIT"), None, Some("store")),
                package("good", Some("MIT"), Some(CRATES_IO), None),
                package("file", None, Some(CRATES_IO), None),
                package("a", None, Some(CRATES_IO), None),
                package("b", Some("AGPL-3.0"), Some(CRATES_IO), None),
                package("c", Some("MIT"), Some("git+https://example.org/c"), None),
                package("d", Some("MIT"), None, None),
                package("openssl-sys", Some("MIT"), Some(CRATES_IO), None),
                package("liaise-store", Some("MIT"), Some(CRATES_IO), None),
            ],
        };
        let found: Vec<String> = check(&tree, &metadata).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "a 1.0.0: states no licence",
                "b 1.0.0: licence `AGPL-3.0` is not allowed by deny.toml",
                "c 1.0.0: comes from git+https://example.org/c, not from crates.io",
                "d 1.0.0: is a path outside the workspace",
                "openssl-sys 1.0.0: is banned by deny.toml",
                "liaise-store 1.0.0: has the name of a crate of ours",
            ]
        );
    }
}
