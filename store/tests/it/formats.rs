//! Stores that earlier programs wrote open for ever. `tests/formats/N.tar.gz` holds one of format N, as its writer left it
//! when it was killed, and what it had said before: what the writer of the crash test says.

use crate::crash::{Told, check_told, note};
use crate::support::*;
use liaise_store::{Options, Store, VERSION};
use std::path::Path;
use std::process::Command;

fn unpack(format: u32, to: &Path) -> Told {
    let file = format!("{}/tests/formats/{format}.tar.gz", env!("CARGO_MANIFEST_DIR"));
    assert!(Command::new("tar").arg("-xzf").arg(file).arg("-C").arg(to).status().unwrap().success());
    let mut told = Told::new();
    for line in std::fs::read_to_string(to.join("told")).unwrap().lines() {
        assert!(note(&mut told, line), "{line}");
    }
    told
}

#[test]
fn every_earlier_format_opens_and_goes_on() {
    for format in 1..VERSION {
        let dir = tempfile::tempdir().unwrap();
        let told = unpack(format, dir.path());
        assert!(told.len() > 100);
        let store = dir.path().join("store");
        // Looking changes nothing.
        let reader = Store::open(&store, Options { read_only: true, ..options() }).unwrap();
        let before = content(&reader);
        drop(reader);
        check_told(&store, &told, &format!("format {format}"));
        let store = witness_store(&store);
        assert_eq!(content(&store), before);
        accept(&store, &[User::new(3).open()]);
        let again = store.dir().to_owned();
        drop(store);
        check_told(&again, &told, &format!("format {format}, written by this program"));
    }
}
