//! One node: its client, its name without secrets, and what its failures mean.

use std::error::Error as _;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use liaise_chain_api::endpoint::{innermost, shown};
use liaise_chain_api::{At, ChainError, ChainId};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use solana_account_decoder_client_types::{UiAccount, UiAccountData, UiAccountEncoding};
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client_api::client_error::{Error, ErrorKind, reqwest};
use solana_rpc_client_api::request::{RpcError, RpcRequest};

/// Characters of the genesis block's hash that are a chain's CAIP-2 reference.
const REFERENCE: usize = 32;

/// The commitment that stands for a block, as requests carry it.
pub(crate) fn commitment(at: At) -> &'static str {
    match at {
        // what a supermajority has voted for: newer slots are dropped every day
        At::Latest => "confirmed",
        At::Final => "finalized",
    }
}

/// A node's own refusal.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) code: i64,
    pub(crate) message: String,
}

/// One node.
pub(crate) struct Endpoint {
    client: RpcClient,
    shown: String,
    patience: Duration,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Endpoint {
    /// Prepares to talk to a node; sends nothing.
    pub(crate) fn new(endpoint: &str, timeout_ms: u64) -> Result<Self, ChainError> {
        if !["http://", "https://"].iter().any(|scheme| endpoint.starts_with(scheme)) {
            let detail = "it is no url: write http(s)://host:port/path".to_owned();
            return Err(ChainError::Input { what: "the endpoint", detail });
        }
        let patience = Duration::from_millis(timeout_ms);
        // every request names its commitment itself
        let client = RpcClient::new_with_timeout(endpoint.to_owned(), patience);
        Ok(Self { client, shown: shown(endpoint), patience })
    }

    /// Its name without secrets.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// A request.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, request: RpcRequest, params: Value) -> Result<T, ChainError> {
        let answer = self.try_ask(request, params).await?;
        answer.map_err(|Refused { code, message }| self.nonsense(format!("error {code}: {message}")))
    }

    /// A request that the node may refuse for reasons that mean something.
    pub(crate) async fn try_ask<T: DeserializeOwned>(
        &self,
        request: RpcRequest,
        params: Value,
    ) -> Result<Result<T, Refused>, ChainError> {
        // the client waits by itself where a node says "too many requests", as long as the node says
        match tokio::time::timeout(self.patience, self.client.send(request, params)).await {
            Err(_) => Err(self.unreachable("no answer in time")),
            Ok(Ok(answer)) => Ok(Ok(answer)),
            Ok(Err(error)) => self.failure(error).map(Err),
        }
    }

    /// Checks that the node serves the configured chain.
    pub(crate) async fn check_chain(&self, chain: &ChainId) -> Result<(), ChainError> {
        let genesis: String = self.ask(RpcRequest::GetGenesisHash, json!([])).await?;
        let reference = reference(&genesis);
        if reference == chain.reference() {
            return Ok(());
        }
        Err(ChainError::WrongChain {
            expected: chain.clone(),
            found: format!("solana:{reference}"),
            endpoint: self.shown.clone(),
        })
    }

    /// An account's bytes, in base64 as all requests ask for. The client would read more: base58, which takes time in the square
    /// of its length, and what is compressed, which can become a thousand times as long.
    pub(crate) fn content(&self, account: &UiAccount) -> Result<Vec<u8>, ChainError> {
        let bytes = match &account.data {
            UiAccountData::Binary(text, UiAccountEncoding::Base64) => BASE64_STANDARD.decode(text).ok(),
            _ => None,
        };
        bytes.ok_or_else(|| self.nonsense("account data that is no base64"))
    }

    /// An answer that can't be true.
    pub(crate) fn nonsense(&self, detail: impl Into<String>) -> ChainError {
        ChainError::BadAnswer { endpoint: self.shown.clone(), detail: detail.into() }
    }

    /// One that asks `sender` instead of a node.
    #[cfg(feature = "fuzz")]
    pub(crate) fn of_sender(sender: impl solana_rpc_client::rpc_sender::RpcSender + Send + Sync + 'static) -> Self {
        let client = RpcClient::new_sender(sender, Default::default());
        Self { client, shown: "a sender".to_owned(), patience: Duration::from_secs(10) }
    }

    fn unreachable(&self, detail: impl Into<String>) -> ChainError {
        ChainError::Unreachable { endpoint: self.shown.clone(), detail: detail.into() }
    }

    /// What a failed request means: the node's refusal, or no answer, or one that can't be read.
    fn failure(&self, error: Error) -> Result<Refused, ChainError> {
        Err(match *error.kind {
            ErrorKind::RpcError(RpcError::RpcResponseError { code, message, .. }) => {
                return Ok(Refused { code, message });
            }
            ErrorKind::Io(error) => self.unreachable(error.to_string()),
            ErrorKind::Reqwest(error) if is_no_json(&error) => self.nonsense("an answer that is no JSON"),
            ErrorKind::Reqwest(error) => {
                let status = error.status().map(|status| format!("http status {}", status.as_u16()));
                // the transport's own words repeat the whole url
                self.unreachable(status.unwrap_or_else(|| innermost(&error.without_url())))
            }
            _ => self.nonsense("an answer of another form"),
        })
    }
}

/// The part of a genesis block's hash that names its chain.
pub(crate) fn reference(genesis: &str) -> &str {
    genesis.get(..REFERENCE).unwrap_or(genesis)
}

/// Whether a whole answer came and could not be read.
fn is_no_json(error: &reqwest::Error) -> bool {
    error.source().is_some_and(|source| source.is::<serde_json::Error>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 4 MiB of zeros as zstd compresses them.
    const ZEROS: &str = concat!(
        "KLUv/QRoTAAACAABAPz/ORACAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAAC",
        "ABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAwAQACidvHw="
    );

    #[test]
    fn an_accounts_bytes_come_in_base64_alone() {
        let endpoint = Endpoint::new("http://127.0.0.1:1", 1).expect("a url");
        let content = |data: Value| {
            let account = json!({"lamports": 1, "data": data, "owner": "1", "executable": false, "rentEpoch": 0});
            endpoint.content(&serde_json::from_value(account).expect("an account"))
        };
        assert_eq!(content(json!(["AQI=", "base64"])).expect("read"), [1, 2]);
        // the client's own decoder would make 4 MiB of these 144 bytes, and read base58
        for data in [json!([ZEROS, "base64+zstd"]), json!(["2", "base58"]), json!("2")] {
            assert!(matches!(content(data), Err(ChainError::BadAnswer { .. })));
        }
    }

    #[test]
    fn the_whole_hash_of_a_short_genesis_is_the_reference() {
        let mainnet = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d";
        assert_eq!(reference(mainnet), "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp");
        assert_eq!(reference("abc"), "abc");
    }
}
