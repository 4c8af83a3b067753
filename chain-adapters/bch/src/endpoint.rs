//! One node: JSON-RPC over HTTP, its name without secrets, and what its failures mean.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use liaise_chain_api::ChainError;
use liaise_chain_api::endpoint::{innermost, shown};
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use serde_json::{Value, json};

/// Bytes of the largest answer that is read: a full block of 32 MB as JSON stays below.
const LARGEST_ANSWER: usize = 512 << 20;

/// One node.
pub(crate) struct Endpoint {
    wire: Wire,
    shown: String,
    asked: AtomicU64,
}

/// Where answers come from.
enum Wire {
    Http {
        client: Client,
        url: Url,
        user: String,
        password: Option<String>,
    },
    #[cfg(feature = "fuzz")]
    Given(crate::fuzz::Answers),
}

/// What a call failed with.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The node's own error.
    Answered {
        code: i64,
        message: String,
    },
    Chain(ChainError),
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
        let bad_url = || input("it is no url: write http(s)://user:password@host:port");
        let mut url: Url = endpoint.parse().map_err(|_| bad_url())?;
        let user = url.username().to_owned();
        let password = url.password().map(ToOwned::to_owned);
        // they go into a header, and no error of the client can repeat them
        url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| bad_url())?;
        let client = Client::builder().timeout(Duration::from_millis(timeout_ms)).no_proxy().build();
        let client = client.map_err(|_| input("no http client can be built for it"))?;
        Ok(Self { wire: Wire::Http { client, url, user, password }, shown, asked: AtomicU64::new(0) })
    }

    /// One whose answers are given.
    #[cfg(feature = "fuzz")]
    pub(crate) fn given(answers: crate::fuzz::Answers) -> Self {
        Self { wire: Wire::Given(answers), shown: "given answers".to_owned(), asked: AtomicU64::new(0) }
    }

    /// Its name without secrets.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// The result of a call that may be refused in ways that mean something.
    pub(crate) async fn ask(&self, method: &str, parameters: Value) -> Result<Value, Failure> {
        let id = self.asked.fetch_add(1, Ordering::Relaxed);
        match &self.wire {
            Wire::Http { client, url, user, password } => {
                let body = json!({ "jsonrpc": "1.0", "id": id, "method": method, "params": parameters }).to_string();
                let mut request = client.post(url.clone()).header("content-type", "application/json").body(body);
                if !user.is_empty() || password.is_some() {
                    request = request.basic_auth(user, password.as_ref());
                }
                let (status, text) = self.receive(request).await.map_err(Failure::Chain)?;
                self.read(status, &text, id)
            }
            #[cfg(feature = "fuzz")]
            Wire::Given(answers) => answers.next(self),
        }
    }

    async fn receive(&self, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), ChainError> {
        let unreachable = |error: reqwest::Error| self.unreachable(error);
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let mut text = Vec::new();
        while let Some(part) = response.chunk().await.map_err(unreachable)? {
            if text.len() + part.len() > LARGEST_ANSWER {
                return Err(self.nonsense("an answer of more than 512 MiB"));
            }
            text.extend_from_slice(&part);
        }
        Ok((status, text))
    }

    /// The result in an answer to the question of this number.
    pub(crate) fn read(&self, status: StatusCode, text: &[u8], id: u64) -> Result<Value, Failure> {
        let answer = match serde_json::from_slice::<Value>(text) {
            // a node's error comes with status 500 or 404 and a body
            Ok(answer) if status.is_success() || answer["error"].is_object() => answer,
            _ if status.as_u16() == 401 || status.as_u16() == 403 => {
                let detail = format!("http status {status}: check user and password of the endpoint");
                return Err(Failure::Chain(ChainError::Unreachable { endpoint: self.shown.clone(), detail }));
            }
            Ok(_) | Err(_) if !status.is_success() => {
                let detail = format!("http status {}", status.as_u16());
                return Err(Failure::Chain(ChainError::Unreachable { endpoint: self.shown.clone(), detail }));
            }
            _ => return Err(Failure::Chain(self.nonsense("an answer that is no JSON"))),
        };
        let Value::Object(mut answer) = answer else {
            return Err(Failure::Chain(self.nonsense("an answer of another form")));
        };
        if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
            let code = error["code"].as_i64().unwrap_or_default();
            let message = error["message"].as_str().unwrap_or("no message").to_owned();
            return Err(Failure::Answered { code, message });
        }
        if answer.get("id") != Some(&json!(id)) {
            return Err(Failure::Chain(self.nonsense("an answer to another question")));
        }
        answer.remove("result").ok_or_else(|| Failure::Chain(self.nonsense("an answer without a result")))
    }

    /// The result of a call that a node of this chain does not refuse.
    pub(crate) async fn call(&self, method: &str, parameters: Value) -> Result<Value, ChainError> {
        self.ask(method, parameters).await.map_err(|failure| self.failed(failure))
    }

    /// What a failure means where no refusal is expected.
    pub(crate) fn failed(&self, failure: Failure) -> ChainError {
        match failure {
            Failure::Chain(error) => error,
            Failure::Answered { code, message } => self.nonsense(format!("error {code}: {message}")),
        }
    }

    /// An answer that can't be true.
    pub(crate) fn nonsense(&self, detail: impl Into<String>) -> ChainError {
        ChainError::BadAnswer { endpoint: self.shown.clone(), detail: detail.into() }
    }

    fn unreachable(&self, error: reqwest::Error) -> ChainError {
        let detail = innermost(&error.without_url());
        ChainError::Unreachable { endpoint: self.shown.clone(), detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scheme_host_and_port_are_shown() {
        let endpoint = Endpoint::new("http://user:pass@127.0.0.1:8332/KEY", 1).expect("a url");
        assert_eq!(format!("{endpoint:?}"), "http://127.0.0.1:8332");
    }
}
