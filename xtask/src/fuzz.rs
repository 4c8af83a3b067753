//! `cargo xtask fuzz`: runs the fuzz targets, keeps their corpora small, and writes down what was run.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::args;
use crate::failure::Failure;
use crate::host::Host;
use crate::process;

mod processor_time;

/// A row for each target.
pub const RESULTS: &str = "tests/fuzz/results.json";
/// What people read.
pub const DOCUMENT: &str = "docs/fuzzing.md";
/// What a target is to run at least, in seconds of processor time.
const WANTED_S: u64 = 600;

/// Rows by target.
type Rows = BTreeMap<String, Value>;

/// Runs the named targets, or all.
pub fn run(host: &Host, options: &args::Fuzz) -> Result<(), Failure> {
    process::run(
        host.cargo()
            .args(["build", "--locked", "--workspace", "--bin", "fuzz", "--features", "liaise-fuzz/libfuzzer"])
            .env("RUSTC_WORKSPACE_WRAPPER", host.root.join("tests/fuzz/instrument.sh"))
            .env("CARGO_INCREMENTAL", "0"),
    )?;
    let program = host.target.join("debug/fuzz");
    let listed = process::capture(host.command(&program.to_string_lossy()).env("LIAISE_FUZZ_LIST", "1"))?;
    let known: Vec<[&str; 3]> =
        listed.lines().filter_map(|line| line.split('\t').collect::<Vec<_>>().try_into().ok()).collect();
    if let Some(unknown) = options.targets.iter().find(|name| !known.iter().any(|target| target[0] == name.as_str())) {
        let names: Vec<&str> = known.iter().map(|target| target[0]).collect();
        return Err(Failure::new(format!("no target `{unknown}`")).remedy(format!("there are: {}", names.join(", "))));
    }
    let mut broken = Vec::new();
    for [name, longest, decoders] in &known {
        let row = if options.targets.is_empty() || options.targets.iter().any(|wanted| wanted == name) {
            let target = Running { host, program: &program, name, folder: host.target.join("fuzz").join(name) };
            let ran = target.run(options.seconds, longest)?;
            if ran.is_none() {
                broken.push(format!("{name}: {}", target.folder.join("crashes").display()));
            }
            ran
        } else {
            None
        };
        note(host, name, decoders, row)?;
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("a target broke its promise:\n  {}", broken.join("\n  ")))
        .remedy("turn the input that lies there into a unit test beside the decoder, and mend it"))
}

/// A target that is run.
struct Running<'a> {
    host: &'a Host,
    program: &'a Path,
    name: &'a str,
    folder: PathBuf,
}

impl Running<'_> {
    /// Fuzzes for some seconds of processor time; then the corpus is what is left of old and new inputs. Nothing where an input broke it.
    fn run(&self, seconds: u64, longest: &str) -> Result<Option<Value>, Failure> {
        for name in ["corpus", "small", "tmp"] {
            let folder = self.folder.join(name);
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).map_err(|error| Failure::file("make", &folder, &error))?;
        }
        let crashes = self.folder.join("crashes/");
        fs::create_dir_all(&crashes).map_err(|error| Failure::file("make", &crashes, &error))?;
        let (corpus, small) = (self.folder.join("corpus"), self.folder.join("small"));
        process::run(self.command().env("LIAISE_FUZZ_UNPACK", &corpus))?;
        let path = self.folder.join("log");
        let log = File::create(&path).map_err(|error| Failure::file("write", &path, &error))?;
        let mut fuzzing = self.command();
        fuzzing
            .args(["-print_final_stats=1", "-timeout=20", "-rss_limit_mb=1024"])
            .arg(format!("-max_len={longest}"))
            .arg(format!("-artifact_prefix={}/", crashes.display()))
            .arg(&corpus)
            .stderr(log);
        let passed = processor_time::run(&mut fuzzing, seconds)?.success();
        let log = fs::read(&path).map_err(|error| Failure::file("read", &path, &error))?;
        let log = String::from_utf8_lossy(&log);
        if !passed {
            let tail: Vec<&str> = log.lines().rev().take(30).collect();
            tail.iter().rev().for_each(|line| say!("  {line}"));
            return Ok(None);
        }
        process::run(self.command().arg("-merge=1").arg(&small).arg(&corpus).stderr(std::process::Stdio::null()))?;
        process::run(self.command().env("LIAISE_FUZZ_PACK", &small))?;
        let date = process::ask("date", &["-u", "+%Y-%m-%d"]).ok_or_else(|| Failure::new("`date` says nothing"))?;
        let executions = executions(&log).ok_or_else(|| Failure::new(format!("{} has no figures", path.display())))?;
        say!("  {}: {executions} executions in {seconds} s of processor time", self.name);
        Ok(Some(json!({"date": date, "seconds": seconds, "executions": executions})))
    }

    fn command(&self) -> Command {
        let mut command = self.host.command(&self.program.to_string_lossy());
        command.env("LIAISE_FUZZ_TARGET", self.name).env("TMPDIR", self.folder.join("tmp"));
        command
    }
}

/// The figure in libFuzzer's last words.
fn executions(log: &str) -> Option<u64> {
    let line = log.lines().rev().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    line.trim().parse().ok()
}

/// Writes a target's row, and the document. A longer run that was written down before stays.
fn note(host: &Host, name: &str, decoders: &str, ran: Option<Value>) -> Result<(), Failure> {
    let path = host.root.join(RESULTS);
    let mut rows = match fs::read_to_string(&path) {
        Ok(text) => read(&text)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Rows::new(),
        Err(error) => return Err(Failure::file("read", &path, &error)),
    };
    let row = rows.entry(name.to_string()).or_insert_with(|| json!({"target": name, "found": "", "seconds": 0}));
    row["decoders"] = decoders.into();
    if let Some(ran) = ran.filter(|ran| ran["seconds"].as_u64() >= row["seconds"].as_u64()) {
        for key in ["date", "seconds", "executions"] {
            row[key] = ran[key].clone();
        }
    }
    let list: Vec<&Value> = rows.values().collect();
    let text = serde_json::to_string_pretty(&list).expect("rows are JSON") + "\n";
    fs::write(&path, text).map_err(|error| Failure::file("write", &path, &error))?;
    let document = host.root.join(DOCUMENT);
    fs::write(&document, render(&rows)).map_err(|error| Failure::file("write", &document, &error))
}

/// The rows of a results file.
pub fn read(text: &str) -> Result<Rows, Failure> {
    let rows: Vec<Value> = serde_json::from_str(text).map_err(|error| Failure::new(format!("{RESULTS}: {error}")))?;
    Ok(rows.into_iter().map(|row| (row["target"].as_str().unwrap_or_default().to_string(), row)).collect())
}

/// The document.
pub fn render(rows: &Rows) -> String {
    let mut text = String::from(
        "# Fuzzing\n\n\
         Written by `cargo xtask fuzz` from tests/fuzz/results.json. What a target promises, and how to run one, stands in\n\
         [tests/fuzz](../tests/fuzz/README.md). Minutes are the processor's, so a busy machine runs longer, not less.\n\n\
         | Target | Decoders | Last run | Minutes | Executions |\n|---|---|---|---|---|\n",
    );
    for row in rows.values() {
        let word = |key: &str| row[key].as_str().unwrap_or("-");
        let seconds = row["seconds"].as_u64().unwrap_or_default();
        let run = if seconds >= WANTED_S { word("date").to_string() } else { format!("{} (too short)", word("date")) };
        let run = if seconds == 0 { "not run".to_string() } else { run };
        let executions = row["executions"].as_u64().map_or_else(|| "-".to_string(), |number| number.to_string());
        text += &format!("| {} | {} | {run} | {} | {executions} |\n", word("target"), word("decoders"), seconds / 60);
    }
    let found: Vec<String> = rows
        .values()
        .filter(|row| row["found"].as_str().is_some_and(|found| !found.is_empty()))
        .map(|row| {
            format!("- **{}**: {}\n", row["target"].as_str().unwrap_or("-"), row["found"].as_str().unwrap_or("-"))
        })
        .collect();
    if !found.is_empty() {
        text += &format!("\nWhat was found, and mended with a test beside the decoder:\n\n{}", found.concat());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_a_table_that_says_what_was_not_run() {
        let rows = read(
            r#"[{"target": "b", "decoders": "`B`", "date": "2026-01-02", "seconds": 600, "executions": 12, "found": "a panic."},
                {"target": "a", "decoders": "`A`", "seconds": 0, "found": ""},
                {"target": "c", "decoders": "`C`", "date": "2026-01-02", "seconds": 60, "executions": 3, "found": ""}]"#,
        )
        .unwrap();
        let text = render(&rows);
        assert!(text.contains("| a | `A` | not run | 0 | - |\n| b | `B` | 2026-01-02 | 10 | 12 |\n"), "{text}");
        assert!(text.contains("| c | `C` | 2026-01-02 (too short) | 1 | 3 |\n"), "{text}");
        assert!(text.ends_with("\n- **b**: a panic.\n"), "{text}");
        assert!(read("{}").is_err());
    }

    #[test]
    fn the_number_of_executions_is_read_from_the_last_words() {
        let log =
            "#2 INITED\nstat::number_of_executed_units: 1\nDone\nstat::number_of_executed_units: 4711\nstat::x: 0\n";
        assert_eq!(executions(log), Some(4711));
        assert_eq!(executions("killed"), None);
    }
}
