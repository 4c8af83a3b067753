//! What a command says that can't open a key.

use crate::support::{PASSPHRASE, Place, stderr};

#[test]
#[cfg(target_os = "linux")]
fn without_a_terminal_the_error_names_the_remedy() {
    let place = Place::new();
    // A session of its own has no terminal, whoever runs this test.
    let mut command = place.settled(std::process::Command::new("setsid"));
    let output = command.arg("--wait").arg(env!("CARGO_BIN_EXE_liaise")).args(["account", "new", "me"]).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    for remedy in ["--passphrase-file", "LIAISE_PASSPHRASE_FILE", "LIAISE_PASSPHRASE"] {
        assert!(stderr(&output).contains(remedy), "{}", stderr(&output));
    }
    assert!(!place.path("home/keys/me.json").exists());
}

#[test]
fn a_wrong_passphrase_names_the_file_and_never_the_passphrase() {
    let place = Place::with_network();
    assert!(place.run(&["account", "new", "me"]).status.success());
    for arguments in [&["account", "show"][..], &["account", "show", "me", "--json"]] {
        let output = place.liaise(arguments).env("LIAISE_PASSPHRASE", "wrong as can be").output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = stderr(&output);
        assert!(said.contains("me.json") && said.contains("wrong passphrase"), "{said}");
        assert!(!said.contains("as can be") && !said.contains(PASSPHRASE), "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_nodes_wrong_passphrase_is_the_callers_mistake_too() {
    let place = Place::with_network();
    assert!(place.run(&["account", "new", "me"]).status.success());
    assert!(place.run(&["node", "init", "--dir", "node", "--bundle", "bundle"]).status.success());
    let mut run = place.liaise(&["node", "run", "--dir", "node"]);
    let output = run.env("LIAISE_PASSPHRASE", "wrong as can be").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("session.json"), "{}", stderr(&output));
}

#[test]
fn a_passphrase_file_that_is_missing_is_named() {
    let place = Place::with_network();
    let output = place.liaise(&["account", "new", "--passphrase-file", "nowhere"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("nowhere"));
}
