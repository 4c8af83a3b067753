//! Blocks and signatures as they come from peers. The first byte says how long the signature is.
#![no_main]

use liaise_ledger::{Hash, Signed, Verified};
use libfuzzer_sys::fuzz_target;
use serde_bytes::ByteBuf;

fuzz_target!(|data: &[u8]| {
    let Some((length, rest)) = data.split_first() else { return };
    let (signature, block) = rest.split_at(usize::from(*length).min(rest.len()));
    let signed = Signed { block: ByteBuf::from(block), signature: ByteBuf::from(signature) };
    if let Ok(verified) = Verified::check(signed, Hash::ZERO) {
        assert_eq!(verified.message.to_block(), block);
    }
});
