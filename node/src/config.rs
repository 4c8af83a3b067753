//! A node's directory and its `node.toml`.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What a node is and whom it knows. Paths are relative to the directory of `node.toml`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// The network's genesis file.
    pub genesis: PathBuf,
    /// Control file of a virtual calendar; absent on real networks.
    #[serde(default)]
    pub calendar: Option<PathBuf>,
    /// Where to listen, as multiaddresses; a node that only asks listens nowhere.
    #[serde(default)]
    pub listen: Vec<String>,
    /// The stores that it talks to; the first is the one that it follows.
    pub stores: Vec<Peer>,
    /// The role's own settings.
    pub role: Role,
    /// Where the node's metrics can be read; absent: nowhere.
    #[serde(default)]
    pub metrics: Option<MetricsConfig>,
}

/// The endpoint that a Prometheus server reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsConfig {
    /// Where it listens, as `address:port`; plain HTTP, without a password.
    pub listen: SocketAddr,
    /// Whether it may listen on an address that other machines reach.
    #[serde(default)]
    pub allow_remote: bool,
}

impl MetricsConfig {
    /// Whether it may listen there.
    ///
    /// # Errors
    /// Other machines reach the address, and the operator did not allow that; in words.
    pub fn check(&self) -> Result<(), String> {
        if self.listen.ip().is_loopback() || self.allow_remote {
            return Ok(());
        }
        Err(format!(
            "{} can be reached from other machines, and whoever reaches it reads how this node stands: write 127.0.0.1 and \
             let the Prometheus server come through a tunnel, or set allow_remote = true",
            self.listen
        ))
    }
}

/// A store that others can reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// The store's Ed25519 key in hex: its witness key and its identity on the mesh.
    pub key: String,
    /// Its multiaddress.
    pub address: String,
}

impl Peer {
    /// The key's bytes; `None` where the text is not 32 bytes of hex.
    pub fn public_key(&self) -> Option<[u8; 32]> {
        hex::decode(&self.key).ok()?.try_into().ok()
    }
}

/// What the node does.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Role {
    /// Keeps and serves messages; a witness where its key is in the genesis.
    Store(StoreRole),
    /// Folds, signs and submits.
    Oracle(OracleRole),
    /// Answers prompts.
    Compute(ComputeRole),
}

/// Settings of a store.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreRole {
    /// Keystore of its Ed25519 key.
    pub key: PathBuf,
    /// Keystore of a local network's beacon key; absent where rounds come from a public beacon.
    #[serde(default)]
    pub beacon_key: Option<PathBuf>,
}

/// Settings of an oracle.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OracleRole {
    /// Keystore of its secp256k1 key in the oracle set.
    pub key: PathBuf,
    /// The chain of the present term, that it files on.
    pub chain: ChainConfig,
    /// Keystore of the account that pays for its transactions there; without one it signs and lets others submit.
    #[serde(default)]
    pub submitter: Option<PathBuf>,
    /// The other chains of the table of terms: those that held the term and still owe, and those that are to get it.
    #[serde(default)]
    pub others: Vec<OtherChain>,
    /// Real seconds that it leaves to others before it submits itself: operators need not race.
    #[serde(default)]
    pub stagger_s: u64,
}

/// A chain beside that of the present term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherChain {
    /// Keystore of the account that pays there.
    #[serde(default)]
    pub submitter: Option<PathBuf>,
    /// How it is reached.
    pub chain: ChainConfig,
}

impl OracleRole {
    /// Every chain that it files on, that of the present term first.
    pub fn chains(&self) -> impl Iterator<Item = &ChainConfig> {
        std::iter::once(&self.chain).chain(self.others.iter().map(|other| &other.chain))
    }

    /// The same, each with the keystore of the account that pays there.
    pub fn offices(&self) -> impl Iterator<Item = (&ChainConfig, Option<&PathBuf>)> {
        let others = self.others.iter().map(|other| (&other.chain, other.submitter.as_ref()));
        std::iter::once((&self.chain, self.submitter.as_ref())).chain(others)
    }
}

/// How a chain is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainConfig {
    /// CAIP-2.
    pub id: String,
    /// Its RPC endpoint.
    pub rpc: String,
    /// The distributor's address.
    pub distributor: String,
    /// Blocks that count as final; absent where the chain says itself what is.
    #[serde(default)]
    pub final_depth: Option<u64>,
    /// The deployment's file, on chains where a distributor's address does not say everything.
    #[serde(default)]
    pub deployment: Option<PathBuf>,
}

/// Settings of a compute node.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComputeRole {
    /// CAIP-10 account that is paid.
    pub account: String,
    /// Keystore of its work session's Ed25519 key.
    pub session_key: PathBuf,
    /// ISO 3166-1 alpha-2 code of the region that it declares.
    pub region: String,
    /// Threads of one inference.
    pub threads: usize,
    /// `auto`, `cpu` or `cuda`.
    #[serde(default = "auto")]
    pub device: String,
    /// ONNX Runtime's shared library; absent: where set-up put it.
    #[serde(default)]
    pub library: Option<PathBuf>,
    /// The bundles that it serves.
    pub adapters: Vec<AdapterConfig>,
}

/// A model adapter that a compute node serves.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdapterConfig {
    /// The bundle's directory.
    pub bundle: PathBuf,
    /// The certified id that it is announced under; absent: the bundle's own. For a bundle that was built again and
    /// differs in form only: judges recompute its answers, whatever it calls itself.
    #[serde(default)]
    pub announce: Option<String>,
}

fn auto() -> String {
    "auto".into()
}

/// Why a configuration can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}")]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong and what to do.
    pub why: String,
}

impl NodeConfig {
    /// Reads `node.toml` in a node's directory and makes its paths absolute.
    ///
    /// # Errors
    /// The file is missing, or a key is unknown, missing or of the wrong type.
    pub fn load(dir: &Path) -> Result<NodeConfig, ConfigError> {
        let path = dir.join("node.toml");
        let fail = |why: String| ConfigError { path: path.clone(), why };
        let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => fail(
                "there is none: `liaise node init` makes a compute node's directory; check --dir if it was made elsewhere".into(),
            ),
            _ => fail(format!("can't be read: {error}")),
        })?;
        let mut config: NodeConfig = toml::from_str(&text).map_err(|error| fail(error.to_string()))?;
        config.resolve(dir);
        Ok(config)
    }

    /// Writes `node.toml` into a node's directory.
    ///
    /// # Errors
    /// The directory can't be written.
    pub fn save(&self, dir: &Path) -> Result<(), ConfigError> {
        let path = dir.join("node.toml");
        let fail = |why: String| ConfigError { path: path.clone(), why };
        let text = toml::to_string(self).map_err(|error| fail(error.to_string()))?;
        std::fs::create_dir_all(dir)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|error| fail(format!("can't be written: {error}")))
    }

    fn resolve(&mut self, dir: &Path) {
        let absolute = |path: &mut PathBuf| *path = dir.join(&*path);
        absolute(&mut self.genesis);
        self.calendar.iter_mut().for_each(absolute);
        match &mut self.role {
            Role::Store(store) => {
                absolute(&mut store.key);
                store.beacon_key.iter_mut().for_each(absolute);
            }
            Role::Oracle(oracle) => {
                absolute(&mut oracle.key);
                oracle.submitter.iter_mut().for_each(absolute);
                oracle.chain.deployment.iter_mut().for_each(absolute);
                for other in &mut oracle.others {
                    other.submitter.iter_mut().for_each(absolute);
                    other.chain.deployment.iter_mut().for_each(absolute);
                }
            }
            Role::Compute(compute) => {
                absolute(&mut compute.session_key);
                compute.library.iter_mut().for_each(absolute);
                compute.adapters.iter_mut().for_each(|adapter| absolute(&mut adapter.bundle));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(metrics: &str) -> Result<NodeConfig, toml::de::Error> {
        toml::from_str(&format!("genesis = \"g\"\nstores = []\n[role]\nkind = \"store\"\nkey = \"k\"\n{metrics}"))
    }

    #[test]
    fn metrics_are_off_unless_asked_for_and_read_strictly() {
        assert_eq!(parse("").unwrap().metrics, None);
        let loopback = parse("[metrics]\nlisten = \"127.0.0.1:9464\"\n").unwrap().metrics.unwrap();
        assert_eq!((loopback.listen.port(), loopback.allow_remote), (9464, false));
        for wrong in ["listen = \"9464\"", "listen = \"localhost:9464\"", "listen = \"[::1]:1\"\ncolour = 1", ""] {
            assert!(parse(&format!("[metrics]\n{wrong}\n")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_configuration_with_metrics_is_written_as_it_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let config = parse("[metrics]\nlisten = \"[::1]:9464\"\nallow_remote = true\n").unwrap();
        config.save(dir.path()).unwrap();
        assert_eq!(NodeConfig::load(dir.path()).unwrap().metrics, config.metrics);
    }
}
