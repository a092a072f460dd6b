//! A service that writes down every byte it gets, and answers well or badly, as the path asks.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Lower-case names.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    /// The head, byte for byte.
    pub(crate) head: Vec<u8>,
    /// Whether all of the body came.
    pub(crate) complete: bool,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice())
    }

    pub(crate) fn count(&self, name: &str) -> usize {
        self.headers.iter().filter(|(known, _)| known == name).count()
    }
}

#[derive(Default)]
struct Log {
    seen: Mutex<Vec<Seen>>,
    /// Connections with an answer under way that the gateway then closed.
    abandoned: AtomicUsize,
}

/// The service.
pub(crate) struct Upstream {
    pub(crate) port: u16,
    log: Arc<Log>,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Log::default());
        let shared = Arc::clone(&log);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = Arc::clone(&shared);
                std::thread::spawn(move || Connection { stream, unread: Vec::new(), log }.serve());
            }
        });
        Self { port, log }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.log.seen.lock().unwrap().clone()
    }

    /// Waits until the gateway has given up an answer that was under way.
    pub(crate) fn was_abandoned(&self, within: Duration) -> bool {
        wait(within, || self.log.abandoned.load(Ordering::SeqCst) > 0)
    }
}

fn wait(within: Duration, done: impl Fn() -> bool) -> bool {
    let begin = Instant::now();
    while !done() {
        if begin.elapsed() > within {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
    log: Arc<Log>,
}

/// What follows an answer.
#[derive(PartialEq, Eq)]
enum Then {
    Next,
    Close,
}

impl Connection {
    fn serve(mut self) {
        while let Some(seen) = self.request() {
            if self.answer(&seen).unwrap_or(Then::Close) == Then::Close {
                break;
            }
        }
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    fn more(&mut self) -> bool {
        let mut buffer = vec![0; 64 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(length) if length > 0 => {
                self.unread.extend_from_slice(&buffer[..length]);
                true
            }
            _ => false,
        }
    }

    /// Reads a request and writes it down.
    fn request(&mut self) -> Option<Seen> {
        let mut seen = loop {
            if let Some((seen, length)) = parse(&self.unread) {
                self.unread.drain(..length);
                break seen;
            }
            if !self.more() {
                return None;
            }
        };
        // Answers before it has read the body.
        if seen.target.starts_with("/x/early") {
            self.write_down(&seen);
            return Some(seen);
        }
        let length = seen.header("content-length").map(|value| std::str::from_utf8(value).unwrap().parse().unwrap());
        if seen.header("transfer-encoding").is_some() {
            (seen.body, seen.complete) = self.chunks();
        } else {
            (seen.body, seen.complete) = self.exactly(length.unwrap_or(0));
        }
        self.write_down(&seen);
        Some(seen)
    }

    fn write_down(&self, seen: &Seen) {
        // What the gateway asks for itself is not looked at here.
        let own = ["/health/ready", "/api/v1/auth/jwks.json", "/internal/v1/auth/revocations"];
        if !own.contains(&seen.target.as_str()) {
            self.log.seen.lock().unwrap().push(seen.clone());
        }
    }

    fn exactly(&mut self, length: usize) -> (Vec<u8>, bool) {
        while self.unread.len() < length {
            if !self.more() {
                return (std::mem::take(&mut self.unread), false);
            }
        }
        (self.unread.drain(..length).collect(), true)
    }

    /// Chunks and trailers. Trailers become `trailer-…` in nobody's headers: they are read over, like most services do.
    fn chunks(&mut self) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        loop {
            match httparse::parse_chunk_size(&self.unread).unwrap() {
                httparse::Status::Complete((head, 0)) => {
                    self.unread.drain(..head);
                    return (body, self.trailers());
                }
                httparse::Status::Complete((head, size)) => {
                    self.unread.drain(..head);
                    let (part, whole) = self.exactly(usize::try_from(size).unwrap());
                    body.extend(part);
                    if !whole || !self.exactly(2).1 {
                        return (body, false);
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

    fn trailers(&mut self) -> bool {
        loop {
            if let Some(end) = self.unread.windows(2).position(|pair| pair == b"\r\n") {
                self.unread.drain(..end + 2);
                if end == 0 {
                    return true;
                }
            } else if !self.more() {
                return false;
            }
        }
    }

    fn say(&mut self, text: &str) -> std::io::Result<()> {
        self.stream.write_all(text.as_bytes())
    }

    fn answer(&mut self, seen: &Seen) -> std::io::Result<Then> {
        let path = seen.target.split('?').next().unwrap_or_default();
        match path {
            "/health/ready" => self.whole("application/json", r#"{"status":"ok","version":"0","checks":{}}"#),
            "/api/v1/auth/jwks.json" => {
                let x = "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg";
                let key = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "key-1", "x": x});
                self.whole("application/json", &json!({"keys": [key]}).to_string())
            }
            "/x/echo" | "/small/echo" => {
                self.say(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", seen.body.len()))?;
                self.stream.write_all(&seen.body)?;
                Ok(Then::Next)
            }
            "/x/hello" => self.say("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n").and_then(|()| {
                if seen.method != "HEAD" {
                    self.say("hello")?;
                }
                Ok(Then::Next)
            }),
            "/x/204" => self.say("HTTP/1.1 204 No Content\r\n\r\n").map(|()| Then::Next),
            "/x/304" => {
                self.say("HTTP/1.1 304 Not Modified\r\netag: \"1\"\r\ncontent-length: 5\r\n\r\n").map(|()| Then::Next)
            }
            "/x/204-with-a-body" => {
                self.say("HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged")?;
                Ok(Then::Next)
            }
            "/x/more-than-it-says" => {
                self.say(
                    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged",
                )?;
                Ok(Then::Next)
            }
            "/x/dies-in-body" => {
                self.say("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n0123456789").map(|()| Then::Close)
            }
            "/x/dies-in-chunks" => {
                self.say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\n0123456789\r\n")?;
                // The gateway has to have passed the head on before the end comes.
                std::thread::sleep(Duration::from_millis(200));
                Ok(Then::Close)
            }
            "/x/dies-in-head" => self.say("HTTP/1.1 200 OK\r\ncontent-le").map(|()| Then::Close),
            "/x/dies-at-once" => Ok(Then::Close),
            "/x/until-close" => self.say("HTTP/1.1 200 OK\r\n\r\nuntil the end").map(|()| Then::Close),
            "/hasty/never" => {
                std::thread::sleep(Duration::from_secs(5));
                Ok(Then::Close)
            }
            "/x/slow" => {
                std::thread::sleep(Duration::from_millis(500));
                self.whole("application/json", r#"{"ok":true}"#)
            }
            "/x/ws" => self.echo_frames(seen),
            "/stream/forever" => self.forever(),
            "/stream/events" => self.events(),
            path if path.starts_with("/x/early") => {
                self.say("HTTP/1.1 422 Unprocessable Content\r\ncontent-length: 3\r\nconnection: close\r\n\r\nno!")?;
                // Not closed at once: bytes of the body that are still under way would take the answer back (RFC 9112, 9.6).
                let begin = Instant::now();
                while begin.elapsed() < Duration::from_secs(5) && self.more() {
                    self.unread.clear();
                }
                Ok(Then::Close)
            }
            path if path.starts_with("/x/garbage/") => {
                let number: usize = path.rsplit('/').next().unwrap_or_default().parse().unwrap_or(0);
                self.stream.write_all(&crate::answers::garbage(number))?;
                Ok(Then::Close)
            }
            _ => self.whole("application/json", r#"{"ok":true}"#),
        }
    }

    fn whole(&mut self, content_type: &str, body: &str) -> std::io::Result<Then> {
        self.say(&format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))?;
        Ok(Then::Next)
    }

    /// Switches protocols and sends every byte back; the first of them together with the head.
    fn echo_frames(&mut self, seen: &Seen) -> std::io::Result<Then> {
        if seen.header("upgrade").is_none() {
            return self.whole("text/plain", "not an upgrade");
        }
        self.say("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nfirst")?;
        loop {
            let bytes = std::mem::take(&mut self.unread);
            self.stream.write_all(&bytes)?;
            if !self.more() {
                self.log.abandoned.fetch_add(1, Ordering::SeqCst);
                return Ok(Then::Close);
            }
        }
    }

    /// An endless answer.
    fn forever(&mut self) -> std::io::Result<Then> {
        self.say("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")?;
        while self.say("8\r\ndata: x\n\r\n").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.log.abandoned.fetch_add(1, Ordering::SeqCst);
        Ok(Then::Close)
    }

    /// Eleven events, two seconds apart.
    fn events(&mut self) -> std::io::Result<Then> {
        self.say("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")?;
        for number in 0..11 {
            if number > 0 {
                std::thread::sleep(Duration::from_secs(2));
            }
            let event = format!("id: {number}\n\n");
            self.say(&format!("{:x}\r\n{event}\r\n", event.len()))?;
        }
        self.say("0\r\n\r\n")?;
        Ok(Then::Next)
    }
}

/// The first request in `bytes` and the length of its head.
fn parse(bytes: &[u8]) -> Option<(Seen, usize)> {
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) = request.parse(bytes).expect("what reaches a service is well-formed")
    else {
        return None;
    };
    let seen = Seen {
        method: request.method.unwrap().to_owned(),
        target: request.path.unwrap().to_owned(),
        headers: request.headers.iter().map(|h| (h.name.to_ascii_lowercase(), h.value.to_vec())).collect(),
        body: Vec::new(),
        head: bytes[..length].to_vec(),
        complete: false,
    };
    Some((seen, length))
}
