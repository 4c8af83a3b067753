//! Decoders that nothing outside needs, for tests/fuzz. Each gives what it read, written again.

use crate::commands::rewards::proof_file::ProofFile;
use crate::home::NetworkConfig;
use liaise_chain_api::Distributor;

/// A claim's proof file, and whether its proof leads to a root that the distributor pays from.
pub fn proof_file(text: &str, at: &Distributor) -> Option<(String, bool)> {
    let file: ProofFile = serde_json::from_str(text).ok()?;
    Some((serde_json::to_string(&file).expect("a proof file is JSON"), file.check(at).is_ok()))
}

/// `network.toml`.
pub fn network(text: &str) -> Option<String> {
    let config: NetworkConfig = toml::from_str(text).ok()?;
    Some(toml::to_string(&config).expect("a network file is TOML"))
}
