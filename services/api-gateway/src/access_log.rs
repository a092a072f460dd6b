//! One JSON line for each request, like every other line of the log, but written in batches: a line costs a fraction of what the general
//! logger takes.

use std::cell::RefCell;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::http::TraceId;
use common::ids::UserId;
use http::{HeaderValue, Method, StatusCode};
use time::OffsetDateTime;

use crate::proxy::address;

/// Written out when so much has gathered, or after [`EVERY`].
const BATCH: usize = 32 * 1024;
/// The longest time a line waits.
pub(crate) const EVERY: Duration = Duration::from_millis(200);

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nowhere.
    Off,
    /// With the rest of the log.
    Stderr,
    /// Appended to a file, which is opened anew on SIGHUP.
    File(PathBuf),
}

impl std::str::FromStr for Target {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "off" => Self::Off,
            "stderr" => Self::Stderr,
            path => Self::File(path.into()),
        })
    }
}

/// The target of all workers.
pub struct Sink {
    target: Target,
    file: Mutex<Option<std::fs::File>>,
}

impl Sink {
    /// Opens the target.
    pub fn open(target: Target) -> std::io::Result<Arc<Self>> {
        let sink = Self { file: Mutex::new(open(&target)?), target };
        Ok(Arc::new(sink))
    }

    /// Opens a file anew: it may have been moved away.
    pub fn reopen(&self) {
        match open(&self.target) {
            Ok(file) => *self.file.lock().expect("no one panics while holding the log") = file,
            Err(error) => tracing::error!(%error, "cannot open the access log anew: going on with the old one"),
        }
    }

    fn write(&self, lines: &[u8]) {
        let outcome = match &mut *self.file.lock().expect("no one panics while holding the log") {
            Some(file) => file.write_all(lines),
            None => std::io::stderr().write_all(lines),
        };
        // Nobody is left to tell when the log itself fails.
        drop(outcome);
    }
}

fn open(target: &Target) -> std::io::Result<Option<std::fs::File>> {
    match target {
        Target::File(path) => OpenOptions::new().create(true).append(true).open(path).map(Some),
        Target::Off | Target::Stderr => Ok(None),
    }
}

/// What is known of an answered request.
pub(crate) struct Line<'a> {
    pub(crate) now: OffsetDateTime,
    pub(crate) request_id: &'a HeaderValue,
    pub(crate) trace_id: TraceId,
    pub(crate) method: &'a Method,
    /// Empty when it may hold a secret.
    pub(crate) path: &'a str,
    pub(crate) route: &'a str,
    pub(crate) status: StatusCode,
    pub(crate) elapsed: Duration,
    pub(crate) client: Option<IpAddr>,
    pub(crate) user: Option<UserId>,
    pub(crate) upstream: Option<&'a str>,
    pub(crate) cached: Option<&'static str>,
}

/// The lines of one worker that were not written yet.
pub(crate) struct AccessLog {
    sink: Arc<Sink>,
    pending: RefCell<Vec<u8>>,
    /// The second of the last line, as text.
    second: RefCell<(i64, String)>,
}

impl AccessLog {
    pub(crate) fn new(sink: Arc<Sink>) -> Self {
        Self { sink, pending: RefCell::default(), second: RefCell::new((i64::MIN, String::new())) }
    }

    /// Adds a line.
    pub(crate) fn write(&self, line: &Line<'_>) {
        if self.sink.target == Target::Off {
            return;
        }
        let mut pending = self.pending.borrow_mut();
        self.format(&mut pending, line);
        if pending.len() >= BATCH {
            self.sink.write(&pending);
            pending.clear();
        }
    }

    /// Writes out what has gathered.
    pub(crate) fn flush(&self) {
        let mut pending = self.pending.borrow_mut();
        if !pending.is_empty() {
            self.sink.write(&pending);
            pending.clear();
        }
    }

    fn format(&self, out: &mut Vec<u8>, line: &Line<'_>) {
        let mut second = self.second.borrow_mut();
        if second.0 != line.now.unix_timestamp() {
            let now = line.now;
            second.0 = now.unix_timestamp();
            second.1 = format!(
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
                now.year(),
                u8::from(now.month()),
                now.day(),
                now.hour(),
                now.minute(),
                now.second()
            );
        }
        // Piece by piece: the formatter would cost more than all of the rest.
        let mut number = itoa::Buffer::new();
        let mut trace = [0; 32];
        // 16 bytes are 32 digits.
        let _ = hex::encode_to_slice(line.trace_id.to_bytes(), &mut trace);
        let micros = u64::try_from(line.elapsed.as_micros()).unwrap_or(u64::MAX);
        out.extend_from_slice(br#"{"timestamp":""#);
        out.extend_from_slice(second.1.as_bytes());
        out.push(b'.');
        thousandths(out, u64::from(line.now.millisecond()));
        out.extend_from_slice(
            br#"Z","level":"INFO","service":"api-gateway","message":"answered","target":"access","correlation_id":""#,
        );
        out.extend_from_slice(line.request_id.as_bytes());
        for (name, text) in [
            (&br#"","trace_id":""#[..], &trace[..]),
            (br#"","http.method":""#, line.method.as_str().as_bytes()),
            (br#"","route":""#, line.route.as_bytes()),
            (br#"","http.status":"#, line.status.as_str().as_bytes()),
            (br#","duration_ms":"#, number.format(micros / 1000).as_bytes()),
        ] {
            out.extend_from_slice(name);
            out.extend_from_slice(text);
        }
        out.push(b'.');
        thousandths(out, micros % 1000);
        if !line.path.is_empty() {
            out.extend_from_slice(br#","path":""#);
            escape(out, line.path);
            out.push(b'"');
        }
        if let Some(client) = line.client {
            out.extend_from_slice(br#","client":""#);
            address::write(client, out);
            out.push(b'"');
        }
        if let Some(user) = line.user {
            let _ = write!(out, r#","user_id":"{user}""#);
        }
        if let Some(upstream) = line.upstream {
            out.extend_from_slice(br#","upstream":""#);
            out.extend_from_slice(upstream.as_bytes());
            out.push(b'"');
        }
        if let Some(cached) = line.cached {
            let _ = write!(out, r#","cache":"{cached}""#);
        }
        out.extend_from_slice(b"}\n");
    }
}

/// Three digits.
fn thousandths(out: &mut Vec<u8>, value: u64) {
    let mut number = itoa::Buffer::new();
    let digits = number.format(value).as_bytes();
    out.extend_from_slice(&b"000"[..3_usize.saturating_sub(digits.len())]);
    out.extend_from_slice(digits);
}

/// As the inside of a JSON string.
fn escape(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..=0x1f => {
                let _ = write!(out, "\\u{byte:04x}");
            }
            _ => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_json_whatever_the_path() {
        let log = AccessLog::new(Sink::open(Target::Off).unwrap());
        let mut out = Vec::new();
        log.format(
            &mut out,
            &Line {
                now: OffsetDateTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_007),
                request_id: &HeaderValue::from_static("r-1"),
                trace_id: TraceId::INVALID,
                method: &Method::GET,
                path: "/a\"b\\c\u{1}",
                route: "api",
                status: StatusCode::OK,
                elapsed: Duration::from_micros(1500),
                client: Some("203.0.113.9".parse().unwrap()),
                user: None,
                upstream: Some("x"),
                cached: None,
            },
        );
        let line: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(line["path"], "/a\"b\\c\u{1}");
        assert_eq!(line["timestamp"], "2023-11-14T22:13:20.007Z");
        assert_eq!(line["duration_ms"], 1.5);
    }
}
