//! HTTP/2 in clear (prior knowledge), frame by frame: what is legal reaches a service as one HTTP/1.1 request, what is not ends the stream or
//! the connection, and floods are cut off.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::door::Door;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// RFC 9113, 4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header block without compression (RFC 7541, 6.2.2: literal, new name, not indexed).
fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(0);
        for text in [name, value] {
            assert!(text.len() < 127, "longer ones have another form");
            block.push(u8::try_from(text.len()).unwrap());
            block.extend(text.as_bytes());
        }
    }
    block
}

fn get(path: &str) -> Vec<u8> {
    block(&[(":method", "GET"), (":scheme", "http"), (":authority", "t"), (":path", path)])
}

/// What the gateway said of one stream.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// `:status 200`, and the body.
    Fine(Vec<u8>),
    /// Another status, whichever.
    Refused,
    /// The stream was reset.
    Reset,
    /// The connection ended.
    Ended,
}

struct Connection(TcpStream);

impl Connection {
    fn open(door: &Door) -> Self {
        let mut connection = Self(door.connect().stream);
        connection.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        connection.write(&frame(SETTINGS, 0, 0, &[]));
        connection
    }

    /// `false` when the gateway does not take any more.
    fn write(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }

    /// The next frame: kind, flags, stream, payload.
    fn read(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).ok()?;
        Some((head[3], head[4], u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]), payload))
    }

    fn outcome(&mut self, stream: u32) -> Outcome {
        let mut body = Vec::new();
        let mut fine = false;
        loop {
            match self.read() {
                None | Some((GOAWAY, ..)) => return Outcome::Ended,
                Some((RST_STREAM, _, of, _)) if of == stream => return Outcome::Reset,
                Some((HEADERS, flags, of, payload)) if of == stream => {
                    // Perhaps after an update of the table's size; 8 is the index of `:status 200` (RFC 7541, appendix A).
                    fine = payload.iter().find(|byte| **byte & 0xe0 != 0x20) == Some(&0x88);
                    if flags & END_STREAM != 0 {
                        return if fine { Outcome::Fine(body) } else { Outcome::Refused };
                    }
                }
                Some((DATA, flags, of, payload)) if of == stream => {
                    body.extend(payload);
                    if flags & END_STREAM != 0 {
                        return if fine { Outcome::Fine(body) } else { Outcome::Refused };
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// Whether the gateway has ended this connection.
    fn has_ended(&mut self) -> bool {
        self.0.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        loop {
            let mut buffer = [0; 16 * 1024];
            match self.0.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
            }
        }
    }
}

#[test]
fn a_request_becomes_one_request() {
    let door = Door::open();
    let mut connection = Connection::open(&door);
    connection.write(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &get("/x/hello?a=b")));
    assert_eq!(connection.outcome(1), Outcome::Fine(b"hello".to_vec()));
    let post = block(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "t"),
        (":path", "/x/echo"),
        ("cookie", "a=b"),
        ("cookie", "c=d"),
    ]);
    connection.write(&frame(HEADERS, END_HEADERS, 3, &post));
    connection.write(&frame(DATA, 0, 3, b"one "));
    connection.write(&frame(DATA, END_STREAM, 3, b"two"));
    assert_eq!(connection.outcome(3), Outcome::Fine(b"one two".to_vec()));
    let seen = door.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!((seen[0].method.as_str(), seen[0].target.as_str()), ("GET", "/x/hello?a=b"));
    assert_eq!(seen[0].count("host"), 1);
    assert_eq!((seen[1].target.as_str(), &seen[1].body[..]), ("/x/echo", &b"one two"[..]));
    assert!(seen[1].head.starts_with(b"POST /x/echo HTTP/1.1\r\n"));
}

#[test]
fn streams_do_not_wait_for_each_other() {
    let door = Door::open();
    let mut connection = Connection::open(&door);
    connection.write(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &get("/x/slow")));
    connection.write(&frame(HEADERS, END_STREAM | END_HEADERS, 3, &get("/x/hello")));
    assert_eq!(connection.outcome(3), Outcome::Fine(b"hello".to_vec()), "before the slow one");
    assert_eq!(connection.outcome(1), Outcome::Fine(b"{\"ok\":true}".to_vec()));
}

#[test]
fn malformed_requests_reach_nobody() {
    const METHOD: (&str, &str) = (":method", "GET");
    const SCHEME: (&str, &str) = (":scheme", "http");
    const HOST: (&str, &str) = (":authority", "t");
    const PATH: (&str, &str) = (":path", "/x/a");
    let faults: [(&str, Vec<(&str, &str)>); 17] = [
        (
            "a second request in a value",
            vec![METHOD, SCHEME, HOST, PATH, ("x", "y\r\n\r\nGET /x/smuggled HTTP/1.1\r\nhost: t\r\n\r\n")],
        ),
        ("a line in a value", vec![METHOD, SCHEME, HOST, PATH, ("x", "y\r\nz: 1")]),
        ("a line feed in a value", vec![METHOD, SCHEME, HOST, PATH, ("x", "y\nz: 1")]),
        ("a NUL in a value", vec![METHOD, SCHEME, HOST, PATH, ("x", "y\0z")]),
        ("a line in a name", vec![METHOD, SCHEME, HOST, PATH, ("x: y\r\nz", "1")]),
        ("a colon in a name", vec![METHOD, SCHEME, HOST, PATH, ("x:y", "1")]),
        ("capitals in a name", vec![METHOD, SCHEME, HOST, PATH, ("X", "1")]),
        (
            "a line in the path",
            vec![METHOD, SCHEME, HOST, (":path", "/x/a HTTP/1.1\r\nhost: t\r\n\r\nGET /x/smuggled")],
        ),
        ("a space in the path", vec![METHOD, SCHEME, HOST, (":path", "/x/a b")]),
        ("no path", vec![METHOD, SCHEME, HOST]),
        ("an empty path", vec![METHOD, SCHEME, HOST, (":path", "")]),
        ("two paths", vec![METHOD, SCHEME, HOST, PATH, PATH]),
        ("a line in the method", vec![(":method", "GET /x/smuggled HTTP/1.1\r\nx: "), SCHEME, HOST, PATH]),
        ("chunks", vec![METHOD, SCHEME, HOST, PATH, ("transfer-encoding", "chunked")]),
        ("a header of one connection", vec![METHOD, SCHEME, HOST, PATH, ("connection", "keep-alive")]),
        ("a pseudo-header too late", vec![METHOD, SCHEME, HOST, ("x", "y"), PATH]),
        ("an unknown pseudo-header", vec![METHOD, SCHEME, HOST, PATH, (":smuggled", "1")]),
    ];
    let door = Door::open();
    for (what, headers) in faults {
        let mut connection = Connection::open(&door);
        connection.write(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &block(&headers)));
        let outcome = connection.outcome(1);
        assert!(!matches!(outcome, Outcome::Fine(_)), "{what} was answered 200");
        assert_eq!(door.targets(), Vec::<String>::new(), "{what} reached the service");
    }
}

#[test]
fn a_body_of_another_length_than_declared_never_completes() {
    let door = Door::open();
    for (declared, body) in [("3", "hello"), ("50", "hello"), ("-1", "hello"), ("5, 5", "hello")] {
        let mut connection = Connection::open(&door);
        let headers = [
            (":method", "POST"),
            (":scheme", "http"),
            (":authority", "t"),
            (":path", "/x/echo"),
            ("content-length", declared),
        ];
        connection.write(&frame(HEADERS, END_HEADERS, 1, &block(&headers)));
        connection.write(&frame(DATA, END_STREAM, 1, body.as_bytes()));
        assert!(!matches!(connection.outcome(1), Outcome::Fine(_)), "{declared}");
        let seen = door.seen();
        assert!(seen.iter().all(|seen| !seen.complete || seen.body.is_empty()), "{declared}: {seen:?}");
    }
}

/// CVE-2023-44487: a stream that is reset at once frees its place, and its work has been begun.
#[test]
fn streams_reset_at_once_are_cut_off() {
    const STREAMS: u32 = 5000;
    let door = Door::open();
    let mut connection = Connection::open(&door);
    let mut bytes = Vec::new();
    for number in 0..STREAMS {
        let stream = 2 * number + 1;
        bytes.extend(frame(HEADERS, END_STREAM | END_HEADERS, stream, &get("/x/slow")));
        bytes.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
    }
    connection.write(&bytes);
    assert!(connection.has_ended(), "the flood was taken to its end");
    let begun = door.targets().len();
    assert!(begun < 300, "{begun} of {STREAMS} requests were begun");
}

/// CVE-2024-27316 and its like: headers without end.
#[test]
fn continuations_without_end_are_cut_off() {
    let door = Door::open();
    let before = door.resident_kib();
    let mut connection = Connection::open(&door);
    connection.write(&frame(HEADERS, END_STREAM, 1, &get("/x/a")));
    let value = "y".repeat(120);
    let more = frame(CONTINUATION, 0, 1, &block(&[("x", value.as_str()); 100]));
    let mut taken = 0;
    while taken < 5000 && connection.write(&more) {
        taken += 1;
    }
    assert!(connection.has_ended(), "64 MB of headers were taken");
    assert_eq!(door.targets(), Vec::<String>::new());
    let grown = door.resident_kib().saturating_sub(before);
    assert!(grown < 16 * 1024, "the gateway has grown by {grown} KiB");
}

#[test]
fn pings_whose_answers_nobody_reads_do_not_fill_memory() {
    let door = Door::open();
    let before = door.resident_kib();
    let mut connection = Connection::open(&door);
    connection.0.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
    let pings: Vec<u8> = (0..1000).flat_map(|_| frame(PING, 0, 0, b"12345678")).collect();
    // Taken, refused or left waiting: all three are fine.
    let taken = (0..500).take_while(|_| connection.write(&pings)).count();
    assert_eq!(door.targets(), Vec::<String>::new(), "others are still served");
    let grown = door.resident_kib().saturating_sub(before);
    assert!(grown < 16 * 1024, "after {taken} thousand pings the gateway has grown by {grown} KiB");
}
