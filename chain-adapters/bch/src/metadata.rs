//! How wallets learn what XLV is: a metadata registry (BCMR, version 2) and the output that publishes it.
//!
//! A registry is named by its hash in the newest transaction of the chain of first outputs that begins where the category was
//! made (CHIP-BCMR). That chain is the controller's thread, so whoever files repeats the output; the covenants ask nothing of it
//! (docs/decisions/0711).

use bitcoincash::{Amount, ScriptBuf, TxOut};
use liaise_chain_api::{Account, ChainError, rfc3339};
use liaise_summary::{DistributorId, sha256};
use serde_json::json;

use crate::config::known_prefix;
use crate::script::push;

/// The token's icon, which the registry names by its hash.
const ICON: &[u8] = include_bytes!("../../../contracts/bch/metadata/xlv.svg");
/// The most bytes of a data output that relays.
const MOST_BYTES: usize = 223;
/// The most bytes of one push of a URI: all that a byte of length says.
const MOST_URI: usize = 75;
/// OP_RETURN, and BCMR pushed.
const PREFIX: [u8; 6] = [0x6a, 4, b'B', b'C', b'M', b'R'];

/// What a registry's publication says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    hash: [u8; 32],
    uris: Vec<String>,
}

impl Publication {
    /// Of a registry with this SHA-256, which can be had at these places: `https://` is left out, `ipfs://` is not.
    ///
    /// # Errors
    /// [`ChainError::Input`] for URIs that no output which relays can hold.
    pub fn new(hash: [u8; 32], uris: Vec<String>) -> Result<Self, ChainError> {
        let publication = Self { hash, uris };
        let bad = |detail: String| ChainError::Input { what: "the registry's URIs", detail };
        if let Some(uri) = publication.uris.iter().find(|uri| uri.is_empty() || uri.len() > MOST_URI) {
            return Err(bad(format!("{uri:?}: one has 1 to {MOST_URI} bytes")));
        }
        let bytes = publication.script().len();
        if bytes > MOST_BYTES {
            return Err(bad(format!("an output of {bytes} bytes does not relay, {MOST_BYTES} do: name fewer")));
        }
        Ok(publication)
    }

    /// SHA-256 of the registry.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// Where it can be had.
    pub fn uris(&self) -> &[String] {
        &self.uris
    }

    fn script(&self) -> ScriptBuf {
        let uris = self.uris.iter().flat_map(|uri| push(uri.as_bytes()));
        ScriptBuf::from([&PREFIX[..], &push(&self.hash), &uris.collect::<Vec<u8>>()].concat())
    }

    /// The output, without satoshis.
    pub(crate) fn output(&self) -> TxOut {
        TxOut { value: Amount::ZERO, script_pubkey: self.script(), token: None }
    }
}

/// The registry of a category, JSON: the same bytes for the same category and time (Unix seconds of its snapshot).
pub fn registry(distributor: DistributorId, time_s: u64) -> String {
    let mut category = distributor.0;
    category.reverse();
    let category = hex::encode(category);
    let time = iso(time_s);
    let snapshot = json!({
        "name": "XLV",
        "description": "The utility token of LIAISE, a network for AI work that pays by proof of useful work.",
        "token": {"category": category, "symbol": "XLV", "decimals": 8},
        "uris": {"icon": format!("ipfs://{}", raw_cid(ICON))},
    });
    let registry = json!({
        "$schema": "https://cashtokens.org/bcmr-v2.schema.json",
        "version": {"major": 1, "minor": 0, "patch": 0},
        "latestRevision": time,
        "registryIdentity": category,
        "identities": {category.clone(): {time: snapshot}},
        "license": "CC0-1.0",
    });
    let text = serde_json::to_string_pretty(&registry).expect("text and numbers");
    format!("{text}\n")
}

/// SHA-256 of a registry, as its publication names it.
pub fn registry_hash(registry: &str) -> [u8; 32] {
    sha256(&[registry.as_bytes()]).0
}

/// An account's address in the form that says that its wallet takes tokens; none for another chain's account.
pub fn token_address(account: &Account) -> Option<String> {
    let hash = account.bch_key_hash()?;
    let prefix = known_prefix(&account.chain());
    let hash: bitcoincash::PubkeyHash = bitcoincash::hashes::Hash::from_byte_array(hash);
    Some(bitcoincash::CashAddress::p2pkh(hash, prefix).with_token_awareness(true).to_string())
}

/// CIDv1 of raw bytes in one block, in base32.
fn raw_cid(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    // version 1, raw, SHA-256 of 32 bytes
    let cid = [&[0x01, 0x55, 0x12, 0x20][..], &sha256(&[bytes]).0].concat();
    let mut text = String::from("b");
    let (mut bits, mut count) = (0u32, 0);
    for byte in cid {
        bits = (bits << 8 | u32::from(byte)) & 0xfff;
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(char::from(ALPHABET[(bits >> count & 31) as usize]));
        }
    }
    if count > 0 {
        text.push(char::from(ALPHABET[(bits << (5 - count) & 31) as usize]));
    }
    text
}

/// Unix seconds as BCMR writes times: with milliseconds.
fn iso(time_s: u64) -> String {
    rfc3339(time_s).replace('Z', ".000Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{BchConfig, Founders};
    use crate::sample::live;
    use liaise_chain_api::ChainId;
    use liaise_summary::{DaoSet, OracleSet};

    /// What contracts/bch/test/metadata.test.mjs reads with libauth.
    const EXAMPLE: &str = include_str!("../../../contracts/bch/metadata/example.json");

    fn example() -> serde_json::Value {
        let distributor = DistributorId(std::array::from_fn(|i| i as u8));
        let registry = registry(distributor, live().schedule.genesis_s);
        let uris = vec!["example.org".to_owned(), "ipfs://example".to_owned()];
        let publication = Publication::new(registry_hash(&registry), uris.clone()).expect("short URIs");
        let key = |n: u8| crate::BchKeys::new([n; 32]).expect("a key").public();
        let mut keys: Vec<_> = (1..=5).map(key).collect();
        keys.sort_unstable();
        let founders = Founders {
            oracle_set: OracleSet::new(1, keys).expect("a set"),
            dao: DaoSet::new(1, 1, vec![key(6)]).expect("a set"),
            guardian: key(7),
        };
        let addresses = ["bitcoincash", "bchtest", "bchreg"].map(|reference| {
            let chain: ChainId = format!("bch:{reference}").parse().expect("a chain");
            let config = BchConfig::new(chain.clone(), "http://127.0.0.1:1", distributor, live(), founders.clone());
            let payee = Account::bch(&chain, [7; 20]);
            json!({"controller": config.address(), "payee": token_address(&payee)})
        });
        let script_hash = crate::terms::Covenants::of(&live()).controller.script_hash();
        json!({
            "registry": registry,
            "uris": uris,
            "publication": hex::encode(publication.output().script_pubkey.as_bytes()),
            "icon": hex::encode(sha256(&[ICON]).0),
            "script_hash": hex::encode(script_hash),
            "key_hash": hex::encode([7; 20]),
            "addresses": addresses,
        })
    }

    #[test]
    fn the_example_that_wallets_libraries_read_is_what_this_makes() {
        let made = example();
        let committed: serde_json::Value = serde_json::from_str(EXAMPLE).unwrap_or_default();
        assert!(made == committed, "contracts/bch/metadata/example.json should be\n{made:#}");
    }

    #[test]
    fn times_are_written_as_the_registry_wants_them() {
        for (time_s, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_767_225_600, "2026-01-01T00:00:00.000Z"),
            (4_294_967_295, "2106-02-07T06:28:15.000Z"),
        ] {
            assert_eq!(iso(time_s), text);
        }
    }

    #[test]
    fn an_output_that_does_not_relay_is_refused() {
        let long = |uris: Vec<String>| Publication::new([1; 32], uris).is_err();
        assert!(long(vec!["a".repeat(76)]) && long(vec![String::new()]) && long(vec!["a".repeat(75); 3]));
        assert!(!long(vec!["a".repeat(75); 2]));
    }

    #[test]
    fn a_content_id_is_as_others_write_it() {
        // `ipfs add --raw-leaves --cid-version 1` of "hello world\n"
        assert_eq!(raw_cid(b"hello world\n"), "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4");
    }
}
