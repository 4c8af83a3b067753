//! `liaise ... | head -1`: a reader that goes away.

use crate::support::Place;
use std::io::Read;
use std::process::Stdio;

#[test]
fn a_closed_pipe_ends_a_command_quietly() {
    let place = Place::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = place.liaise(&["completions", "bash"]).stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(141), "what a shell says of a program that SIGPIPE ended");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_closed_standard_error_keeps_the_exit_code() {
    let place = Place::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = place.liaise(&["rewards", "show"]).stderr(writer).stdout(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(2), "there is no network.toml");
}

#[test]
fn who_reads_on_gets_everything() {
    let place = Place::new();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut child = place.liaise(&["completions", "bash"]).stdout(writer).spawn().unwrap();
    let mut script = String::new();
    // The parent's own end is closed: it went into the command, which is gone.
    reader.read_to_string(&mut script).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(script.contains("complete -F") && script.ends_with('\n'));
}
