//! Proofs of equivocation as they come from peers.
#![no_main]

use liaise_ledger::{Equivocation, Hash};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(proof) = Equivocation::decode(data, Hash::ZERO) {
        assert_eq!(proof.encode(), data);
    }
});
