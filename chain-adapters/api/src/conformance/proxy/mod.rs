//! A proxy before a chain's real node that fails, lags and lies as it is told.
//!
//! JSON-RPC over HTTP/1.1, one request in one message; it knows no chain. Faults of a chain's own answers (a receipt with
//! another status, an older block) are closures that the chain's tests bring along as [`Fault::Ask`] and
//! [`Fault::Answer`].

mod fault;
mod http;
mod serve;

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use fault::{Fault, Rewrite, Rule};

/// A listening proxy; it and all its connections end when it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    url: String,
    desk: Arc<Desk>,
    listening: JoinHandle<()>,
}

/// A request as the node got it.
#[derive(Clone, Debug, PartialEq)]
pub struct Forwarded {
    /// Its method.
    pub method: String,
    /// Its parameters.
    pub params: Value,
}

/// What the connections share.
#[derive(Debug)]
struct Desk {
    /// host:port of the node.
    node: String,
    state: Mutex<State>,
    /// How many requests met a fault, and the node had what it was to have of them.
    met: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<(Rule, usize)>,
    /// Requests that the node is to get later.
    late: Vec<Value>,
    forwarded: Vec<Forwarded>,
}

impl FaultProxy {
    /// Listens on a free port of loopback and passes everything on to a node at `host:port`, unharmed until
    /// [`arm`](Self::arm) is called.
    ///
    /// # Panics
    /// Where loopback has no free port.
    pub async fn start(node: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let desk = Desk { node: node.to_owned(), state: Mutex::default(), met: watch::Sender::new(0) };
        let desk = Arc::new(desk);
        let listening = tokio::spawn(serve::listen(listener, desk.clone()));
        Self { url, desk, listening }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Adds a rule; of several that fit a request the one that was armed first acts.
    pub fn arm(&self, rule: Rule) {
        self.desk.state().rules.push((rule, 0));
    }

    /// Takes all rules away and sends the node what was held back for it.
    pub async fn lift(&self) {
        let late = {
            let mut state = self.desk.state();
            state.rules.clear();
            std::mem::take(&mut state.late)
        };
        for request in late {
            self.desk.forward(&request).await;
        }
    }

    /// How many requests met a fault.
    pub fn met(&self) -> usize {
        *self.desk.met.borrow()
    }

    /// Waits until more than `number` requests have met a fault: the last of them is not answered yet.
    pub async fn until_met(&self, number: usize) {
        let mut met = self.desk.met.subscribe();
        met.wait_for(|met| *met > number).await.expect("the proxy outlives this call");
    }

    /// What the node got of a method, in order.
    pub fn forwarded(&self, method: &str) -> Vec<Forwarded> {
        self.desk.state().forwarded.iter().filter(|request| request.method == method).cloned().collect()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}
