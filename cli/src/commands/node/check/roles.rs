//! What each role needs: its keys, and for a compute node its session and its models.

use super::Findings;
use crate::commands::delegation;
use crate::commands::node::bundle::Served;
use crate::commands::node::session_file;
use liaise_compute::{Cache, Device};
use liaise_ledger::Account;
use liaise_ledger::genesis::Genesis;
use liaise_node::blocking;
use liaise_node::client::Delegation;
use liaise_node::config::{AdapterConfig, ComputeRole, OracleRole, StoreRole};
use liaise_node::keys::{self, Secret};
use std::path::Path;
use std::sync::Arc;

/// The node that is looked at.
pub struct Subject<'a> {
    pub dir: &'a Path,
    pub genesis: &'a Arc<Genesis>,
    pub now_ms: u64,
    /// Opens its keys; absent where nobody gave it.
    pub passphrase: Option<&'a str>,
}

impl Subject<'_> {
    pub fn store(&self, findings: &mut Findings, role: &StoreRole) -> &'static str {
        if let Some(secret) = self.key(findings, "key", &role.key) {
            let key = keys::ed25519(&secret).public();
            let witness = key.as_slice().try_into().is_ok_and(|key| self.genesis.is_witness(key));
            let standing = if witness { "a witness" } else { "no witness: it keeps and serves, and gives no receipts" };
            findings.add("witness", Ok(format!("{} is {standing}", hex::encode(key))));
        }
        if let Some(path) = &role.beacon_key {
            self.key(findings, "beacon key", path);
        }
        "store"
    }

    pub fn oracle(&self, findings: &mut Findings, role: &OracleRole) -> &'static str {
        if let Some(secret) = self.key(findings, "key", &role.key) {
            findings.add("oracle set", in_oracle_set(&secret, &role.key, self.genesis));
        }
        if let Some(path) = &role.submitter {
            self.key(findings, "submitter", path);
        }
        "oracle"
    }

    pub async fn compute(&self, findings: &mut Findings, role: &ComputeRole) -> &'static str {
        let secret = self.key(findings, "session key", &role.session_key);
        let hot = secret.and_then(|secret| delegation::public(&secret).ok());
        findings.add("session", self.session(role, hot));
        let region = role.region.len() == 2 && role.region.bytes().all(|b| b.is_ascii_uppercase());
        let region =
            if region { Ok(role.region.clone()) } else { Err(format!("{:?}: two upper-case letters", role.region)) };
        findings.add("region", region);
        findings.add("device", device(role));
        findings.add("library", library(role));
        if role.adapters.is_empty() {
            findings.add("adapter", Err("node.toml names none: the node would serve nothing".into()));
        }
        for adapter in &role.adapters {
            findings.add("adapter", self.adapter(adapter.clone()).await);
        }
        "compute"
    }

    /// Whether a keystore is there, and opens where there is a passphrase; then the secret in it.
    fn key(&self, findings: &mut Findings, what: &'static str, path: &Path) -> Option<Secret> {
        let place = path.display();
        let Some(passphrase) = self.passphrase else {
            let there = if path.is_file() {
                Ok(format!("{place} is there; without a passphrase it stays closed"))
            } else {
                Err(format!("{place} is not there"))
            };
            findings.add(what, there);
            return None;
        };
        match keys::open(path, passphrase) {
            Ok(secret) => {
                findings.add(what, Ok(format!("{place} opens")));
                Some(secret)
            }
            Err(error) => {
                findings.add(what, Err(error.to_string()));
                None
            }
        }
    }

    fn session(&self, role: &ComputeRole, hot: Option<[u8; 32]>) -> Result<String, String> {
        let account: Account = role.account.parse().map_err(|error| format!("role.account: {error}"))?;
        let signed = Delegation::load(self.dir).map_err(|error| error.to_string())?;
        session_file::check(&signed, self.genesis, &account, hot, self.now_ms)
            .map_err(|why| format!("{}: {why}", self.dir.join("session.toml").display()))?;
        let for_key = if hot.is_some() { "for this key" } else { "for a key that stays closed" };
        Ok(format!("{account} lets it work until {}, {for_key}", delegation::expiry(&signed)))
    }

    async fn adapter(&self, adapter: AdapterConfig) -> Result<String, String> {
        let genesis = self.genesis.clone();
        let served = blocking(move || Served::open(&adapter.bundle, adapter.announce.as_deref(), &genesis)).await;
        let served = served.map_err(|error| format!("{error:#}"))?;
        if served.certified { Ok(served.words()) } else { Err(served.words()) }
    }
}

fn in_oracle_set(secret: &Secret, path: &Path, genesis: &Genesis) -> Result<String, String> {
    let key = keys::secp256k1(secret, path).map_err(|error| error.to_string())?.public();
    let text = hex::encode(&key);
    if genesis.oracles.keys.iter().any(|member| member.as_slice() == key) {
        Ok(format!("{text} is in the genesis's set"))
    } else {
        Err(format!("{text} is not in the genesis's set of oracles"))
    }
}

fn device(role: &ComputeRole) -> Result<String, String> {
    role.device.parse::<Device>()?;
    if role.threads == 0 {
        return Err("role.threads is 0: write how many threads one inference has".into());
    }
    Ok(format!("{}, {} threads", role.device, role.threads))
}

fn library(role: &ComputeRole) -> Result<String, String> {
    let path = match &role.library {
        Some(path) => path.clone(),
        None => Cache::default().library().map_err(|error| error.to_string())?,
    };
    if path.is_file() { Ok(path.display().to_string()) } else { Err(format!("{} is not there", path.display())) }
}
