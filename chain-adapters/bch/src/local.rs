//! contracts/bch/devnet, the project's own local chain: started, steered and stopped.
//!
//! For tests and local networks. It makes blocks when told. Its coins go to a key that everybody knows: worth nothing
//! anywhere else.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use bitcoincash::consensus::serialize;
use bitcoincash::{Amount, OutPoint, Script, ScriptBuf, TxOut, Txid};
use liaise_chain_api::{Account, ChainError, ChainId};
use serde_json::{Value, json};

use crate::account::{BchKeys, account_of_key, pay_to};
use crate::coins::Coin;
use crate::draft::{CHANGE_DUST, Coins, Draft};
use crate::endpoint::Endpoint;

/// Blocks until a coinbase can be spent.
const MATURITY: u64 = 100;
/// Least fee that covers any transaction that [`Devnet::fund`] makes.
const FUNDING_FEE_SATS: u64 = 100_000;

/// A running local chain; killed when dropped.
#[derive(Debug)]
pub struct Devnet {
    process: Child,
    endpoint: Endpoint,
    url: String,
    keys: BchKeys,
}

impl Devnet {
    /// Starts the chain on any free port of loopback, at a time, with coins that can be spent.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`] if Node.js or what it needs is missing.
    pub async fn start(time_s: u64) -> Result<Self, ChainError> {
        let program = program();
        let failed = |detail: String| ChainError::Unreachable { endpoint: program.display().to_string(), detail };
        if !program.with_file_name("").join("../node_modules/@bitauth").is_dir() {
            return Err(failed(
                "contracts/bch/node_modules is missing: run cargo xtask setup, or npm ci there".to_owned(),
            ));
        }
        let mut process = Command::new("node")
            .arg(&program)
            .arg("0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(format!("node does not start ({error}): run cargo xtask setup")))?;
        let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let first = lines.next().and_then(Result::ok).unwrap_or_default();
        let Some(url) = first.split_whitespace().find(|word| word.starts_with("http://")).map(ToOwned::to_owned) else {
            // its end is waited for, so that no process is left behind
            let _ = process.kill();
            let _ = process.wait();
            return Err(failed("it ended before it listened".to_owned()));
        };
        let endpoint = Endpoint::new(&url, 60_000)?;
        let keys = BchKeys::new(liaise_summary::sha256(&[b"liaise devnet miner"]).0)?;
        let devnet = Self { process, endpoint, url, keys };
        devnet.set_time(time_s).await?;
        devnet.mine(MATURITY + 1).await?;
        Ok(devnet)
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its chain, CAIP-2.
    pub fn chain(&self) -> ChainId {
        "bch:bchreg".parse().expect("a chain")
    }

    /// Pays so many coins of so many satoshis to each account, from the first coinbase that is not spent; the first account
    /// gets output 0. They wait for a block.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`], as all that follow.
    ///
    /// # Panics
    /// For more than a coinbase has, and for accounts of another chain.
    pub async fn fund(&self, accounts: &[Account], coins: usize, sats: u64) -> Result<(), ChainError> {
        let output = |account: &Account| TxOut {
            value: Amount::from_sat(sats),
            script_pubkey: pay_to(account.bch_key_hash().expect("an account of this chain")),
            token: None,
        };
        let outputs = accounts.iter().flat_map(|account| vec![output(account); coins]).collect();
        let draft = Draft { inputs: vec![], outputs, lock_time: 0, coins: Coins::One };
        let coin = self.oldest_coin().await?;
        let change =
            coin.output.value.to_sat().checked_sub(draft.takes() + FUNDING_FEE_SATS).expect("a whole coinbase");
        self.send(&serialize(&draft.with_coins(&[coin], &self.keys, change))).await
    }

    async fn oldest_coin(&self) -> Result<Coin, ChainError> {
        let scan = self.endpoint.scan(&self.keys.script()).await?;
        let oldest = scan.unspents.iter().min_by_key(|coin| coin.height).expect("it mines for itself");
        let found = self.endpoint.transaction(&oldest.outpoint.txid).await?.expect("it has what it scanned");
        Ok(Coin { outpoint: oldest.outpoint, output: found.tx.output[oldest.outpoint.vout as usize].clone() })
    }

    /// How many transactions wait for a block.
    pub async fn waiting(&self) -> Result<usize, ChainError> {
        let waiting = self.ask("getrawmempool", json!([])).await?;
        waiting.as_array().map(Vec::len).ok_or_else(|| self.endpoint.nonsense("a pool that is no list"))
    }

    /// Makes blocks: the first takes what waits.
    pub async fn mine(&self, blocks: u64) -> Result<(), ChainError> {
        let miner = account_of_key(&self.chain(), &self.keys.public());
        self.request("generatetoaddress", json!([blocks, format!("bchreg:{}", miner.address())])).await
    }

    /// What it takes for the present, Unix seconds.
    pub async fn set_time(&self, time_s: u64) -> Result<(), ChainError> {
        self.request("setmocktime", json!([time_s])).await
    }

    /// Lets its clock, the median time past, pass this time with blocks enough and not one more: five more leave it there.
    pub async fn advance_to(&self, time_s: u64) -> Result<(), ChainError> {
        self.set_time(time_s + 1).await?;
        while self.endpoint.info().await?.mediantime <= time_s {
            self.mine(1).await?;
        }
        Ok(())
    }

    /// Replaces the newest blocks by empty ones; their transactions are forgotten.
    pub async fn reorg(&self, blocks: u64) -> Result<(), ChainError> {
        let tip = self.endpoint.info().await?.blocks;
        self.cut(tip + 1 - blocks).await?;
        self.mine(blocks).await
    }

    /// Takes back the blocks from this height on; their transactions, and all that waits, are forgotten.
    pub async fn cut(&self, height: u64) -> Result<(), ChainError> {
        if height <= self.height().await? {
            let hash = self.endpoint.block_hash(height).await?;
            self.request("invalidateblock", json!([hash])).await?;
        }
        self.request("devnet_forget", json!([])).await
    }

    /// Height of the newest block.
    pub async fn height(&self) -> Result<u64, ChainError> {
        Ok(self.endpoint.info().await?.blocks)
    }

    /// Forgets a waiting transaction.
    pub async fn forget(&self, id: &str) -> Result<(), ChainError> {
        self.request("devnet_forget", json!([[id]])).await
    }

    /// What the chain calls itself from now on: `regtest`, or another's name.
    pub async fn rename(&self, name: &str) -> Result<(), ChainError> {
        self.request("devnet_rename", json!([name])).await
    }

    /// Satoshis for 1 000 bytes that it relays for at least, 1 000 at first.
    pub async fn set_relay_fee(&self, sats: u64) -> Result<(), ChainError> {
        self.request("devnet_relayfee", json!([sats])).await
    }

    /// Gives all confirmed coins of a key, but those that something spends which waits, to the miner; it waits.
    ///
    /// # Panics
    /// For a key without coins.
    pub async fn drain(&self, keys: &BchKeys) -> Result<(), ChainError> {
        let mut coins = Vec::new();
        for unspent in self.endpoint.scan(&keys.script()).await?.unspents {
            let parameters = json!([unspent.outpoint.txid.to_string(), unspent.outpoint.vout, true]);
            if self.ask("gettxout", parameters).await?.is_null() {
                continue;
            }
            let found = self.endpoint.transaction(&unspent.outpoint.txid).await?.expect("it has what it scanned");
            let output = found.tx.output[unspent.outpoint.vout as usize].clone();
            coins.push(Coin { outpoint: unspent.outpoint, output });
        }
        let all: u64 = coins.iter().map(|coin| coin.output.value.to_sat()).sum();
        let output = TxOut {
            value: Amount::from_sat(all - FUNDING_FEE_SATS - CHANGE_DUST),
            script_pubkey: self.keys.script(),
            token: None,
        };
        let draft = Draft { inputs: vec![], outputs: vec![output], lock_time: 0, coins: Coins::Some };
        self.send(&serialize(&draft.with_coins(&coins, keys, CHANGE_DUST))).await
    }

    /// Sends a signed transaction.
    pub async fn send(&self, bytes: &[u8]) -> Result<(), ChainError> {
        self.request("sendrawtransaction", json!([hex::encode(bytes)])).await
    }

    /// Spends one output of a key to itself, less a thousand satoshis of fee; it waits.
    pub async fn respend(&self, keys: &BchKeys, outpoint: (&str, u32)) -> Result<(), ChainError> {
        let txid: Txid = outpoint.0.parse().expect("a transaction id");
        let outpoint = OutPoint { txid, vout: outpoint.1 };
        let found = self.endpoint.transaction(&txid).await?.expect("a coin that is there");
        let output = found.tx.output[outpoint.vout as usize].clone();
        let change = output.value.to_sat() - 1000;
        let draft = Draft { inputs: vec![], outputs: vec![], lock_time: 0, coins: Coins::One };
        self.send(&serialize(&draft.with_coins(&[Coin { outpoint, output }], keys, change))).await
    }

    /// Tokens of a category that are locked to a key's hash, as the chain's set of unspent outputs has them.
    pub async fn tokens(&self, category: &str, key_hash: [u8; 20]) -> Result<u64, ChainError> {
        let script: ScriptBuf = pay_to(key_hash);
        let answer = self.ask("scantxoutset", json!(["start", [format!("raw({})", hex_of(&script))]])).await?;
        let unspents = answer["unspents"].as_array().cloned().unwrap_or_default();
        let of_category = unspents.iter().filter(|unspent| unspent["tokenData"]["category"] == category);
        let amounts = of_category
            .map(|unspent| unspent["tokenData"]["amount"].as_str().and_then(|text| text.parse::<u64>().ok()));
        let total: Option<u64> = amounts.sum();
        total.ok_or_else(|| self.endpoint.nonsense("a token amount that is no number"))
    }

    async fn request(&self, method: &'static str, parameters: Value) -> Result<(), ChainError> {
        self.ask(method, parameters).await.map(|_| ())
    }

    async fn ask(&self, method: &'static str, parameters: Value) -> Result<Value, ChainError> {
        self.endpoint.call(method, parameters).await
    }
}

fn hex_of(script: &Script) -> String {
    hex::encode(script.as_bytes())
}

impl Drop for Devnet {
    fn drop(&mut self) {
        // it may have ended by itself; either way it is waited for
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../contracts/bch/devnet/main.mjs")
}

/// The outputs that a prepared transaction spends, as (transaction, number), the coins last.
///
/// # Panics
/// For bytes that no submitter of this adapter made.
pub fn spent_by(prepared: &liaise_chain_api::Prepared) -> Vec<(String, u32)> {
    let held = crate::prepared::held(prepared, &prepared.chain).expect("prepared by this adapter");
    let outpoints = held.tx.input.iter().map(|input| input.previous_output);
    outpoints.map(|outpoint| (outpoint.txid.to_string(), outpoint.vout)).collect()
}
