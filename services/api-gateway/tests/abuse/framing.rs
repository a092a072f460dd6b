//! Where a request ends: every way to make two parties disagree about it is refused, or made unambiguous before it goes on.

use crate::door::Door;

/// A request that would be a second one if the first ended where `body` does not.
const SMUGGLED: &str = "GET /x/smuggled HTTP/1.1\r\nhost: t\r\n\r\n";

/// Sends a request whose framing is a fault: it is refused, the connection is closed, and nothing of it reaches the service.
fn refused(door: &Door, what: &str, request: &[u8]) {
    let mut client = door.send(request);
    let answer = client.answer("POST").unwrap_or_else(|| panic!("{what}: closed without a word"));
    assert!(matches!(answer.status, 400 | 413 | 501), "{what}: answered {}", answer.status);
    assert!(client.is_closed(), "{what}: the connection stays open");
    assert_eq!(door.targets(), Vec::<String>::new(), "{what}: something reached the service");
}

fn post(headers: &str, body: &str) -> Vec<u8> {
    format!("POST /x/echo HTTP/1.1\r\nhost: t\r\n{headers}\r\n{body}").into_bytes()
}

#[test]
fn pipelined_requests_are_answered_in_order_and_once() {
    let door = Door::open();
    let mut client = door.send(
        "GET /x/slow HTTP/1.1\r\nhost: t\r\n\r\n\
         POST /x/echo HTTP/1.1\r\nhost: t\r\ncontent-length: 5\r\n\r\nfirst\
         POST /x/echo HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n6\r\nsecond\r\n0\r\n\r\n\
         GET /x/hello HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n",
    );
    let bodies: Vec<Vec<u8>> = (0..4)
        .map(|_| {
            let answer = client.answer("GET").unwrap();
            assert!(answer.status == 200 && answer.complete, "{answer:?}");
            answer.body
        })
        .collect();
    assert_eq!(bodies, [&b"{\"ok\":true}"[..], b"first", b"second", b"hello"]);
    assert!(client.is_closed());
    assert_eq!(door.targets(), ["/x/slow", "/x/echo", "/x/echo", "/x/hello"]);
}

#[test]
fn lengths_that_are_no_length_are_refused() {
    let door = Door::open();
    for value in ["+5", "-5", "0x5", "5a", "5,6", "5.0", "", " ", "99999999999999999999999", "\u{0665}", "5\u{b}"] {
        refused(&door, value, &post(&format!("content-length: {value}\r\n"), "hello"));
    }
    refused(&door, "two lengths", &post("content-length: 5\r\ncontent-length: 6\r\n", "hello!"));
    refused(&door, "two lengths, the shorter last", &post("content-length: 6\r\ncontent-length: 5\r\n", "hello!"));
}

#[test]
fn a_repeated_length_is_refused_or_becomes_one() {
    for headers in ["content-length: 5\r\ncontent-length: 5\r\n", "content-length: 5, 5\r\n"] {
        let door = Door::open();
        let mut client = door.send(post(headers, &format!("hello{SMUGGLED}")));
        let answer = client.answer("POST").unwrap();
        if answer.status == 200 {
            assert_eq!(answer.body, b"hello");
            let seen = door.seen();
            assert_eq!(seen[0].body, b"hello");
            assert_eq!((seen[0].count("content-length"), seen[0].header("content-length")), (1, Some(&b"5"[..])));
        } else {
            assert_eq!(answer.status, 400);
            assert!(client.is_closed());
            assert_eq!(door.targets(), Vec::<String>::new());
        }
    }
}

#[test]
fn a_length_beside_chunks_is_never_two_requests() {
    // By length the first request ends within the chunks; by chunks the rest is a second one; a proxy before us might have seen either.
    for (length, body) in [
        (4, format!("0\r\n\r\n{SMUGGLED}")),
        (200, format!("0\r\n\r\n{SMUGGLED}")),
        (5, format!("5\r\nhello\r\n0\r\n\r\n{SMUGGLED}")),
    ] {
        for headers in [
            format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"),
            format!("transfer-encoding: chunked\r\ncontent-length: {length}\r\n"),
        ] {
            let door = Door::open();
            let mut client = door.send(post(&headers, &body));
            let answer = client.answer("POST").expect("an answer");
            assert!(matches!(answer.status, 200 | 400), "{headers}: {}", answer.status);
            assert!(client.is_closed(), "{headers}: the connection must not be used again (RFC 9112, 6.1)");
            let seen = door.seen();
            assert!(seen.iter().all(|seen| seen.target == "/x/echo"), "{headers}: smuggled: {seen:?}");
            assert!(seen.len() <= 1);
            if let Some(seen) = seen.first() {
                assert!(
                    seen.count("content-length") + seen.count("transfer-encoding") == 1,
                    "one framing goes on: {}",
                    String::from_utf8_lossy(&seen.head)
                );
            }
        }
    }
}

#[test]
fn codings_that_are_not_plain_chunks_are_refused() {
    let door = Door::open();
    for value in [
        "xchunked",
        "chunked, identity",
        "identity, chunked",
        "gzip, chunked",
        "chunked, chunked",
        "identity",
        "chunkedd",
        "\"chunked\"",
        "chunked;q=1",
        "\u{b}chunked",
        "chunked\u{c}",
        "chunked\0",
        "cow",
        ",",
        "",
    ] {
        refused(&door, value, &post(&format!("transfer-encoding: {value}\r\n"), &format!("0\r\n\r\n{SMUGGLED}")));
    }
    for headers in [
        "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
        "transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding : chunked\r\n",
        " transfer-encoding: chunked\r\n",
        "x: y\r\n transfer-encoding: chunked\r\n",
        "transfer-encoding:\r\n chunked\r\n",
        "transfer\u{0}-encoding: chunked\r\n",
        "transfer-encoding\u{b}: chunked\r\n",
        "x: y\rtransfer-encoding: chunked\r\n",
    ] {
        refused(&door, headers, &post(headers, &format!("0\r\n\r\n{SMUGGLED}")));
    }
}

#[test]
fn chunks_in_any_legal_spelling_pass() {
    for header in ["transfer-encoding: chunked", "Transfer-Encoding:\tCHUNKED", "TRANSFER-ENCODING:  Chunked  "] {
        let door = Door::open();
        let mut client = door.send(post(&format!("{header}\r\n"), "5;ext=\"1\"\r\nhello\r\n00\r\n\r\n"));
        assert_eq!(client.answer("POST").unwrap().body, b"hello", "{header}");
        assert_eq!(door.seen()[0].body, b"hello");
    }
}

#[test]
fn an_old_protocol_has_no_chunks() {
    let door = Door::open();
    let request = format!("POST /x/echo HTTP/1.0\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}");
    refused(&door, "HTTP/1.0 with chunks", request.as_bytes());
}

#[test]
fn malformed_chunks_end_the_connection_and_are_no_whole_request() {
    for body in [
        "5\nhello\n0\n\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5 5\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "5\rX\nhello\r\n0\r\n\r\n",
    ] {
        let door = Door::open();
        let mut client = door.send(post("transfer-encoding: chunked\r\n", &format!("{body}{SMUGGLED}")));
        if let Some(answer) = client.answer("POST") {
            assert!(matches!(answer.status, 400 | 413 | 502), "{body:?}: answered {}", answer.status);
        }
        assert!(client.is_closed(), "{body:?}: the connection stays open");
        let seen = door.seen();
        assert!(seen.iter().all(|seen| seen.target == "/x/echo" && !seen.complete), "{body:?}: {seen:?}");
    }
}

#[test]
fn an_extension_without_end_is_no_way_to_fill_memory() {
    let door = Door::open();
    let mut client = door.send(post("transfer-encoding: chunked\r\n", "5;"));
    for _ in 0..64 {
        client.write([b'x'; 16 * 1024]);
    }
    if let Some(answer) = client.answer("POST") {
        assert!(matches!(answer.status, 400 | 413), "answered {}", answer.status);
    }
    assert!(client.is_closed());
}

#[test]
fn trailers_do_not_become_headers_and_do_not_hide_requests() {
    let door = Door::open();
    let mut client = door.send(post(
        "transfer-encoding: chunked\r\ntrailer: x-quantapilot-identity\r\n",
        &format!("5\r\nhello\r\n0\r\nx-quantapilot-identity: forged\r\ncontent-length: 99\r\n\r\n{SMUGGLED}"),
    ));
    // What follows the trailers is an honest second request of the same client.
    assert_eq!(client.answer("POST").unwrap().body, b"hello");
    assert_eq!(client.answer("GET").unwrap().status, 200);
    let seen = door.seen();
    assert_eq!(seen.iter().map(|seen| seen.target.as_str()).collect::<Vec<_>>(), ["/x/echo", "/x/smuggled"]);
    assert_eq!(seen[0].body, b"hello");
    for seen in &seen {
        assert!(seen.header("x-quantapilot-identity").is_none(), "{}", String::from_utf8_lossy(&seen.head));
    }
}

#[test]
fn endless_trailers_are_refused() {
    let door = Door::open();
    let mut client = door.send(post("transfer-encoding: chunked\r\n", "5\r\nhello\r\n0\r\n"));
    for number in 0..20_000 {
        client.write(format!("x-{number}: {}\r\n", "y".repeat(64)));
    }
    if let Some(answer) = client.answer("POST") {
        assert!(answer.status >= 400, "answered {}", answer.status);
    }
    assert!(client.is_closed());
}

#[test]
fn a_body_that_was_refused_is_not_read_as_requests() {
    let door = Door::open();
    let body = format!("{SMUGGLED}{}", "x".repeat(5000));
    let head = format!("POST /small/echo HTTP/1.1\r\nhost: t\r\ncontent-length: {}\r\n\r\n", body.len());
    let mut client = door.send(format!("{head}{body}"));
    assert_eq!(client.answer("POST").unwrap().status, 413);
    client.write(SMUGGLED); // whether the connection lives or not, the body was no request
    let honest = usize::from(client.answer("GET").is_some());
    let targets = door.targets();
    assert_eq!(targets.iter().filter(|target| *target == "/x/smuggled").count(), honest, "{targets:?}");
}

#[test]
fn a_body_of_another_length_than_declared_never_completes() {
    let door = Door::open();
    let mut client = door.send(post("content-length: 10\r\n", "hello"));
    client.half_close();
    if let Some(answer) = client.answer("POST") {
        assert!(answer.status >= 400, "answered {}", answer.status);
    }
    assert!(client.is_closed());
    assert!(door.seen().iter().all(|seen| !seen.complete));
}
