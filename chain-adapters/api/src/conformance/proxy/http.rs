//! As much of HTTP/1.1 as a JSON-RPC client and its node speak.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest head that is read, bytes.
const LONGEST_HEAD: usize = 64 << 10;

/// The body of the next request on a connection; none when the client has closed it.
pub(super) async fn read_request(stream: &mut TcpStream) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let body_at = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if bytes.len() > LONGEST_HEAD {
            return Err(Error::new(ErrorKind::InvalidData, "a head without an end"));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return if bytes.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
        }
    };
    let length = content_length(&bytes[..body_at])?;
    let mut body = bytes.split_off(body_at);
    let missing = length.saturating_sub(body.len());
    let start = body.len();
    body.resize(start + missing, 0);
    stream.read_exact(&mut body[start..]).await?;
    Ok(Some(body))
}

fn content_length(head: &[u8]) -> Result<usize> {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = value.and_then(|value| value.trim().parse().ok());
    length.ok_or_else(|| Error::new(ErrorKind::InvalidData, "a request without a content-length"))
}

/// Sends a body to a node on a connection of its own and returns the body of the answer.
pub(super) async fn ask(node: &str, body: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(node).await?;
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {node}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let at = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let at = at.ok_or_else(|| Error::new(ErrorKind::InvalidData, "an answer without a head"))?;
    Ok(answer.split_off(at + 4))
}

/// Answers with a body that claims to be `length` bytes long.
pub(super) async fn answer(stream: &mut TcpStream, status: u16, body: &[u8], length: usize) -> Result<()> {
    let head = format!("HTTP/1.1 {status} told\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat()).await
}
