//! The calls of a BCHN node, typed. What can be recomputed is: a transaction's id from its bytes.

use bitcoincash::consensus::serialize;
use bitcoincash::{OutPoint, Script, Transaction, Txid};
use liaise_chain_api::ChainError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::decimal;
use crate::endpoint::{Endpoint, Failure};
use crate::wire;

/// A node's number for "not found", "missing inputs", "refused" and "in the chain already".
const NOT_FOUND: i64 = -5;
const MISSING: i64 = -25;
const REFUSED: i64 = -26;
const IN_CHAIN: i64 = -27;

/// `getblockchaininfo`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Info {
    pub(crate) chain: String,
    pub(crate) blocks: u64,
    #[serde(rename = "bestblockhash")]
    pub(crate) best: String,
    /// Median time past of the newest block.
    pub(crate) mediantime: u64,
}

/// `getblockheader`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Header {
    pub(crate) hash: String,
    /// Below 1 for a block that is no part of the chain.
    confirmations: i64,
    pub(crate) height: u64,
    pub(crate) mediantime: u64,
    #[serde(rename = "previousblockhash")]
    pub(crate) previous: Option<String>,
}

/// A block's transactions with what they spend.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Spends {
    pub(crate) hash: String,
    pub(crate) height: u64,
    tx: Vec<SpendingTx>,
}

#[derive(Clone, Debug, Deserialize)]
struct SpendingTx {
    txid: String,
    vin: Vec<SpentOutput>,
}

#[derive(Clone, Debug, Deserialize)]
struct SpentOutput {
    txid: Option<String>,
    vout: Option<u32>,
}

impl Spends {
    /// Which transaction of the block spends an output.
    pub(crate) fn spender(&self, outpoint: &OutPoint) -> Option<&str> {
        let txid = outpoint.txid.to_string();
        let spends = |input: &SpentOutput| input.vout == Some(outpoint.vout) && input.txid.as_deref() == Some(&txid);
        self.tx.iter().find(|tx| tx.vin.iter().any(spends)).map(|tx| tx.txid.as_str())
    }
}

/// A transaction that the node has.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) tx: Transaction,
    /// The block that holds it; none while it waits.
    pub(crate) block: Option<String>,
}

/// An unspent output of a script.
#[derive(Clone, Debug)]
pub(crate) struct Unspent {
    pub(crate) outpoint: OutPoint,
    pub(crate) height: u64,
    pub(crate) sats: u64,
    /// Category, as nodes print it, of the tokens in it.
    pub(crate) category: Option<String>,
    /// `minting`, `mutable` or `none` where it holds an NFT.
    pub(crate) capability: Option<String>,
}

/// All unspent outputs of a script, at one block.
#[derive(Clone, Debug)]
pub(crate) struct Scan {
    pub(crate) best: String,
    pub(crate) unspents: Vec<Unspent>,
}

/// How a node took a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Taken,
    /// Inputs that it does not know, or that are spent.
    Missing,
    /// Refused for the reason that it says.
    Refused(String),
}

impl Endpoint {
    async fn typed<T: DeserializeOwned>(&self, method: &str, parameters: Value) -> Result<T, ChainError> {
        let answer = self.call(method, parameters).await?;
        serde_json::from_value(answer).map_err(|error| self.nonsense(format!("{method} of another form: {error}")))
    }

    pub(crate) async fn info(&self) -> Result<Info, ChainError> {
        self.typed("getblockchaininfo", json!([])).await
    }

    pub(crate) async fn block_hash(&self, height: u64) -> Result<String, ChainError> {
        self.typed("getblockhash", json!([height])).await
    }

    /// A block's header, or none for a block that the node does not have or that is no part of the chain.
    pub(crate) async fn header(&self, hash: &str) -> Result<Option<Header>, ChainError> {
        let answer = match self.ask("getblockheader", json!([hash])).await {
            Ok(answer) => answer,
            Err(Failure::Answered { code: NOT_FOUND, .. }) => return Ok(None),
            Err(failure) => return Err(self.failed(failure)),
        };
        let header: Result<Header, _> = serde_json::from_value(answer);
        let header = header.map_err(|error| self.nonsense(format!("getblockheader of another form: {error}")))?;
        if header.hash != hash {
            return Err(self.nonsense("another block's header"));
        }
        Ok((header.confirmations >= 1).then_some(header))
    }

    /// What a block's transactions spend.
    pub(crate) async fn spends(&self, height: u64) -> Result<Spends, ChainError> {
        let hash = self.block_hash(height).await?;
        let block: Spends = self.typed("getblock", json!([hash, 2])).await?;
        if block.hash != hash || block.height != height {
            return Err(self.nonsense("another block"));
        }
        Ok(block)
    }

    /// A transaction by its id, in a block of the chain or waiting; its bytes are checked against the id.
    pub(crate) async fn transaction(&self, txid: &Txid) -> Result<Option<Found>, ChainError> {
        #[derive(Deserialize)]
        struct Answer {
            hex: String,
            blockhash: Option<String>,
        }
        let answer = match self.ask("getrawtransaction", json!([txid.to_string(), true])).await {
            Ok(answer) => answer,
            Err(Failure::Answered { code: NOT_FOUND, .. }) => return Ok(None),
            Err(failure) => return Err(self.failed(failure)),
        };
        let other = |what: &str| self.nonsense(format!("getrawtransaction {what}"));
        let answer: Answer = serde_json::from_value(answer).map_err(|_| other("of another form"))?;
        let bytes = hex::decode(&answer.hex).map_err(|_| other("without hex"))?;
        let tx = wire::transaction(&bytes).ok_or_else(|| other("with bytes that are no transaction"))?;
        if tx.compute_txid() != *txid {
            return Err(other("of another id"));
        }
        Ok(Some(Found { tx, block: answer.blockhash }))
    }

    /// Whether an output is unspent in the chain, whatever waits; with the block that this was looked at.
    pub(crate) async fn is_unspent(&self, outpoint: &OutPoint) -> Result<Option<String>, ChainError> {
        #[derive(Deserialize)]
        struct Answer {
            bestblock: String,
        }
        let parameters = json!([outpoint.txid.to_string(), outpoint.vout, false]);
        let answer: Option<Answer> = self.typed("gettxout", parameters).await?;
        Ok(answer.map(|answer| answer.bestblock))
    }

    /// All unspent outputs of a script in the chain. Reads the node's whole set: a minute on mainnet.
    pub(crate) async fn scan(&self, script: &Script) -> Result<Scan, ChainError> {
        #[derive(Deserialize)]
        struct Answer {
            bestblock: String,
            unspents: Vec<Entry>,
        }
        #[derive(Deserialize)]
        struct Entry {
            txid: ReadTxid,
            vout: u32,
            amount: serde_json::Number,
            height: u64,
            #[serde(rename = "tokenData")]
            token: Option<Token>,
        }
        #[derive(Deserialize)]
        struct Token {
            category: String,
            nft: Option<Nft>,
        }
        #[derive(Deserialize)]
        struct Nft {
            capability: String,
        }
        let descriptor = format!("raw({})", hex::encode(script.as_bytes()));
        let answer: Answer = self.typed("scantxoutset", json!(["start", [descriptor]])).await?;
        let read = |entry: Entry| {
            let sats = decimal::sats(&entry.amount.to_string());
            let sats = sats.ok_or_else(|| self.nonsense(format!("{} BCH", entry.amount)))?;
            let outpoint = OutPoint { txid: entry.txid.0, vout: entry.vout };
            let (category, nft) = entry.token.map_or((None, None), |token| (Some(token.category), token.nft));
            let capability = nft.map(|nft| nft.capability);
            Ok(Unspent { outpoint, height: entry.height, sats, category, capability })
        };
        let unspents = answer.unspents.into_iter().map(read).collect::<Result<_, ChainError>>()?;
        Ok(Scan { best: answer.bestblock, unspents })
    }

    /// Satoshis for 1 000 bytes that the node relays for at least.
    pub(crate) async fn relay_fee(&self) -> Result<u64, ChainError> {
        #[derive(Deserialize)]
        struct Answer {
            relayfee: serde_json::Number,
        }
        let answer: Answer = self.typed("getnetworkinfo", json!([])).await?;
        let fee = decimal::sats(&answer.relayfee.to_string());
        fee.ok_or_else(|| self.nonsense(format!("a relay fee of {}", answer.relayfee)))
    }

    /// Sends a transaction. What the node has already is taken.
    pub(crate) async fn send(&self, bytes: &[u8]) -> Result<Sent, ChainError> {
        match self.ask("sendrawtransaction", json!([hex::encode(bytes)])).await {
            Ok(Value::String(_)) | Err(Failure::Answered { code: IN_CHAIN, .. }) => Ok(Sent::Taken),
            Ok(_) => Err(self.nonsense("sendrawtransaction without an id")),
            Err(Failure::Answered { code: MISSING, .. }) => Ok(Sent::Missing),
            Err(Failure::Answered { code: REFUSED, message }) => Ok(Sent::Refused(message)),
            Err(Failure::Answered { code, message }) => Ok(Sent::Refused(format!("error {code}: {message}"))),
            Err(Failure::Chain(error)) => Err(error),
        }
    }

    /// Why the node would not take a transaction now; none if it would.
    pub(crate) async fn objection(&self, tx: &Transaction) -> Result<Option<String>, ChainError> {
        #[derive(Deserialize)]
        struct Answer {
            allowed: bool,
            #[serde(rename = "reject-reason")]
            reason: Option<String>,
        }
        let answer: Vec<Answer> = self.typed("testmempoolaccept", json!([[hex::encode(serialize(tx))]])).await?;
        match answer.as_slice() {
            [one] if one.allowed => Ok(None),
            [one] => Ok(Some(one.reason.clone().unwrap_or_else(|| "no reason".to_owned()))),
            _ => Err(self.nonsense("testmempoolaccept without one answer")),
        }
    }
}

/// A transaction's id as nodes write it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct ReadTxid(Txid);

impl TryFrom<String> for ReadTxid {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("{text:?} is no transaction id"))
    }
}
