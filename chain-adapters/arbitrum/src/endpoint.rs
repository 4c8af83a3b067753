//! One node: its provider, its name without secrets, and what its failures mean.

use std::time::Duration;

use alloy::eips::BlockId;
use alloy::network::{Ethereum, TransactionBuilder};
use alloy::primitives::{Address, Bytes};
use alloy::providers::{Provider, ProviderBuilder, RootProvider};
use alloy::rpc::types::TransactionRequest;
use alloy::sol_types::SolCall;
use alloy::transports::http::reqwest::{self, Url};
use alloy::transports::{RpcError, TransportError, TransportErrorKind};
use liaise_chain_api::endpoint::{innermost, shown};
use liaise_chain_api::{ChainError, ChainId};

/// One node.
pub(crate) struct Endpoint {
    provider: RootProvider<Ethereum>,
    shown: String,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Endpoint {
    /// Prepares to talk to a node; sends nothing.
    pub(crate) fn new(endpoint: &str, timeout_ms: u64) -> Result<Self, ChainError> {
        let shown = shown(endpoint);
        let input = |detail: &str| ChainError::Input { what: "the endpoint", detail: detail.to_owned() };
        let url: Url = endpoint.parse().map_err(|_| input("it is no url: write http(s)://host:port/path"))?;
        let client = reqwest::Client::builder().timeout(Duration::from_millis(timeout_ms)).build();
        let client = client.map_err(|_| input("no http client can be built for it"))?;
        let provider = ProviderBuilder::new().disable_recommended_fillers().connect_reqwest(client, url);
        Ok(Self { provider, shown })
    }

    /// Its name without secrets.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// The node itself.
    pub(crate) fn provider(&self) -> &RootProvider<Ethereum> {
        &self.provider
    }

    /// Checks that the node serves the configured chain.
    pub(crate) async fn check_chain(&self, chain: &ChainId, chain_number: u64) -> Result<(), ChainError> {
        let found = self.provider.get_chain_id().await.map_err(|error| self.failure(error))?;
        if found == chain_number {
            return Ok(());
        }
        Err(ChainError::WrongChain {
            expected: chain.clone(),
            found: format!("eip155:{found}"),
            endpoint: self.shown.clone(),
        })
    }

    /// A view of a contract at a block.
    pub(crate) async fn view<C: SolCall>(&self, at: BlockId, to: Address, call: C) -> Result<C::Return, ChainError> {
        let request = TransactionRequest::default().with_to(to).with_input(call.abi_encode());
        let answer: Bytes = self.provider.call(request).block(at).await.map_err(|error| self.failure(error))?;
        C::abi_decode_returns(&answer).map_err(|_| self.nonsense(format!("{} returned other data", C::SIGNATURE)))
    }

    /// A view that the contract may not have: then it reverts, or returns other data.
    pub(crate) async fn view_if_any<C: SolCall>(
        &self,
        at: BlockId,
        to: Address,
        call: C,
    ) -> Result<Option<C::Return>, ChainError> {
        let request = TransactionRequest::default().with_to(to).with_input(call.abi_encode());
        match self.provider.call(request).block(at).await {
            Ok(answer) => Ok(C::abi_decode_returns(&answer).ok()),
            // EIP-1474 has no code for a revert; nodes use 3, and say so
            Err(RpcError::ErrorResp(payload)) if payload.code == 3 || payload.message.contains("revert") => Ok(None),
            Err(error) => Err(self.failure(error)),
        }
    }

    /// A contract's code at a block; empty where there is none.
    pub(crate) async fn code(&self, at: BlockId, of: Address) -> Result<Bytes, ChainError> {
        self.provider.get_code_at(of).block_id(at).await.map_err(|error| self.failure(error))
    }

    /// An answer that can't be true.
    pub(crate) fn nonsense(&self, detail: impl Into<String>) -> ChainError {
        ChainError::BadAnswer { endpoint: self.shown.clone(), detail: detail.into() }
    }

    /// What a failed request means.
    pub(crate) fn failure(&self, error: TransportError) -> ChainError {
        match error {
            RpcError::Transport(kind) => {
                ChainError::Unreachable { endpoint: self.shown.clone(), detail: transport_detail(&kind) }
            }
            RpcError::ErrorResp(payload) => self.nonsense(format!("error {}: {}", payload.code, payload.message)),
            RpcError::NullResp => self.nonsense("null where an answer must be"),
            RpcError::DeserError { .. } => self.nonsense("an answer of another form"),
            other => self.nonsense(other.to_string()),
        }
    }
}

/// What happened on the way, without the address: the transport's own words repeat the whole url.
fn transport_detail(kind: &TransportErrorKind) -> String {
    if let TransportErrorKind::HttpError(http) | TransportErrorKind::HttpErrorWithRetryAfter { error: http, .. } = kind
    {
        return format!("http status {}", http.status);
    }
    innermost(kind)
}
