//! The user's directory: keys, which network, which stores, which chain.

use crate::exit::{Kind, OrExit};
use liaise_ledger::genesis::Genesis;
use liaise_node::config::{ChainConfig, Peer};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The user's directory.
#[derive(Clone, Debug)]
pub struct Home {
    dir: PathBuf,
}

/// `network.toml`: which network the commands talk to. Paths are relative to the directory.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// The network's genesis file.
    pub genesis: PathBuf,
    /// Control file of a virtual calendar; absent on real networks.
    #[serde(default)]
    pub calendar: Option<PathBuf>,
    /// Its stores.
    pub stores: Vec<Peer>,
    /// The chain of the present term.
    pub chain: ChainConfig,
    /// The network's other chains: those that held the term and still owe, and those that are to get it.
    #[serde(default)]
    pub others: Vec<ChainConfig>,
}

impl Home {
    /// The directory that was asked for, else the user's own.
    pub fn new(asked: Option<PathBuf>) -> Home {
        let own = || {
            let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
            let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
            data.or_else(home).unwrap_or_else(|| PathBuf::from(".")).join("liaise")
        };
        Home { dir: asked.unwrap_or_else(own) }
    }

    /// A file in it.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.join(name)
    }

    /// Reads `network.toml`; its paths come back absolute.
    pub fn network(&self) -> eyre::Result<NetworkConfig> {
        let path = self.path("network.toml");
        let text = std::fs::read_to_string(&path).map_err(|error| {
            eyre::eyre!(
                "{} can't be read: {error}; copy it from your network's operator, or name its directory with --home",
                path.display()
            )
        });
        let mut config: NetworkConfig = toml::from_str(&text.or_exit(Kind::Usage)?).or_exit(Kind::Usage)?;
        config.genesis = self.dir.join(&config.genesis);
        config.calendar = config.calendar.map(|path| self.dir.join(path));
        for chain in std::iter::once(&mut config.chain).chain(&mut config.others) {
            chain.deployment = chain.deployment.take().map(|path| self.dir.join(path));
        }
        Ok(config)
    }

    /// The network's rules.
    pub fn genesis(&self, config: &NetworkConfig) -> eyre::Result<Arc<Genesis>> {
        let text = std::fs::read_to_string(&config.genesis).map_err(|error| {
            eyre::eyre!("{} can't be read: {error}; network.toml names it as the genesis", config.genesis.display())
        });
        let text = text.or_exit(Kind::Usage)?;
        Ok(Arc::new(Genesis::from_toml(&text).or_exit(Kind::Usage)?))
    }
}
