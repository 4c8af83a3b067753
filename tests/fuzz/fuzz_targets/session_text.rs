//! Session texts.
#![no_main]

use liaise_ledger::SessionText;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(read) = SessionText::parse(text) {
        assert_eq!(read.render(), text);
    }
});
