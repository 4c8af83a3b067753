//! Connections: each request meets its fault, or passes.

use std::io::Result;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::fault::Fault;
use super::http;
use super::{Desk, Forwarded};

/// Serves until it is aborted, and its connections with it.
pub(super) async fn listen(listener: TcpListener, desk: Arc<Desk>) {
    let mut connections = JoinSet::new();
    loop {
        // a client that is gone before it was accepted is no reason to stop
        let Ok((stream, _)) = listener.accept().await else { continue };
        let desk = desk.clone();
        connections.spawn(async move {
            // a connection that breaks is what this proxy is for: the client sees it
            let _ = serve(stream, &desk).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(mut stream: TcpStream, desk: &Desk) -> Result<()> {
    stream.set_nodelay(true)?;
    while let Some(body) = http::read_request(&mut stream).await? {
        let request: Value = serde_json::from_slice(&body)?;
        let fault = desk.fault_of(&request);
        let met = fault.is_some();
        let response = desk.respond(&request, fault).await;
        desk.met.send_modify(|count| *count += usize::from(met));
        match response {
            Response::Body(status, body) => http::answer(&mut stream, status, &body, body.len()).await?,
            Response::Half(body) => return http::answer(&mut stream, 200, &body[..body.len() / 2], body.len()).await,
            Response::Reset => {
                stream.set_zero_linger()?;
                return Ok(());
            }
            Response::None => std::future::pending().await,
        }
    }
    Ok(())
}

enum Response {
    Body(u16, Vec<u8>),
    /// The first half of a body that was announced whole.
    Half(Vec<u8>),
    Reset,
    None,
}

impl Desk {
    /// The fault that a request meets.
    fn fault_of(&self, request: &Value) -> Option<Fault> {
        let method = request["method"].as_str().unwrap_or_default();
        let mut state = self.state();
        let mut found = None;
        for (rule, seen) in &mut state.rules {
            if !rule.fits(method, &request["params"]) {
                continue;
            }
            let number = *seen;
            *seen += 1;
            if found.is_none() && rule.calls.contains(&number) {
                found = Some(rule.fault.clone());
            }
        }
        found
    }

    async fn respond(&self, request: &Value, fault: Option<Fault>) -> Response {
        let params = &request["params"];
        let fine = |body: Vec<u8>| Response::Body(200, body);
        let result = |result: Value| fine(reply(request, "result", result));
        let refusal = |code, message| fine(reply(request, "error", json!({ "code": code, "message": message })));
        match fault {
            None => fine(self.pass_on(request).await),
            Some(Fault::Status(status)) => Response::Body(status, Vec::new()),
            Some(Fault::Reset) => Response::Reset,
            Some(Fault::Silence) => Response::None,
            Some(Fault::Error { code, message }) => refusal(code, message),
            Some(Fault::Garbage) => fine(b"<html>502 Bad Gateway</html>".to_vec()),
            Some(Fault::Swallowed(made)) => result(made(params, Value::Null)),
            Some(Fault::Late(made)) => {
                self.state().late.push(request.clone());
                result(made(params, Value::Null))
            }
            Some(Fault::Unheard) => {
                self.pass_on(request).await;
                Response::None
            }
            Some(Fault::Truncated) => Response::Half(self.pass_on(request).await),
            Some(Fault::Lost) => {
                self.pass_on(request).await;
                Response::Reset
            }
            Some(Fault::Denied { code, message }) => {
                self.pass_on(request).await;
                refusal(code, message)
            }
            Some(Fault::Twice) => {
                self.pass_on(request).await;
                fine(self.pass_on(request).await)
            }
            Some(Fault::Ask(made)) => {
                let mut other = request.clone();
                other["params"] = made(params, Value::Null);
                fine(self.pass_on(&other).await)
            }
            Some(Fault::Answer(made)) => {
                let honest: Value = serde_json::from_slice(&self.pass_on(request).await).unwrap_or(Value::Null);
                result(made(params, honest["result"].clone()))
            }
        }
    }

    /// Passes a request on, and after it what was held back for a request of its method.
    async fn pass_on(&self, request: &Value) -> Vec<u8> {
        let late: Vec<Value> = {
            let mut state = self.state();
            let (due, kept) = std::mem::take(&mut state.late).into_iter().partition(|late| same_method(late, request));
            state.late = kept;
            due
        };
        let answer = self.forward(request).await;
        for request in late {
            self.forward(&request).await;
        }
        answer
    }

    /// Sends a request to the node; a node that can't be reached is an empty answer.
    pub(super) async fn forward(&self, request: &Value) -> Vec<u8> {
        let method = request["method"].as_str().unwrap_or_default().to_owned();
        self.state().forwarded.push(Forwarded { method, params: request["params"].clone() });
        http::ask(&self.node, request.to_string().as_bytes()).await.unwrap_or_default()
    }
}

fn same_method(one: &Value, other: &Value) -> bool {
    one["method"] == other["method"]
}

fn reply(request: &Value, key: &str, value: Value) -> Vec<u8> {
    let mut reply = json!({ "jsonrpc": "2.0", "id": request["id"] });
    reply[key] = value;
    reply.to_string().into_bytes()
}
