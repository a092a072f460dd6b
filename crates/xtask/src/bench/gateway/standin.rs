//! The service behind every proxy: one thread, few system calls, the same answers to all. It runs as a process of its own
//! (`cargo xtask bench-standin`), pinned to the core of the load generator.

use std::collections::HashMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

/// What a read takes at most.
const READ: usize = 64 * 1024;
const LISTENER: Token = Token(0);

/// Where the stand-in answers, and with what.
pub(crate) mod paths {
    /// A short JSON answer.
    pub(crate) const SMALL: &str = "/api/v1/bench/small";
    /// An answer of 100 KiB.
    pub(crate) const BODY: &str = "/api/v1/bench/body";
    /// Reads the body and says how long it was.
    pub(crate) const UPLOAD: &str = "/api/v1/bench/upload";
    /// One event at once; the next for all streams when [`PUBLISH`] is called.
    pub(crate) const EVENTS: &str = "/api/v1/bench/events";
    /// Sends the second event. Not behind a proxy.
    pub(crate) const PUBLISH: &str = "/publish";
}

/// The body of [`paths::SMALL`].
pub(crate) const SMALL: &str = r#"{"id":"0193c1a2-7d1e-7c3a-9b54-2f6f0f4f9a11","name":"payments","status":"building","milestone":3,"open_questions":0}"#;
/// The bytes of a large body, both ways.
pub(crate) const LARGE: usize = 100 * 1024;
/// What every stream starts with.
pub(crate) const FIRST_EVENT: &str = "id: 1\ndata: first\n\n";
/// What every stream gets later.
pub(crate) const SECOND_EVENT: &str = "id: 2\ndata: second\n\n";

/// How the stand-in process is started.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[arg(long)]
    port: u16,
    /// The key set that `/api/v1/auth/jwks.json` answers.
    #[arg(long)]
    jwks: PathBuf,
}

/// The body of [`paths::BODY`].
pub(crate) fn large_body() -> String {
    "0123456789abcdef".repeat(LARGE / 16)
}

/// Serves until it is killed.
pub(crate) fn serve(arguments: &Arguments) -> anyhow::Result<()> {
    let jwks = std::fs::read_to_string(&arguments.jwks).context("cannot read the key set")?;
    let mut standin = Standin::new(arguments.port, &jwks)?;
    let mut events = Events::with_capacity(1024);
    loop {
        if let Err(error) = standin.poll.poll(&mut events, None) {
            if crate::shell::interrupted() {
                return Ok(());
            }
            return Err(error.into());
        }
        for event in &events {
            if event.token() == LISTENER {
                standin.accept()?;
            } else {
                standin.advance(event.token());
            }
        }
    }
}

struct Standin {
    poll: Poll,
    listener: TcpListener,
    connections: HashMap<Token, Connection>,
    next: usize,
    answers: HashMap<&'static str, Arc<[u8]>>,
    buffer: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    /// The beginning of a request whose head is not complete.
    head: Vec<u8>,
    body: Option<Body>,
    /// An answer that did not fit into the socket's buffer, and how much of it is sent.
    unsent: Option<(Arc<[u8]>, usize)>,
    streaming: bool,
}

/// A body that is being read.
struct Body {
    path: &'static str,
    received: u64,
    left: u64,
}

impl Standin {
    fn new(port: u16, jwks: &str) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let answers = HashMap::from([
            (paths::SMALL, json(SMALL)),
            (paths::BODY, answer("text/plain", &large_body())),
            ("/api/v1/auth/jwks.json", json(jwks)),
            ("/health/ready", json(r#"{"status":"ok","version":"0","checks":{}}"#)),
            (paths::PUBLISH, json("{}")),
            (
                paths::EVENTS,
                format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n{}",
                    chunk(FIRST_EVENT)
                )
                .into_bytes()
                .into(),
            ),
        ]);
        Ok(Self { poll, listener, connections: HashMap::new(), next: 1, answers, buffer: vec![0; READ] })
    }

    fn accept(&mut self) -> anyhow::Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let token = Token(self.next);
            self.next += 1;
            self.poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            self.connections
                .insert(token, Connection { stream, head: Vec::new(), body: None, unsent: None, streaming: false });
        }
    }

    /// Reads and writes what can be; a connection that failed or ended is forgotten.
    fn advance(&mut self, token: Token) {
        let Some(connection) = self.connections.get_mut(&token) else { return };
        let mut publish = false;
        if !connection.advance(&self.answers, &mut self.buffer, &mut publish).unwrap_or(false) {
            self.connections.remove(&token);
        }
        if publish {
            let event: Arc<[u8]> = chunk(SECOND_EVENT).into_bytes().into();
            self.connections.retain(|_, other| !other.streaming || other.send(Arc::clone(&event)).is_ok());
        }
    }
}

impl Connection {
    /// Whether the connection lives on.
    fn advance(
        &mut self,
        answers: &HashMap<&'static str, Arc<[u8]>>,
        buffer: &mut [u8],
        publish: &mut bool,
    ) -> anyhow::Result<bool> {
        if let Some((bytes, sent)) = self.unsent.take() {
            self.write(bytes, sent)?;
        }
        loop {
            let length = match self.stream.read(buffer) {
                Ok(0) => return Ok(false),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error.into()),
            };
            self.take(&buffer[..length], answers, publish)?;
            // Less than was asked for: the socket is empty, and the next bytes raise an event (epoll(7)).
            if length < buffer.len() {
                return Ok(true);
            }
        }
    }

    fn take(
        &mut self,
        mut bytes: &[u8],
        answers: &HashMap<&'static str, Arc<[u8]>>,
        publish: &mut bool,
    ) -> anyhow::Result<()> {
        while !bytes.is_empty() {
            if let Some(body) = &mut self.body {
                let part = body.left.min(bytes.len() as u64);
                body.left -= part;
                body.received += part;
                bytes = bytes.get(usize::try_from(part)?..).unwrap_or_default();
                self.finish_body(answers)?;
                continue;
            }
            let before = self.head.len();
            self.head.extend_from_slice(bytes);
            let Some(head) = Head::parse(&self.head)? else { return Ok(()) };
            bytes = bytes.get(head.length - before..).unwrap_or_default();
            self.head.clear();
            let path = answers.keys().copied().chain([paths::UPLOAD]).find(|path| *path == head.path);
            let path = path.with_context(|| format!("nobody should ask for `{}`", head.path))?;
            if head.body == 0 && path != paths::UPLOAD {
                *publish |= path == paths::PUBLISH;
                self.streaming |= path == paths::EVENTS;
                self.send(Arc::clone(&answers[path]))?;
            } else {
                self.body = Some(Body { path, received: 0, left: head.body });
                self.finish_body(answers)?;
            }
        }
        Ok(())
    }

    fn finish_body(&mut self, answers: &HashMap<&'static str, Arc<[u8]>>) -> anyhow::Result<()> {
        let Some(body) = self.body.take_if(|body| body.left == 0) else { return Ok(()) };
        if body.path == paths::UPLOAD {
            self.send(json(&format!(r#"{{"received":{}}}"#, body.received)))
        } else {
            self.send(Arc::clone(&answers[body.path]))
        }
    }

    fn send(&mut self, bytes: Arc<[u8]>) -> anyhow::Result<()> {
        anyhow::ensure!(self.unsent.is_none(), "a second request came before the first was answered");
        self.write(bytes, 0)
    }

    fn write(&mut self, bytes: Arc<[u8]>, mut sent: usize) -> anyhow::Result<()> {
        while sent < bytes.len() {
            match self.stream.write(&bytes[sent..]) {
                Ok(length) => sent += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.unsent = Some((bytes, sent));
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// What matters of a request's head.
struct Head {
    path: String,
    /// Bytes of the head itself.
    length: usize,
    /// Bytes of the body.
    body: u64,
}

impl Head {
    /// `None` until the head is complete.
    fn parse(bytes: &[u8]) -> anyhow::Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; 48];
        let mut request = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(length) = request.parse(bytes)? else { return Ok(None) };
        let mut body = 0;
        for header in &*request.headers {
            if header.name.eq_ignore_ascii_case("content-length") {
                body = std::str::from_utf8(header.value)?.parse()?;
            }
            // No client here sends one, so that every proxy has the same work.
            anyhow::ensure!(
                !header.name.eq_ignore_ascii_case("transfer-encoding"),
                "a body of known length became chunked"
            );
        }
        Ok(Some(Self { path: request.path.unwrap_or_default().to_owned(), length, body }))
    }
}

fn json(body: &str) -> Arc<[u8]> {
    answer("application/json", body)
}

fn answer(content_type: &str, body: &str) -> Arc<[u8]> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
        .into()
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}
