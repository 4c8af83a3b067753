//! What tests and fuzz targets begin with: contracts/bch/transactions.json, a distributor's life that the virtual machine took,
//! with the terms and keys that it was built with.

use bitcoincash::consensus::deserialize;
use bitcoincash::{Transaction, TxOut};
use liaise_chain_api::Delays;
use liaise_summary::{CompressedKey, DaoSet, DistributorId, Emission, NetworkId, OracleSet, Schedule, sha256};
use serde::Deserialize;

use crate::account::BchKeys;
use crate::config::{BchConfig, Founders};
use crate::terms::{PayoutTerms, Terms};

#[derive(Deserialize)]
struct Row {
    name: String,
    transaction: String,
    sources: Vec<String>,
}

/// One transaction of the life, and what it spends.
pub(crate) struct Example {
    pub(crate) name: String,
    pub(crate) tx: Transaction,
    pub(crate) sources: Vec<TxOut>,
}

pub(crate) fn examples() -> Vec<Example> {
    let rows: Vec<Row> =
        serde_json::from_str(include_str!("../../../contracts/bch/transactions.json")).expect("a committed file");
    let bytes = |text: &String| hex::decode(text).expect("hex");
    let read = |row: Row| Example {
        tx: deserialize(&bytes(&row.transaction)).expect("a transaction"),
        sources: row.sources.iter().map(|source| deserialize(&bytes(source)).expect("an output")).collect(),
        name: row.name,
    };
    rows.into_iter().map(read).collect()
}

pub(crate) fn secret(seed: &str) -> [u8; 32] {
    sha256(&[seed.as_bytes()]).0
}

pub(crate) fn public(seed: &str) -> CompressedKey {
    BchKeys::new(secret(seed)).expect("a key").public()
}

/// Seed and key of the vectors' first `n` keys, ascending by key.
pub(crate) fn vector_keys(n: u8) -> Vec<(String, CompressedKey)> {
    let seeds = (0..n).map(|i| format!("liaise vector key {i}"));
    let mut keys: Vec<_> = seeds.map(|seed| (seed.clone(), public(&seed))).collect();
    keys.sort_by_key(|(_, key)| *key);
    keys
}

pub(crate) fn set_of(version: u32, n: u8) -> OracleSet {
    OracleSet::new(version, vector_keys(n).into_iter().map(|(_, key)| key).collect()).expect("a set")
}

/// Where the life takes place.
pub(crate) fn config_of(first: &Example) -> BchConfig {
    let dao = DaoSet::new(1, 2, vector_keys(3).into_iter().map(|(_, key)| key).collect()).expect("a set");
    let founders = Founders { oracle_set: set_of(1, 7), dao, guardian: public("guardian") };
    let category = first.tx.output[0].token.as_ref().expect("the controller's token").id;
    let distributor = DistributorId(bitcoincash::hashes::Hash::to_byte_array(category));
    let chain = "bch:bchreg".parse().expect("a chain");
    BchConfig { epoch_sats: Some(20_000), ..BchConfig::new(chain, "http://127.0.0.1:1", distributor, live(), founders) }
}

/// The live values of contracts/bch/lib/deployment.mjs.
pub(crate) fn live() -> Terms {
    let network = hex::decode("6a95e8702d40705629d3abfb065fb6a399afef14297e3fe5ab720d92e6b10c0b").expect("hex");
    let genesis_s = 1_767_225_600;
    Terms {
        schedule: Schedule {
            network: NetworkId(network.try_into().expect("32 bytes")),
            genesis_s,
            emission: Emission { supply: 100_000_000_000_000_000, epochs: 7305 },
            epoch_s: 86_400,
            term_epochs: 180,
        },
        delays: Delays { epoch_s: 21_600, long_s: 604_800 },
        notice_epochs: 7,
        guarded_until_s: genesis_s + 180 * 86_400,
        floor_sats: Terms::FLOOR_SATS,
        payout: PayoutTerms::USUAL,
    }
}
