//! The reference of all commands: committed as it is printed, and as man pages.

use crate::support::Place;

const COMMITTED: &str = include_str!("../../../docs/commands.md");

#[test]
fn the_committed_reference_is_what_the_program_prints() {
    let place = Place::new();
    // Values of the environment must not come into it, nor the width of a terminal.
    let output = place.liaise(&["manual"]).env("LIAISE_HOME", "/somewhere/else").env("COLUMNS", "40").output().unwrap();
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed == COMMITTED, "docs/commands.md is not what `liaise manual` prints: write it anew with it");
    for command in ["liaise prompt", "liaise oracle submit", "liaise claim", "liaise node init"] {
        assert!(printed.contains(&format!("\n## {command}\n")), "{command} is missing");
    }
}

#[test]
fn every_command_has_a_man_page() {
    let place = Place::new();
    let dir = place.path("man");
    let missing = place.liaise(&["manual", "--man", dir.to_str().unwrap()]).output().unwrap();
    assert_eq!(missing.status.code(), Some(2), "the directory must exist");
    std::fs::create_dir(&dir).unwrap();
    assert!(place.liaise(&["manual", "--man", dir.to_str().unwrap()]).status().unwrap().success());
    let pages = std::fs::read_dir(&dir).unwrap().count();
    assert_eq!(pages, COMMITTED.matches("\n## ").count(), "a page a command");
    let page = std::fs::read_to_string(dir.join("liaise-oracle-submit.1")).unwrap();
    assert!(page.contains(".TH liaise-oracle-submit 1") && page.contains("dry"), "{page}");
}
