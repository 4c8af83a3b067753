//! The local Solana chain of contracts/solana/localnet: started, steered and stopped.
//!
//! For tests and local networks. A real node needs none of this: its URL is enough.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anchor_lang::prelude::Pubkey;
use liaise_chain_api::{ChainError, ChainId};
use liaise_summary::sha256;
use serde_json::{Value, json};
use solana_rpc_client_api::request::RpcRequest;
use solana_sdk::signature::Keypair;
use solana_sdk::signer::Signer;

use crate::endpoint::{Endpoint, reference};

/// When it makes blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mining {
    /// For each transaction at once.
    AtOnce,
    /// Every 400 ms, as the real chain does.
    Steadily,
    /// Only when told.
    WhenTold,
}

impl Mining {
    fn name(self) -> &'static str {
        match self {
            Self::AtOnce => "instant",
            Self::Steadily => "auto",
            Self::WhenTold => "manual",
        }
    }
}

/// What to start.
#[derive(Clone, Debug)]
pub struct LocalnetConfig {
    /// Time of slot 0, Unix seconds; the present if none.
    pub genesis_s: Option<u64>,
    /// 0 for any free port; the WebSocket listens on the next one.
    pub port: u16,
    /// Who can replace the program; nobody if none.
    pub upgrade_authority: Option<Pubkey>,
    /// When it makes blocks at first.
    pub mining: Mining,
}

/// A running chain; killed when dropped.
#[derive(Debug)]
pub struct Localnet {
    process: Child,
    endpoint: Endpoint,
    url: String,
    chain: ChainId,
}

impl Localnet {
    /// Starts the chain with the program `emission` on it, and waits until it listens.
    ///
    /// `LIAISE_SOLANA_LOCALNET` and `LIAISE_SOLANA_PROGRAM` name the binary and the program's .so; without them what
    /// `cargo xtask test --only svm-build` has built is taken, from the build directory that xtask uses.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`] if there is no such binary or it stops at once.
    pub async fn start(config: &LocalnetConfig) -> Result<Self, ChainError> {
        let binary = named("LIAISE_SOLANA_LOCALNET", "debug/solana-localnet");
        let program = named("LIAISE_SOLANA_PROGRAM", "deploy/emission.so");
        let failed = |detail: String| ChainError::Unreachable { endpoint: binary.display().to_string(), detail };
        let authority = config.upgrade_authority.map_or(String::new(), |key| format!("@{key}"));
        let mut command = Command::new(&binary);
        command
            .args(["--port", &config.port.to_string(), "--exit-with-stdin"])
            .args(["--program", &format!("{}={}{authority}", liaise_emission::ID, program.display())])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        match config.mining {
            Mining::AtOnce => drop(command.arg("--instant")),
            Mining::WhenTold => drop(command.arg("--manual")),
            Mining::Steadily => {}
        }
        if let Some(genesis_s) = config.genesis_s {
            command.args(["--genesis-time", &genesis_s.to_string()]);
        }
        let remedy = "run `cargo xtask test --only svm-build`, or set LIAISE_SOLANA_LOCALNET and LIAISE_SOLANA_PROGRAM";
        let mut process = command.spawn().map_err(|error| failed(format!("{error}: {remedy}")))?;
        let stdout = process.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(stdout).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| listening(&line));
        let Some(url) = address else {
            // its end is waited for, so that no process is left behind
            let _ = process.kill();
            let _ = process.wait();
            return Err(failed(format!("it ended before it listened: {remedy}")));
        };
        // what it prints later must be read, or it would block on a full pipe
        std::thread::spawn(move || lines.for_each(drop));
        let endpoint = Endpoint::new(&url, 30_000)?;
        let genesis: String = endpoint.ask(RpcRequest::GetGenesisHash, json!([])).await?;
        let chain = format!("solana:{}", reference(&genesis)).parse();
        let chain = chain.map_err(|_| failed("its genesis hash is none".to_owned()))?;
        Ok(Self { process, endpoint, url, chain })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its chain, CAIP-2.
    pub fn chain(&self) -> &ChainId {
        &self.chain
    }

    /// A key that everybody knows, by its name or its number as text: worth nothing anywhere else. Nothing is on it before it
    /// is [funded](Self::fund).
    pub fn key(name: &str) -> Keypair {
        Keypair::new_from_array(sha256(&[b"liaise localnet key ", name.as_bytes()]).0)
    }

    /// Gives lamports to an account, and waits until they are there.
    ///
    /// # Errors
    /// The chain refuses.
    pub async fn fund(&self, key: &Keypair, lamports: u64) -> Result<(), ChainError> {
        self.steer("localnet_setAccount", json!({"address": key.pubkey().to_string(), "lamports": lamports}))
            .await
            .map(drop)
    }

    /// When it makes blocks from now on.
    ///
    /// # Errors
    /// The chain refuses.
    pub async fn set_mining(&self, mining: Mining) -> Result<(), ChainError> {
        self.steer("localnet_setMining", json!({"mode": mining.name()})).await.map(drop)
    }

    /// Makes a block of what waits, then empty ones.
    ///
    /// # Errors
    /// The chain refuses, as for all that follow.
    pub async fn mine(&self, slots: u64) -> Result<(), ChainError> {
        self.steer("localnet_mine", json!({"slots": slots})).await.map(drop)
    }

    /// Moves the clock to a Unix time that is not in its past, and makes an empty block there.
    pub async fn advance_to(&self, time_s: u64) -> Result<(), ChainError> {
        self.steer("localnet_advanceTo", json!({"unixTime": time_s})).await.map(drop)
    }

    /// Makes everything that is included now final.
    pub async fn finalise(&self) -> Result<(), ChainError> {
        self.steer("localnet_finalise", Value::Null).await.map(drop)
    }

    /// One of its steering methods, which take one object or nothing.
    ///
    /// # Errors
    /// The chain refuses.
    pub async fn steer(&self, method: &'static str, params: Value) -> Result<Value, ChainError> {
        self.ask(method, if params.is_null() { json!([]) } else { json!([params]) }).await
    }

    /// Any method.
    ///
    /// # Errors
    /// The chain refuses.
    pub async fn ask(&self, method: &'static str, params: Value) -> Result<Value, ChainError> {
        self.endpoint.ask(RpcRequest::Custom { method }, params).await
    }
}

impl Drop for Localnet {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address in the line that it prints once it listens.
fn listening(line: &str) -> Option<String> {
    line.split_whitespace().find(|word| word.starts_with("http://")).map(|word| word.trim_end_matches(',').to_owned())
}

/// A file that an environment variable names, else the one that xtask builds, where xtask builds it.
fn named(variable: &str, file: &str) -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = set(variable) {
        return path;
    }
    let cache = || {
        set("LIAISE_CACHE")
            .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("liaise")))
            .or_else(|| set("HOME").map(|home| home.join(".cache/liaise")))
            .map(|cache| cache.join("target"))
    };
    set("CARGO_TARGET_DIR").or_else(cache).unwrap_or_default().join("solana").join(file)
}
