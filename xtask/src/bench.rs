//! `cargo xtask bench`: the benchmarks of tests/benches, their rows in results.json, and the document made of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;
use crate::host::Host;
use crate::process;

const PACKAGE: &str = "liaise-benches";
const PROGRAM: &str = "liaise";
const SOURCES: &str = "tests/benches/src/bin";
/// The rows, by name.
pub const RESULTS: &str = "tests/benches/results.json";
/// What people read.
pub const DOCUMENT: &str = "docs/benchmarks.md";

/// Runs the named benchmarks, or all.
pub fn run(host: &Host, names: &[String]) -> Result<(), Failure> {
    let known = benchmarks(&host.root)?;
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        return Err(
            Failure::new(format!("no benchmark `{unknown}`")).remedy(format!("there are: {}", known.join(", ")))
        );
    }
    // The program too: whole networks are measured with it.
    process::run(host.cargo().args(["build", "--release", "--locked", "-p", PACKAGE, "-p", PROGRAM]))?;
    let path = host.root.join(RESULTS);
    let mut rows = match fs::read_to_string(&path) {
        Ok(text) => read(&text)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(Failure::file("read", &path, &error)),
    };
    for name in known.iter().filter(|name| names.is_empty() || names.contains(name)) {
        let program = host.target.join("release").join(name);
        let printed = process::capture(&mut host.command(&program.to_string_lossy()))?;
        for line in printed.lines() {
            let row: Value = serde_json::from_str(line)
                .map_err(|error| Failure::new(format!("`{name}` printed {line:?}, which is no row: {error}")))?;
            let figure = row["name"].as_str().unwrap_or_default().to_string();
            say!("{}", summary(&row));
            rows.insert(figure, row);
        }
    }
    let list: Vec<&Value> = rows.values().collect();
    let text = serde_json::to_string_pretty(&list).expect("rows are JSON") + "\n";
    fs::write(&path, text).map_err(|error| Failure::file("write", &path, &error))?;
    let document = host.root.join(DOCUMENT);
    fs::write(&document, render(&rows)).map_err(|error| Failure::file("write", &document, &error))
}

/// The benchmarks' names: those of their files.
fn benchmarks(root: &Path) -> Result<Vec<String>, Failure> {
    let folder = root.join(SOURCES);
    let entries = fs::read_dir(&folder).map_err(|error| Failure::file("read", &folder, &error))?;
    let stem = |entry: fs::DirEntry| Some(entry.path().file_stem()?.to_string_lossy().into_owned());
    let mut names: Vec<String> = entries.filter_map(|entry| stem(entry.ok()?)).collect();
    names.sort();
    Ok(names)
}

/// The rows of a results file, by name.
pub fn read(text: &str) -> Result<BTreeMap<String, Value>, Failure> {
    let rows: Vec<Value> = serde_json::from_str(text).map_err(|error| Failure::new(format!("{RESULTS}: {error}")))?;
    Ok(rows.into_iter().map(|row| (row["name"].as_str().unwrap_or_default().to_string(), row)).collect())
}

fn number(value: &Value) -> String {
    value.as_f64().map_or_else(|| "-".into(), |value| value.to_string())
}

fn word<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or("-")
}

fn summary(row: &Value) -> String {
    let (ours, unit) = (number(&row["ours"]), word(row, "unit"));
    let beside = match &row["reference"] {
        Value::Null => String::new(),
        reference => format!(", reference {} {unit}, ratio {}", number(reference), number(&row["ratio"])),
    };
    format!("{:24} {ours} {unit}{beside}", word(row, "name"))
}

/// The document: a table, and under it the conditions of each figure.
pub fn render(rows: &BTreeMap<String, Value>) -> String {
    let mut text = String::from(
        "# Benchmarks\n\n\
         Written by `cargo xtask bench` from tests/benches/results.json; what it says by hand stands in\n\
         [setup.md](setup.md#benchmarks). Machines are noisy: both sides of a ratio were measured in one run.\n\n\
         | Figure | Ours | Reference | Times better | Unit | Repeat |\n|---|---|---|---|---|---|\n",
    );
    for row in rows.values() {
        let numbers = ["ours", "reference", "ratio"].map(|key| number(&row[key]));
        text += &format!(
            "| {} | {} | {} | `{}` |\n",
            word(row, "name"),
            numbers.join(" | "),
            word(row, "unit"),
            word(row, "command")
        );
    }
    text += "\n";
    for row in rows.values() {
        text += &format!("- **{}**: {}.\n", word(row, "name"), word(row, "conditions"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_a_table() {
        let rows = read(
            r#"[{"name": "b", "ours": 2.5, "reference": null, "ratio": null, "unit": "ns", "conditions": "cold", "command": "x"},
                {"name": "a", "ours": 2, "reference": 8, "ratio": 4.0, "unit": "ms", "conditions": "warm", "command": "y"}]"#,
        )
        .unwrap();
        let text = render(&rows);
        assert!(text.contains("| a | 2 | 8 | 4 | ms | `y` |\n| b | 2.5 | - | - | ns | `x` |\n"), "{text}");
        assert!(text.contains("- **a**: warm.\n- **b**: cold.\n"), "{text}");
        assert_eq!(
            summary(&rows["a"]).split_whitespace().collect::<Vec<_>>().join(" "),
            "a 2 ms, reference 8 ms, ratio 4"
        );
        assert!(read("{}").is_err());
    }
}
