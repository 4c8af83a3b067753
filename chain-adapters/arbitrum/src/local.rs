//! anvil, Foundry's local chain: started, steered and stopped.
//!
//! For tests and local networks. It mines when told (or at once, with [`Mining::AtOnce`]); its first accounts are funded
//! and their keys are known to everybody: worth nothing anywhere else.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use alloy::primitives::{Address, B256, Bytes};
use alloy::providers::Provider;
use alloy::signers::local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use liaise_chain_api::{ChainError, ChainId};
use serde_json::{Value, json};

use crate::endpoint::Endpoint;

/// The mnemonic of anvil's accounts.
const MNEMONIC: &str = "test test test test test test test test test test test junk";

/// When anvil makes blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mining {
    /// For each transaction at once.
    AtOnce,
    /// Only when told.
    WhenTold,
}

/// What to start.
#[derive(Clone, Copy, Debug)]
pub struct AnvilConfig {
    /// The chain's number.
    pub chain_number: u64,
    /// Time of block 0, Unix seconds; the present if none.
    pub genesis_s: Option<u64>,
    /// 0 for any free port.
    pub port: u16,
}

/// A running anvil; killed when dropped.
#[derive(Debug)]
pub struct Anvil {
    process: Child,
    endpoint: Endpoint,
    url: String,
    chain_number: u64,
}

impl Anvil {
    /// Starts anvil under Cancun rules and waits until it listens. `LIAISE_ANVIL` names the binary; without it the one
    /// that `npm ci` puts into contracts/evm is taken.
    ///
    /// The `finalized` tag is two blocks behind the newest.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`] if there is no such binary or it stops at once.
    pub fn start(config: AnvilConfig) -> Result<Self, ChainError> {
        let binary = binary();
        let failed = |detail: String| ChainError::Unreachable { endpoint: binary.display().to_string(), detail };
        let mut command = Command::new(&binary);
        command
            .args(["--host", "127.0.0.1", "--port", &config.port.to_string()])
            .args(["--chain-id", &config.chain_number.to_string()])
            .args(["--hardfork", "cancun", "--slots-in-an-epoch", "1", "--mnemonic", MNEMONIC])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(genesis_s) = config.genesis_s {
            command.args(["--timestamp", &genesis_s.to_string()]);
        }
        let mut process = command
            .spawn()
            .map_err(|error| failed(format!("{error}: run npm ci in contracts/evm, or set LIAISE_ANVIL")))?;
        let stdout = process.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(stdout).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.trim().strip_prefix("Listening on ").map(ToOwned::to_owned));
        let Some(address) = address else {
            // its end is waited for, so that no process is left behind
            let _ = process.kill();
            let _ = process.wait();
            return Err(failed("it ended before it listened".to_owned()));
        };
        // what it prints later must be read, or it would block on a full pipe
        std::thread::spawn(move || lines.for_each(drop));
        let url = format!("http://{address}");
        let endpoint = Endpoint::new(&url, 30_000)?;
        Ok(Self { process, endpoint, url, chain_number: config.chain_number })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its chain, CAIP-2.
    pub fn chain(&self) -> ChainId {
        format!("eip155:{}", self.chain_number).parse().expect("a decimal is a reference")
    }

    /// The key of its `i`-th funded account, 0 to 9.
    pub fn key(i: u32) -> PrivateKeySigner {
        let builder = MnemonicBuilder::<English>::default().phrase(MNEMONIC).index(i);
        builder.and_then(|builder| builder.build()).expect("a valid mnemonic and a small index")
    }

    /// When it makes blocks from now on.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`], as all that follow.
    pub async fn set_mining(&self, mining: Mining) -> Result<(), ChainError> {
        self.request("evm_setAutomine", json!([mining == Mining::AtOnce])).await
    }

    /// Makes blocks: the first takes what waits.
    pub async fn mine(&self, blocks: u64) -> Result<(), ChainError> {
        for _ in 0..blocks {
            self.request("evm_mine", json!([])).await?;
        }
        Ok(())
    }

    /// Makes a block at this time, not before the newest one's.
    pub async fn mine_at(&self, time_s: u64) -> Result<(), ChainError> {
        self.request("evm_setNextBlockTimestamp", json!([time_s])).await?;
        self.mine(1).await
    }

    /// Replaces the newest blocks by empty ones; their transactions are forgotten.
    pub async fn reorg(&self, blocks: u64) -> Result<(), ChainError> {
        self.request("anvil_reorg", json!([blocks, []])).await?;
        self.request("anvil_dropAllTransactions", json!([])).await
    }

    /// Forgets a waiting transaction.
    pub async fn forget(&self, id: &str) -> Result<(), ChainError> {
        self.request("anvil_dropTransaction", json!([id])).await
    }

    /// Remembers everything that is on the chain; returns what [`restore`](Self::restore) takes, once.
    pub async fn save(&self) -> Result<Value, ChainError> {
        self.ask("evm_snapshot", json!([])).await
    }

    /// Takes the chain back to what was saved, with nothing waiting.
    pub async fn restore(&self, saved: &Value) -> Result<(), ChainError> {
        if self.ask("evm_revert", json!([saved])).await? != Value::Bool(true) {
            return Err(self.endpoint.nonsense("it has no such snapshot"));
        }
        self.request("anvil_dropAllTransactions", json!([])).await
    }

    /// What an account has, in wei.
    pub async fn set_balance(&self, address: Address, wei: u128) -> Result<(), ChainError> {
        self.request("anvil_setBalance", json!([address, format!("{wei:#x}")])).await
    }

    /// The next block's base fee, in wei; later ones follow from it.
    pub async fn set_base_fee(&self, wei: u128) -> Result<(), ChainError> {
        self.request("anvil_setNextBlockBaseFeePerGas", json!([format!("{wei:#x}")])).await
    }

    /// The chain's number, from now on.
    pub async fn set_chain_number(&self, number: u64) -> Result<(), ChainError> {
        self.request("anvil_setChainId", json!([number])).await
    }

    /// Puts code at an address.
    pub async fn set_code(&self, address: Address, code: Bytes) -> Result<(), ChainError> {
        self.request("anvil_setCode", json!([address, code])).await
    }

    /// Puts a word into a contract's storage.
    pub async fn set_storage(&self, address: Address, slot: B256, word: B256) -> Result<(), ChainError> {
        self.request("anvil_setStorageAt", json!([address, slot, word])).await
    }

    /// Sends a signed transaction.
    pub async fn send(&self, bytes: &[u8]) -> Result<(), ChainError> {
        self.request("eth_sendRawTransaction", json!([Bytes::copy_from_slice(bytes)])).await
    }

    /// Calls a contract at the newest block.
    pub async fn call(&self, to: Address, input: Bytes) -> Result<Bytes, ChainError> {
        let answer =
            self.endpoint.provider().raw_request("eth_call".into(), json!([{"to": to, "input": input}, "latest"]));
        answer.await.map_err(|error| self.endpoint.failure(error))
    }

    async fn request(&self, method: &'static str, parameters: Value) -> Result<(), ChainError> {
        self.ask(method, parameters).await.map(|_| ())
    }

    async fn ask(&self, method: &'static str, parameters: Value) -> Result<Value, ChainError> {
        let answer = self.endpoint.provider().raw_request::<Value, Value>(method.into(), parameters).await;
        answer.map_err(|error| self.endpoint.failure(error))
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // it may have ended by itself; either way it is waited for
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn binary() -> PathBuf {
    let installed = "../../contracts/evm/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";
    std::env::var_os("LIAISE_ANVIL")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(installed))
}
