//! Single requests, byte by byte as they are: for checks, for waiting until something is ready, for streams.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Lower-case names.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// GET on a new connection.
pub(super) fn get(port: u16, path: &str, token: Option<&str>) -> anyhow::Result<Answer> {
    send(port, "GET", path, token, b"")
}

/// Any request on a new connection.
pub(super) fn send(port: u16, method: &str, path: &str, token: Option<&str>, body: &[u8]) -> anyhow::Result<Answer> {
    let mut stream = open(port, method, path, token, "connection: close\r\n", body)?;
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        let length = stream.read(&mut buffer)?;
        bytes.extend_from_slice(&buffer[..length]);
        if let Some(answer) = parse(&bytes)? {
            return Ok(answer);
        }
        ensure!(length > 0, "the answer is cut off after {} bytes", bytes.len());
    }
}

/// Sends a request and leaves the answer unread.
pub(super) fn open(
    port: u16,
    method: &str,
    path: &str,
    token: Option<&str>,
    more: &str,
    body: &[u8],
) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let bearer = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let head = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{bearer}{length}{more}\r\n");
    stream.write_all(&[head.as_bytes(), body].concat())?;
    Ok(stream)
}

/// `None` until the answer is whole.
fn parse(bytes: &[u8]) -> anyhow::Result<Option<Answer>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(bytes)? else { return Ok(None) };
    let status = response.code.context("an answer without a status")?;
    let headers = response
        .headers
        .iter()
        .map(|header| (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).into_owned()))
        .collect();
    let mut answer = Answer { status, headers, body: Vec::new() };
    let body = &bytes[head..];
    let whole = if answer.header("transfer-encoding").is_some() {
        unchunk(body)?
    } else {
        let length = answer.header("content-length").context("an answer without a length")?.parse()?;
        body.get(..length).map(<[u8]>::to_vec)
    };
    Ok(whole.map(|body| {
        answer.body = body;
        answer
    }))
}

fn unchunk(mut bytes: &[u8]) -> anyhow::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    loop {
        let Ok(parsed) = httparse::parse_chunk_size(bytes) else { bail!("a chunk is malformed") };
        let httparse::Status::Complete((head, size)) = parsed else { return Ok(None) };
        let size = usize::try_from(size)?;
        if size == 0 {
            return Ok(Some(body));
        }
        let (Some(part), Some(rest)) = (bytes.get(head..head + size), bytes.get(head + size + 2..)) else {
            return Ok(None);
        };
        body.extend_from_slice(part);
        bytes = rest;
    }
}
