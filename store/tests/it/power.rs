//! The power goes at any moment: what was not synced is gone, and nothing that was told to anybody is.

use crate::crash::{Told, WRITE, check_told, note};
use crate::opening::child;
use crate::support::witness_store;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Cuts of each test, and after how many the store begins anew.
const CUTS: u64 = 250;
const LIVES: u64 = 10;
const SIGKILL: i32 = 9;

/// Compiles what takes the power away; see there.
fn shim(dir: &Path) -> PathBuf {
    let library = dir.join("shim.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/power_loss/shim.c");
    let made =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl").status();
    assert!(made.expect("a C compiler, as RocksDB needs one").success());
    library
}

fn writer(library: &Path, dir: &Path) -> Command {
    let mut writer = child("crash::killed_at_any_moment_it_loses_nothing_that_was_receipted", WRITE, dir);
    writer.env("LD_PRELOAD", library).env("LIAISE_POWER_DIR", dir);
    writer
}

/// Runs writers that lose their power, `CUTS` times.
fn cut(first_seed: u64, limit: u64) {
    let tools = tempfile::tempdir().unwrap();
    let library = shim(tools.path());
    let mut heard = 0;
    for begin in (0..CUTS).step_by(LIVES as usize) {
        let dir = tempfile::tempdir().unwrap();
        let mut told = Told::new();
        for life in begin..(begin + LIVES).min(CUTS) {
            let seed = first_seed + life;
            // Opening writes some dozens of times; a round of a writer a handful.
            let point = StdRng::seed_from_u64(seed).gen_range(0..limit);
            let mut writer = writer(&library, dir.path());
            writer.env("LIAISE_POWER_CUT", point.to_string()).env("LIAISE_POWER_SEED", seed.to_string());
            let mut writer = writer.spawn().unwrap();
            let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
            heard += lines.map_while(Result::ok).filter(|line| note(&mut told, line)).count();
            let status = writer.wait().unwrap();
            assert_eq!(status.signal(), Some(SIGKILL), "seed {seed}: the writer ended by itself, {status}");
            if !dir.path().join("CURRENT").exists() {
                // Not even the database was there yet.
                assert!(told.is_empty(), "seed {seed}: told, and nothing is there");
                continue;
            }
            check_told(dir.path(), &told, &format!("seed {seed}"));
        }
    }
    assert!(heard as u64 > CUTS, "the writers did too little: {heard}");
}

#[test]
fn without_power_soon_after_the_start() {
    cut(0, 150);
}

#[test]
fn without_power_while_it_works() {
    cut(1_000, 400);
}

#[test]
fn without_power_again_while_it_works() {
    cut(2_000, 700);
}

#[test]
fn without_power_late() {
    cut(3_000, 1_200);
}

#[test]
fn on_a_full_disk_it_stops_and_says_so_and_loses_nothing() {
    let tools = tempfile::tempdir().unwrap();
    let library = shim(tools.path());
    let mut random = StdRng::seed_from_u64(4_000);
    let dir = tempfile::tempdir().unwrap();
    // Made with room enough.
    drop(witness_store(dir.path()));
    let mut told = Told::new();
    for life in 0..60 {
        let mut writer = writer(&library, dir.path());
        writer.env("LIAISE_DISK_BYTES", random.gen_range(1_000..200_000).to_string());
        let output = writer.output().unwrap();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            note(&mut told, line);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "life {life}: the writer ended by itself");
        assert!(said.contains("No space left"), "life {life}: {said}");
        check_told(dir.path(), &told, &format!("life {life}"));
    }
    assert!(told.len() > 100, "the writers did too little: {}", told.len());
}
