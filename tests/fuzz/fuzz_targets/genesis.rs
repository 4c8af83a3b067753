//! Genesis files.
#![no_main]

use liaise_ledger::Genesis;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(genesis) = Genesis::from_toml(text) {
        let again = Genesis::from_toml(&genesis.to_toml()).expect("it was accepted before");
        assert_eq!(again.network_id(), genesis.network_id());
    }
});
