//! The HTTP endpoint: `GET /metrics`, one answer a connection. It can change nothing and asks for no password, so that it
//! listens on loopback addresses unless the operator says otherwise.

use super::Metrics;
use crate::blocking::blocking;
use crate::config::MetricsConfig;
use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// The longest head of a request, in bytes.
const MAX_HEAD: usize = 8 * 1024;
/// Headers that a request may have.
const MAX_HEADERS: usize = 64;
/// How long a connection may take from its first byte to the answer's last.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections at once; others wait in the system's queue.
const CONNECTIONS: usize = 8;
/// A pause after the system gave no connection: out of file descriptors, it would fail at once again.
const PAUSE: Duration = Duration::from_millis(200);

/// An endpoint that listens and does not answer yet.
pub(crate) struct Endpoint {
    listener: TcpListener,
    address: SocketAddr,
}

/// An answer: status line, content type, text.
type Answer = (&'static str, &'static str, String);

const PLAIN: &str = "text/plain; charset=utf-8";

impl Endpoint {
    /// Opens the port.
    ///
    /// # Errors
    /// The address is not a loopback one and the operator did not allow that; the system refuses it. In words.
    pub async fn bind(config: &MetricsConfig) -> Result<Endpoint, String> {
        let wanted = config.listen;
        config.check()?;
        let listener = TcpListener::bind(wanted).await.map_err(|error| {
            let taken = error.kind() == std::io::ErrorKind::AddrInUse;
            let remedy = if taken { "give each node its own port" } else { "configure an address of this machine" };
            format!("{wanted}: {error}; {remedy}")
        })?;
        let address = listener.local_addr().map_err(|error| format!("{wanted}: {error}"))?;
        Ok(Endpoint { listener, address })
    }

    /// Where it listens, with the port that the system gave.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until it is dropped.
    pub async fn serve(self, metrics: Arc<Metrics>) {
        let slots = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let Ok(slot) = slots.clone().acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let metrics = metrics.clone();
                    tokio::spawn(async move {
                        // Whoever goes away or is slow gets no answer, and needs none.
                        let _ = tokio::time::timeout(PATIENCE, converse(stream, metrics)).await;
                        drop(slot);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection for the metrics");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

async fn converse(mut stream: TcpStream, metrics: Arc<Metrics>) -> std::io::Result<()> {
    let mut head = Vec::with_capacity(1024);
    let (status, kind, text, with_body) = loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
        match understand(&head) {
            Understood::Incomplete => {}
            Understood::Wrong((status, kind, text)) => break (status, kind, text, true),
            Understood::Metrics { with_body } => {
                let (status, kind, text) = blocking(move || answer(&metrics)).await;
                break (status, kind, text, with_body);
            }
        }
    };
    let mut response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    if with_body {
        response.push_str(&text);
    }
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await
}

fn answer(metrics: &Metrics) -> Answer {
    match metrics.render() {
        Ok(text) => ("200 OK", CONTENT_TYPE, text),
        Err(error) => ("503 Service Unavailable", PLAIN, format!("{error}\n")),
    }
}

/// What was read so far.
#[derive(Debug, PartialEq, Eq)]
enum Understood {
    /// The head is not whole yet.
    Incomplete,
    /// Somebody wants the metrics; with the text, or its length alone.
    Metrics { with_body: bool },
    /// Anything else.
    Wrong(Answer),
}

fn understand(head: &[u8]) -> Understood {
    let wrong = |status, text: &str| Understood::Wrong((status, PLAIN, format!("{text}\n")));
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) if head.len() < MAX_HEAD => return Understood::Incomplete,
        _ => return wrong("400 Bad Request", "not a request that is understood here: GET /metrics"),
    }
    let path = request.path.unwrap_or_default();
    match (request.method.unwrap_or_default(), path.split('?').next().unwrap_or_default()) {
        (method @ ("GET" | "HEAD"), "/metrics") => Understood::Metrics { with_body: method == "GET" },
        ("GET" | "HEAD", _) => wrong("404 Not Found", "only /metrics is here"),
        _ => wrong("405 Method Not Allowed", "only GET and HEAD are understood here"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(head: &[u8]) -> &'static str {
        match understand(head) {
            Understood::Wrong((status, _, _)) => status,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_the_metrics_can_be_asked_for() {
        let get = b"GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\nAccept: text/plain\r\n\r\n";
        assert_eq!(understand(get), Understood::Metrics { with_body: true });
        assert_eq!(understand(b"HEAD /metrics HTTP/1.0\r\n\r\n"), Understood::Metrics { with_body: false });
        assert_eq!(understand(&get[..get.len() - 1]), Understood::Incomplete);
        assert!(status(b"GET / HTTP/1.1\r\n\r\n").starts_with("404"));
        assert!(status(b"GET /metrics/../key HTTP/1.1\r\n\r\n").starts_with("404"));
        assert!(status(b"POST /metrics HTTP/1.1\r\nContent-Length: 1\r\n\r\n").starts_with("405"));
        assert!(status(b"\x16\x03\x01\x02\x00\x01\x00").starts_with("400"), "TLS");
    }

    #[test]
    fn heads_are_bounded() {
        let long = [b"GET /metrics HTTP/1.1\r\nX: ".as_slice(), &[b'a'; MAX_HEAD]].concat();
        assert_eq!(understand(&long[..MAX_HEAD - 1]), Understood::Incomplete);
        assert!(status(&long).starts_with("400"));
        let many = [b"GET /metrics HTTP/1.1\r\n".as_slice(), b"X: y\r\n".repeat(MAX_HEADERS + 1).as_slice()].concat();
        assert!(status(&many).starts_with("400"));
    }

    #[tokio::test]
    async fn other_machines_are_let_in_only_on_purpose() {
        let config = |listen: &str, allow_remote| MetricsConfig { listen: listen.parse().unwrap(), allow_remote };
        for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:9464"] {
            let error = Endpoint::bind(&config(listen, false)).await.map(|_| ()).unwrap_err();
            assert!(error.contains(listen) && error.contains("allow_remote"), "{error}");
        }
        let open = Endpoint::bind(&config("0.0.0.0:0", true)).await.unwrap();
        assert_ne!(open.address().port(), 0);
        let own = Endpoint::bind(&config("127.0.0.1:0", false)).await.unwrap();
        let taken = Endpoint::bind(&config(&own.address().to_string(), false)).await.map(|_| ()).unwrap_err();
        assert!(taken.contains("give each node its own port"), "{taken}");
    }
}
