//! What the demo writes before anything runs: a directory for each node, and a home for the second terminal.

use super::calendar::now_s;
use super::chain::GUARDIAN;
use super::genesis::{Founding, Person};
use super::site::Site;
use crate::home::NetworkConfig;
use liaise_ledger::session::Scopes;
use liaise_node::client::Delegation;
use liaise_node::config::{AdapterConfig, ComputeRole, NodeConfig, OracleRole, OtherChain, Peer, Role, StoreRole};
use liaise_node::keys::{self, Cost, Secret};
use std::path::Path;

/// The operator that serves altered weights.
const DISHONEST: &str = "node-6";
/// Between the moments at which two oracles would submit the same statement.
const STAGGER_S: u64 = 3;

/// Writes the directories.
pub struct Writer<'a> {
    /// The network's directory.
    pub dir: &'a Path,
    /// Encrypts every key.
    pub passphrase: &'a str,
    /// The chains, that of the first term first.
    pub sites: &'a [Site],
    /// Genesis and keys.
    pub founding: &'a Founding,
    /// Where the stores listen.
    pub peers: &'a [Peer],
    /// Threads of each compute node.
    pub threads: &'a [usize],
    /// The certified bundle.
    pub bundle: &'a Path,
}

impl Writer<'_> {
    /// All directories; the names in the order in which they start.
    pub fn write_all(&self) -> eyre::Result<Vec<String>> {
        let mut names = vec![];
        for (i, secret) in self.founding.stores.iter().enumerate() {
            let name = format!("store-{}", i + 1);
            self.key(&name, "store.json", secret)?;
            self.key(&name, "beacon.json", &self.founding.beacon)?;
            let role = StoreRole { key: "store.json".into(), beacon_key: Some("beacon.json".into()) };
            self.config(&name, vec![self.peers[i].address.clone()], Role::Store(role))?;
            names.push(name);
        }
        for (i, secret) in self.founding.oracles.iter().enumerate() {
            let name = format!("oracle-{}", i + 1);
            self.key(&name, "oracle.json", secret)?;
            let mut others = vec![];
            for (number, site) in self.sites.iter().enumerate() {
                let file = if number == 0 { "submitter.json".to_owned() } else { format!("submitter-{number}.json") };
                self.key(&name, &file, &site.chain.local.secret(i as u32 + 1))?;
                let submitter = Some(file.into());
                others.push(OtherChain { submitter, chain: site.chain.config().clone() });
            }
            let first = others.remove(0);
            let role = OracleRole {
                key: "oracle.json".into(),
                chain: first.chain,
                submitter: first.submitter,
                others,
                stagger_s: i as u64 * STAGGER_S,
            };
            self.config(&name, vec![], Role::Oracle(role))?;
            names.push(name);
        }
        for (node, threads) in self.founding.nodes.iter().zip(self.threads) {
            self.compute(node, *threads)?;
            names.push(node.name.clone());
        }
        for number in 0..self.sites.len() {
            self.home(number)?;
        }
        Ok(names)
    }

    fn compute(&self, node: &Person, threads: usize) -> eyre::Result<()> {
        self.key(&node.name, "session.json", &node.session)?;
        let hot =
            keys::ed25519(&node.session).public().try_into().map_err(|_| eyre::eyre!("a session key has 32 bytes"))?;
        let now_ms = now_s() * 1000;
        let delegation = Delegation::sign(&self.founding.genesis, &node.wallet, hot, Scopes::WORK, now_ms)?;
        delegation.save(&self.dir.join(&node.name))?;
        let role = ComputeRole {
            account: node.account().to_string(),
            session_key: "session.json".into(),
            region: "CH".into(),
            threads,
            // Not `auto`: speeds differ by threads here, and one GPU for all would make them alike.
            device: "cpu".into(),
            library: None,
            adapters: vec![self.bundle_of(node)?],
        };
        self.config(&node.name, vec![], Role::Compute(role))
    }

    /// The certified bundle; for the dishonest operator a forged one, announced under the certified id.
    fn bundle_of(&self, node: &Person) -> eyre::Result<AdapterConfig> {
        let certified = self.bundle.to_owned();
        if node.name != DISHONEST {
            return Ok(AdapterConfig { bundle: certified, announce: None });
        }
        let forged = self.dir.join(&node.name).join("bundle");
        super::forger::forge(&certified, &forged)?;
        let announce = self.founding.genesis.adapters[0].id.to_string();
        Ok(AdapterConfig { bundle: forged, announce: Some(announce) })
    }

    fn key(&self, name: &str, file: &str, secret: &Secret) -> eyre::Result<()> {
        Ok(keys::create(&self.dir.join(name).join(file), secret, self.passphrase, Cost::Light)?)
    }

    fn config(&self, name: &str, listen: Vec<String>, role: Role) -> eyre::Result<()> {
        let (genesis, calendar) = ("../genesis.toml".into(), Some("../calendar".into()));
        let stores = self.peers.to_vec();
        let config = NodeConfig { genesis, calendar, listen, stores, role, metrics: None };
        Ok(config.save(&self.dir.join(name))?)
    }

    /// A user's home for commands on a chain, with every account's wallet; the first one's is the second terminal's.
    fn home(&self, number: usize) -> eyre::Result<()> {
        let (site, up) = (&self.sites[number], if number == 0 { ".." } else { "../.." });
        let home = &site.home;
        std::fs::create_dir_all(home)?;
        let others = self.sites.iter().enumerate().filter(|(other, _)| *other != number);
        let config = NetworkConfig {
            genesis: format!("{up}/genesis.toml").into(),
            calendar: Some(format!("{up}/calendar").into()),
            stores: self.peers.to_vec(),
            chain: site.chain.config().clone(),
            others: others.map(|(_, other)| other.chain.config().clone()).collect(),
        };
        std::fs::write(home.join("network.toml"), toml::to_string(&config)?)?;
        for person in self.founding.users.iter().chain(&self.founding.nodes) {
            let path = home.join(format!("keys/{}.json", person.name));
            keys::create(&path, &person.wallet_secret, self.passphrase, Cost::Light)?;
        }
        for (name, secret) in &site.chain.members {
            keys::create(&home.join(format!("keys/{name}.json")), secret, self.passphrase, Cost::Light)?;
        }
        Ok(keys::create(
            &home.join("keys/guardian.json"),
            &site.chain.local.secret(GUARDIAN),
            self.passphrase,
            Cost::Light,
        )?)
    }
}
