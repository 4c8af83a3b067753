//! What another implementation says of keys, signatures and files.

mod addresses;
mod contract;
mod keystores;
mod sessions;
mod statements;
mod transactions;
mod typed_data;

use proptest::prelude::*;

/// Secret keys; the few values that are none do not come up.
fn secrets() -> impl Strategy<Value = [u8; 32]> {
    any::<[u8; 32]>().prop_filter("a key is above zero and below the order", |bytes| {
        secp256k1::SecretKey::from_byte_array(*bytes).is_ok()
    })
}

/// The secret that a name stands for.
fn secret(name: &str) -> [u8; 32] {
    liaise_summary::sha256(&[name.as_bytes()]).0
}

/// v as oracles and the contract want it: 0 or 1.
fn low_v(mut rsv: [u8; 65]) -> [u8; 65] {
    rsv[64] -= 27;
    rsv
}
