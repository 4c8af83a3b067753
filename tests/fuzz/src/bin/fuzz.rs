//! libFuzzer over one target, which the environment names. `cargo xtask fuzz` builds it instrumented and runs it.
//!
//! `LIAISE_FUZZ_LIST=1` prints names, longest inputs and decoders and stops; `LIAISE_FUZZ_UNPACK=FOLDER` writes the target's seeds and committed corpus there and stops; `LIAISE_FUZZ_PACK=FOLDER`
//! makes the committed corpus of what lies there.
#![no_main]

use liaise_fuzz::{Target, corpus};
use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;
use std::path::Path;
use std::process::exit;
use std::sync::OnceLock;

#[global_allocator]
static COUNTED: PeakAlloc = PeakAlloc;

static TARGET: OnceLock<&Target> = OnceLock::new();

fn target() -> &'static Target {
    TARGET.get_or_init(|| {
        let name = std::env::var("LIAISE_FUZZ_TARGET").unwrap_or_default();
        Target::named(&name).unwrap_or_else(|| {
            let names: Vec<&str> = liaise_fuzz::TARGETS.iter().map(|target| target.name).collect();
            eprintln!("LIAISE_FUZZ_TARGET={name:?} is no target: {}", names.join(" "));
            exit(2)
        })
    })
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    entries.map(|entry| std::fs::read(entry.expect("an entry").path()).expect("a file can be read")).collect()
}

fn prepare() {
    if std::env::var_os("LIAISE_FUZZ_LIST").is_some() {
        for target in liaise_fuzz::TARGETS {
            println!("{}\t{}\t{}", target.name, target.longest, target.decoders);
        }
        exit(0);
    }
    let target = target();
    let committed = corpus::file(Path::new("tests/fuzz/corpus"), target.name);
    if let Some(folder) = std::env::var_os("LIAISE_FUZZ_UNPACK") {
        let known = if committed.exists() { corpus::read(&committed).expect("a corpus") } else { vec![] };
        for (number, input) in target.seeds().into_iter().chain(known).enumerate() {
            std::fs::write(Path::new(&folder).join(format!("{number:05}")), input).expect("a file can be written");
        }
        exit(0);
    }
    if let Some(folder) = std::env::var_os("LIAISE_FUZZ_PACK") {
        corpus::write(&committed, target.seeds(), files(Path::new(&folder))).expect("the corpus can be written");
        exit(0);
    }
}

fuzz_target!(
    init: prepare(),
    |input: &[u8]| {
        target().check(input);
    }
);
