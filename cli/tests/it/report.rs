//! Every line of the demo's report, checked with the command that the report names for it.

use crate::program::Terminal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Runs every line's commands and compares.
pub fn every_line_holds(terminal: &Terminal, report: &Path) {
    let report: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    let earnings = report["earnings"].as_array().unwrap();
    assert!(earnings.len() >= 12, "{} accounts", earnings.len());
    for row in earnings {
        amounts_hold(terminal, row);
        reasons_hold(terminal, row);
    }
    let paid: u64 = earnings.iter().map(|row| number(&row["paid"])).sum();
    assert_eq!(paid, number(&report["emitted"]), "what is paid is what was emitted");
    assert!(paid > 0);

    let emission = report["emission"].as_array().unwrap();
    assert!(emission.len() >= 16, "{} epochs", emission.len());
    for row in emission {
        let folded = terminal.json(&words(&row["check"]));
        assert_eq!(number(&folded["emission"]), number(&row["allowed"]), "{row}");
        assert_eq!(number(&folded["net"]), number(&row["earned"]), "{row}");
        assert_eq!(folded["tasks"], row["tasks"], "{row}");
    }
}

fn amounts_hold(terminal: &Terminal, row: &Value) {
    let shown = terminal.json(&words(&row["check"][0]));
    assert_eq!(shown["account"], row["account"]);
    let epochs = shown["epochs"].as_array().unwrap();
    let sum = |field: &str| epochs.iter().map(|epoch| number(&epoch[field])).sum::<u64>();
    assert_eq!(sum("net"), number(&row["net"]), "{row}");
    assert_eq!(sum("held"), number(&row["held"]), "{row}");
    assert_eq!(number(&shown["claimed"]), number(&row["paid"]), "{row}");
    assert_eq!(number(&shown["claimable"]), 0, "everything is claimed: {row}");
}

fn reasons_hold(terminal: &Terminal, row: &Value) {
    let explained = terminal.json(&words(&row["check"][1]));
    let explained = explained.as_array().unwrap();
    let gross: u64 = explained.iter().map(|epoch| number(&epoch["gross"])).sum();
    assert_eq!(gross, number(&row["gross"]), "{row}");
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for reason in explained.iter().flat_map(|epoch| epoch["reasons"].as_array().unwrap()) {
        *counts.entry(reason["text"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let told = row["reason"].as_str().unwrap();
    for line in told.split("; ").filter(|line| !line.is_empty()) {
        let (text, count) = line.rsplit_once(" (x").unwrap_or_else(|| panic!("{told}"));
        assert_eq!(counts.get(text).map(|n| format!("{n})")).as_deref(), Some(count), "{told}");
    }
}

fn number(value: &Value) -> u64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no amount"))
}

/// The arguments of a command as the report writes it.
fn words(command: &Value) -> Vec<&str> {
    command.as_str().expect("a command").split(' ').collect()
}
