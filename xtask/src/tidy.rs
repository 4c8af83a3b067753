//! `cargo xtask tidy`: the tree against its documents and rules.

mod edges;
mod licences;
mod links;
pub mod metadata;
mod readme;
mod records;
mod sources;
mod tree;
mod unused;
mod versions;

use std::fmt;

use crate::failure::Failure;
use crate::host::Host;
use crate::process;
use crate::solana;
use metadata::Metadata;
use tree::Tree;

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// `file` or `file:line`.
    place: String,
    what: String,
}

impl Finding {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }

    /// A finding at a line that counts from zero.
    fn at(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self::new(format!("{file}:{}", line + 1), what)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

type Check = fn(&Tree, &Metadata) -> Vec<Finding>;

/// The checks of manifests that hold for the Solana program's workspace too.
const MANIFESTS: [(&str, Check); 3] = [
    ("one table of versions", |tree, metadata| versions::check(tree, &metadata.members())),
    ("unused dependencies", unused::check),
    ("licences, sources, bans", licences::check),
];

const CHECKS: [(&str, Check); 11] = [
    ("edges between crates", edges::check),
    ("file lengths", |tree, _| sources::lengths(tree)),
    ("unfinished work", |tree, _| sources::markers(tree)),
    ("machine paths", |tree, _| sources::machine_paths(tree)),
    ("links", |tree, _| links::check(tree)),
    ("commands in documents", |tree, _| readme::commands(tree)),
    ("map of folders", |tree, _| readme::map(tree)),
    ("decision records", |tree, _| records::decisions(tree)),
    ("status list", |tree, _| records::status(tree)),
    ("benchmarks", |tree, _| records::benchmarks(tree)),
    ("fuzzing", |tree, _| records::fuzzing(tree)),
];

/// Runs every check and prints every finding; any finding is a failure.
pub fn run(host: &Host) -> Result<(), Failure> {
    let tree = Tree::load(host)?;
    let metadata = Metadata::load(host)?;
    let solana = Metadata::load_workspace(host, &format!("{}/", solana::FOLDER))?;
    let mut total = 0;
    for (name, check) in CHECKS {
        total += told(name, check(&tree, &metadata));
    }
    for (name, check) in MANIFESTS {
        total += told(name, [check(&tree, &metadata), check(&tree, &solana)].concat());
    }
    total += told("named packages", readme::packages(&tree, &[&metadata, &solana]));
    if process::ask("cargo-deny", &["--version"]).is_some() {
        process::run(host.cargo().args(["deny", "check", "licenses", "bans", "sources"]))?;
    }
    match total {
        0 => Ok(()),
        1 => Err(Failure::new("tidy found one thing").remedy("mend what is printed above")),
        many => Err(Failure::new(format!("tidy found {many} things")).remedy("mend what is printed above")),
    }
}

/// Prints a check's findings, each once, and counts them.
fn told(name: &str, mut findings: Vec<Finding>) -> usize {
    findings.sort();
    findings.dedup();
    say!("  {:<24} {}", name, if findings.is_empty() { "ok".into() } else { format!("{} found", findings.len()) });
    for finding in &findings {
        say!("    {finding}");
    }
    findings.len()
}
