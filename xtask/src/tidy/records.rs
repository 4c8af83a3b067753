//! Decision records, the status list, and the document of benchmarks.

use super::Finding;
use super::links::prose;
use super::readme::code;
use super::tree::Tree;
use crate::{bench, fuzz};

const DECISIONS: &str = "docs/decisions/";
const STATUS: &str = "docs/status.md";

/// `docs/decisions/NNNN-title.md` begins with a title and has a status line near it.
pub fn decisions(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut last: Option<&str> = None;
    for (path, text) in tree.ending(&[".md"]).filter(|(path, _)| path.starts_with(DECISIONS)) {
        let name = &path[DECISIONS.len()..];
        if name == "README.md" {
            continue;
        }
        let number = name.get(..4).filter(|number| number.bytes().all(|b| b.is_ascii_digit()));
        if number.is_none() || name.as_bytes().get(4) != Some(&b'-') {
            findings.push(Finding::new(path, "a decision record is named NNNN-title.md"));
        }
        if number.is_some() && number == last {
            findings.push(Finding::new(path, "shares its number with another record"));
        }
        last = number;
        if !text.lines().next().is_some_and(|line| line.starts_with("# ") && line.len() > 2) {
            findings.push(Finding::new(path, "does not begin with a title"));
        }
        let status = |line: &str| {
            let line = line.trim_start_matches(['-', '*', '_', ' ']).to_lowercase();
            line.strip_prefix("status").is_some_and(|rest| {
                let rest = rest.trim_start_matches(['*', '_']);
                rest.strip_prefix(':').is_some_and(|value| !value.trim_matches(['*', '_', ' ']).is_empty())
            })
        };
        if !text.lines().take(10).any(status) {
            findings.push(Finding::new(path, "has no `Status: ...` in its first ten lines"));
        }
    }
    findings
}

/// docs/fuzzing.md is what the rows of tests/fuzz/results.json make.
pub fn fuzzing(tree: &Tree) -> Vec<Finding> {
    let Some(results) = tree.text(fuzz::RESULTS) else {
        return vec![Finding::new(fuzz::RESULTS, "is missing: `cargo xtask fuzz` writes it")];
    };
    match fuzz::read(results) {
        Err(failure) => vec![Finding::new(fuzz::RESULTS, failure.to_string())],
        Ok(rows) if tree.text(fuzz::DOCUMENT) == Some(&fuzz::render(&rows)) => vec![],
        Ok(_) => vec![Finding::new(fuzz::DOCUMENT, "is not what the rows make: `cargo xtask fuzz` writes both")],
    }
}

/// docs/benchmarks.md is what the rows of tests/benches/results.json make.
pub fn benchmarks(tree: &Tree) -> Vec<Finding> {
    let Some(results) = tree.text(bench::RESULTS) else {
        return vec![Finding::new(bench::RESULTS, "is missing: `cargo xtask bench` writes it")];
    };
    match bench::read(results) {
        Err(failure) => vec![Finding::new(bench::RESULTS, failure.to_string())],
        Ok(rows) if tree.text(bench::DOCUMENT) == Some(&bench::render(&rows)) => vec![],
        Ok(_) => vec![Finding::new(bench::DOCUMENT, "is not what the rows make: `cargo xtask bench` writes both")],
    }
}

/// Every row of docs/status.md shows the command that proves it.
pub fn status(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(STATUS) else {
        return vec![Finding::new(STATUS, "is missing; it lists what works, each with its command")];
    };
    let mut findings = Vec::new();
    let mut rows = 0;
    let mut in_table = 0;
    for (number, line) in prose(text) {
        if !line.trim_start().starts_with('|') {
            in_table = 0;
            continue;
        }
        in_table += 1;
        if in_table > 2 {
            rows += 1;
            if code(line).is_empty() {
                findings.push(Finding::at(STATUS, number, "the row shows no command"));
            }
        }
    }
    if rows == 0 {
        findings.push(Finding::new(STATUS, "has no table of items with commands"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_benchmarks_document_follows_its_rows() {
        let rows = r#"[{"name": "a", "ours": 2, "unit": "ms", "conditions": "warm", "command": "x"}]"#;
        let document = bench::render(&bench::read(rows).unwrap());
        let findings = |document: &str| benchmarks(&Tree::of(&[(bench::RESULTS, rows), (bench::DOCUMENT, document)]));
        assert!(findings(&document).is_empty());
        assert_eq!(findings("by hand").len(), 1);
        assert_eq!(benchmarks(&Tree::default()).len(), 1);
    }

    #[test]
    fn records_have_number_title_and_status() {
        let tree = Tree::of(&[
            ("docs/decisions/README.md", "index"),
            ("docs/decisions/0001-a.md", "# A\n\nStatus: accepted\n"),
            ("docs/decisions/0002-b.md", "# B\n\n- **Status:** accepted, 2026-11-25\n"),
            ("docs/decisions/0003-c.md", "C\nStatus:\n"),
            ("docs/decisions/0003-d.md", "# D\nstatus: replaced by 0001\n"),
            ("docs/decisions/notes.md", "# E\nStatus: x\n"),
        ]);
        assert_eq!(
            shown(&decisions(&tree)),
            [
                "docs/decisions/0003-c.md: does not begin with a title",
                "docs/decisions/0003-c.md: has no `Status: ...` in its first ten lines",
                "docs/decisions/0003-d.md: shares its number with another record",
                "docs/decisions/notes.md: a decision record is named NNNN-title.md",
            ]
        );
    }

    #[test]
    fn status_rows_show_a_command() {
        let good = "| Item | Command |\n|---|---|\n| x | `cargo xtask test` |\n";
        assert!(status(&Tree::of(&[(STATUS, good)])).is_empty());
        let bad = format!("{good}| y | by eye |\n");
        assert_eq!(shown(&status(&Tree::of(&[(STATUS, &bad)]))), ["docs/status.md:4: the row shows no command"]);
        assert_eq!(status(&Tree::of(&[(STATUS, "words")])).len(), 1);
        assert_eq!(status(&Tree::of(&[])).len(), 1);
    }
}
