//! The gateway's process, and clients that write bytes.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::upstream::{Seen, Upstream};

/// Longer than anything that should happen, so that a test fails instead of hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// An ordinary request: once it has got through, so has everything before it.
const MARKER: &str = "/x/marker";

/// A service behind, and the gateway before it.
pub(crate) struct Door {
    gateway: Child,
    port: u16,
    pub(crate) upstream: Upstream,
    folder: tempfile::TempDir,
}

const ROUTES: &str = r#"
[limits]
test = { per_minute = 60000000, burst = 1000000 }

[upstreams.notification]
servers = ["$NOTIFICATION_URL"]

[[route]]
name = "x"
prefix = "/x/"
upstream = "notification"
auth = "public"
limit = "test"
body_limit_bytes = 33554432

[[route]]
name = "small"
prefix = "/small/"
upstream = "notification"
auth = "public"
limit = "test"
body_limit_bytes = 1000

[[route]]
name = "hasty"
prefix = "/hasty/"
upstream = "notification"
auth = "public"
limit = "test"
timeout_seconds = 1

[[route]]
name = "stream"
prefix = "/stream/"
upstream = "notification"
auth = "public"
limit = "test"
timeout_seconds = 0
idle_seconds = 0

[[route]]
name = "drip"
prefix = "/drip/"
upstream = "notification"
auth = "public"
limit = "test"
idle_seconds = 2
"#;

impl Door {
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("routes.toml"), ROUTES).unwrap();
        let upstream = Upstream::start();
        let (gateway, port) = start(folder.path(), upstream.port);
        Self { gateway, port, upstream, folder }
    }

    /// A new connection.
    pub(crate) fn connect(&self) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream, unread: Vec::new() }
    }

    /// Writes `bytes` on a new connection.
    pub(crate) fn send(&self, bytes: impl AsRef<[u8]>) -> Client {
        let mut client = self.connect();
        client.write(bytes);
        client
    }

    /// What has reached the service once an ordinary request has got through after everything before.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let mut client = self.send(format!("GET {MARKER} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n"));
        assert_eq!(client.answer("GET").unwrap().status, 200, "the gateway still works");
        let mut seen = self.upstream.seen();
        assert!(seen.iter().any(|one| one.target == MARKER), "the marker arrived");
        seen.retain(|one| one.target != MARKER);
        seen
    }

    /// Targets of the requests that reached the service.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.target).collect()
    }

    /// Resident memory of the gateway, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.gateway.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }
}

impl Drop for Door {
    #[expect(clippy::print_stderr, reason = "what the gateway said belongs to the report of a failed test")]
    fn drop(&mut self) {
        let _ = self.gateway.kill();
        let _ = self.gateway.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("gateway.log")).unwrap_or_default();
            let last: Vec<&str> = log.lines().rev().take(15).collect();
            for line in last.into_iter().rev() {
                eprintln!("gateway: {line}");
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests' own setting")]
fn start(folder: &std::path::Path, upstream: u16) -> (Child, u16) {
    let redis = std::env::var("REDIS_URL").expect("the tests need REDIS_URL; `cargo xtask test` sets it");
    let begin = Instant::now();
    loop {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let log = std::fs::File::create(folder.join("gateway.log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_api-gateway"));
        for name in ["CURSOR_INTEGRATION_URL", "GITHUB_INTEGRATION_URL", "NOTIFICATION_URL", "DASHBOARD_BACKEND_URL"] {
            command.env(name, format!("http://127.0.0.1:{upstream}"));
        }
        let mut gateway = command
            .env("BIND", format!("127.0.0.1:{port}"))
            .env("REDIS_URL", &redis)
            .env("SERVICE_TOKEN_SECRET", common::testing::SERVICE_SECRET)
            .env("API_GATEWAY_ROUTES", folder.join("routes.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        while matches!(gateway.try_wait(), Ok(None)) {
            if ready(port) {
                return (gateway, port);
            }
            assert!(begin.elapsed() < PATIENCE, "the gateway is not ready");
            std::thread::sleep(Duration::from_millis(10));
        }
        // Somebody else took the port in between.
        assert!(begin.elapsed() < PATIENCE, "the gateway does not start");
    }
}

fn ready(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut text = String::new();
    stream.write_all(b"GET /health/ready HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n").is_ok()
        && stream.read_to_string(&mut text).is_ok()
        && text.starts_with("HTTP/1.1 200")
}

/// An answer, as far as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Lower-case names.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether its end was seen: by length, by the last chunk, or by the status.
    pub(crate) complete: bool,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// One connection to the gateway.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        // The gateway may have refused and closed already; what it said is looked at, not this.
        let _ = self.stream.write_all(bytes.as_ref());
    }

    pub(crate) fn half_close(&mut self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Reads more; `false` at the end.
    pub(crate) fn more(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(length) => {
                self.unread.extend_from_slice(&buffer[..length]);
                true
            }
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => false,
            Err(error) => panic!("the gateway neither answers nor closes: {error}"),
        }
    }

    /// The next answer but `100 Continue`; nothing when the connection was closed instead.
    pub(crate) fn answer(&mut self, method: &str) -> Option<Answer> {
        loop {
            let mut answer = self.head()?;
            if answer.status == 100 {
                continue;
            }
            let empty = method == "HEAD" || matches!(answer.status, 101 | 204 | 304);
            if empty {
                answer.complete = true;
            } else if answer.header("transfer-encoding").is_some() {
                (answer.body, answer.complete) = self.chunks();
            } else if let Some(length) = answer.header("content-length").map(|value| value.parse().unwrap()) {
                (answer.body, answer.complete) = self.exactly(length);
            } else {
                while self.more() {}
                answer.body = std::mem::take(&mut self.unread);
            }
            return Some(answer);
        }
    }

    /// The next head, `100 Continue` included.
    pub(crate) fn head(&mut self) -> Option<Answer> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; 128];
            let mut response = httparse::Response::new(&mut headers);
            if let httparse::Status::Complete(length) = response.parse(&self.unread).unwrap() {
                let answer = Answer {
                    status: response.code.unwrap(),
                    headers: response
                        .headers
                        .iter()
                        .map(|h| (h.name.to_ascii_lowercase(), String::from_utf8_lossy(h.value).into_owned()))
                        .collect(),
                    body: Vec::new(),
                    complete: false,
                };
                self.unread.drain(..length);
                return Some(answer);
            }
            if !self.more() {
                return None;
            }
        }
    }

    /// That many bytes, or what came of them.
    pub(crate) fn exactly(&mut self, length: usize) -> (Vec<u8>, bool) {
        while self.unread.len() < length {
            if !self.more() {
                return (std::mem::take(&mut self.unread), false);
            }
        }
        (self.unread.drain(..length).collect(), true)
    }

    fn chunks(&mut self) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        loop {
            match httparse::parse_chunk_size(&self.unread).unwrap() {
                httparse::Status::Complete((head, size)) => {
                    self.unread.drain(..head);
                    let (part, whole) = self.exactly(usize::try_from(size).unwrap());
                    body.extend(part);
                    if !whole || !self.exactly(2).1 {
                        return (body, false);
                    }
                    if size == 0 {
                        return (body, true);
                    }
                }
                httparse::Status::Partial => {
                    if !self.more() {
                        return (body, false);
                    }
                }
            }
        }
    }

    /// Whether the gateway closes this connection, with nothing more on it.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.unread.is_empty() && !self.more()
    }

    /// What is there already.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.unread
    }
}
