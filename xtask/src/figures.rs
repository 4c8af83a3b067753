//! `cargo xtask figures`: contracts/figures.json, what each action costs on each chain, measured on its local chain.
//!
//! A chain's adapter has an example named `<chain>-figures`, which prints one row a line. Bitcoin Cash's rows are printed by
//! contracts/bch itself: its figures are sizes and costs in the virtual machine, which no node of that chain would tell. Solana's
//! example is beside its program, in a workspace of its own.

use std::fs;

use serde_json::Value;

use crate::bch;
use crate::failure::Failure;
use crate::host::Host;
use crate::process;
use crate::solana;
use crate::tidy::metadata::Metadata;

/// The rows of all chains.
const FILE: &str = "contracts/figures.json";
/// More than this a value may not grow unless the file changes with it.
const GROWTH_PERCENT: u64 = 5;
/// What every row has, in this order.
const KEYS: [&str; 5] = ["chain", "action", "unit", "value", "conditions"];

/// Measures, then writes the file, or with `check` compares it.
pub fn run(host: &Host, check: bool) -> Result<(), Failure> {
    let measured = measure(host, check)?;
    let path = host.root.join(FILE);
    if !check {
        return fs::write(&path, render(&measured)).map_err(|error| Failure::file("write", &path, &error));
    }
    let text = fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, &error))?;
    let complaints = compare(&rows(&text)?, &measured);
    if complaints.is_empty() {
        return Ok(());
    }
    for complaint in &complaints {
        say!("  {complaint}");
    }
    Err(Failure::new(format!("{} figures are not what {FILE} says", complaints.len()))
        .remedy("make the action cheaper, or write the file with `cargo xtask figures` and commit it with the reason"))
}

/// The rows that the adapters, the covenants and the Solana program's example print.
fn measure(host: &Host, check: bool) -> Result<Vec<Value>, Failure> {
    let metadata = Metadata::load(host)?;
    // All crates at once: the features of one alone differ from the workspace's, and RocksDB would be compiled again.
    process::run(host.cargo().args(["build", "--quiet", "--locked", "--workspace", "--examples"]))?;
    let mut measured = Vec::new();
    let examples = metadata.members().into_iter().flat_map(|(_, package)| &package.examples);
    for example in examples.filter(|example| example.ends_with("-figures")) {
        let program = host.target.join("debug/examples").join(example);
        measured.extend(printed(example, &process::capture(&mut host.command(&program.to_string_lossy()))?)?);
    }
    measured.extend(printed(bch::FOLDER, &bch::figures(host)?)?);
    measured.extend(printed("solana-figures", &solana::figures(host, check)?)?);
    Ok(measured)
}

/// The rows in what `program` printed.
fn printed(program: &str, lines: &str) -> Result<Vec<Value>, Failure> {
    let row = |line: &str| {
        let row = serde_json::from_str(line).ok().filter(is_row);
        row.ok_or_else(|| Failure::new(format!("`{program}` printed {line:?}, which is no row")))
    };
    lines.lines().map(row).collect()
}

fn is_row(row: &Value) -> bool {
    row["value"].is_u64() && KEYS.iter().filter(|key| **key != "value").all(|key| row[*key].is_string())
}

fn rows(text: &str) -> Result<Vec<Value>, Failure> {
    let rows: Vec<Value> = serde_json::from_str(text).map_err(|error| Failure::new(format!("{FILE}: {error}")))?;
    match rows.iter().find(|row| !is_row(row)) {
        Some(wrong) => Err(Failure::new(format!("{FILE}: {wrong} is no row"))),
        None => Ok(rows),
    }
}

/// One row a line, so that a change of one reads as one.
fn render(rows: &[Value]) -> String {
    let line = |row: &Value| {
        let fields: Vec<String> = KEYS.iter().map(|key| format!("\"{key}\":{}", row[*key])).collect();
        format!("  {{{}}}", fields.join(","))
    };
    format!("[\n{}\n]\n", rows.iter().map(line).collect::<Vec<_>>().join(",\n"))
}

/// What grew by more than it may, and what only one side has.
fn compare(committed: &[Value], measured: &[Value]) -> Vec<String> {
    let same = |a: &Value, b: &Value| ["chain", "action", "unit"].iter().all(|key| a[*key] == b[*key]);
    let name = |row: &Value| format!("{} {}", text(row, "chain"), text(row, "action"));
    let grown = measured.iter().filter_map(|row| match committed.iter().find(|there| same(there, row)) {
        None => Some(format!("{}: is not committed", name(row))),
        Some(there) => {
            let (before, now) = (value(there), value(row));
            (u128::from(now) * 100 > u128::from(before) * u128::from(100 + GROWTH_PERCENT))
                .then(|| format!("{}: {before} -> {now} {}", name(row), text(row, "unit")))
        }
    });
    let orphans = committed
        .iter()
        .filter(|there| !measured.iter().any(|row| same(there, row)))
        .map(|there| format!("{}: nothing measures it", name(there)));
    grown.chain(orphans).collect()
}

fn value(row: &Value) -> u64 {
    row["value"].as_u64().unwrap_or_default()
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(action: &str, value: u64) -> String {
        format!(
            "{{\"chain\":\"arbitrum\",\"action\":\"{action}\",\"unit\":\"gas\",\"value\":{value},\"conditions\":\"x\"}}"
        )
    }

    fn file(list: &[(&str, u64)]) -> Vec<Value> {
        let list: Vec<String> = list.iter().map(|(action, value)| row(action, *value)).collect();
        rows(&format!("[{}]", list.join(","))).unwrap()
    }

    #[test]
    fn growth_above_five_per_cent_is_told() {
        let committed = file(&[("claim", 1000), ("submit", 1000), ("veto", 1000), ("gone", 1)]);
        let measured = file(&[("claim", 1050), ("submit", 1051), ("veto", 10), ("new", 1)]);
        assert_eq!(
            compare(&committed, &measured),
            [
                "arbitrum submit: 1000 -> 1051 gas",
                "arbitrum new: is not committed",
                "arbitrum gone: nothing measures it"
            ]
        );
        assert!(compare(&committed, &committed).is_empty());
    }

    #[test]
    fn a_file_is_read_as_it_is_written() {
        let list = file(&[("claim", 1000), ("submit", 2)]);
        let text = render(&list);
        assert_eq!(text, format!("[\n  {},\n  {}\n]\n", row("claim", 1000), row("submit", 2)));
        assert_eq!(rows(&text).unwrap(), list);
    }

    #[test]
    fn what_is_no_row_is_refused() {
        for wrong in ["{}", "[{}]", &format!("[{}]", row("x", 1).replace(":1,", ":-1,")), "["] {
            assert!(rows(wrong).is_err(), "{wrong}");
        }
    }
}
