//! Heads: too long, too many, malformed, or meant for somebody else.

use crate::door::{Client, Door};

fn status(client: &mut Client) -> u16 {
    client.answer("GET").expect("an answer").status
}

fn refused(door: &Door, what: &str, request: impl AsRef<[u8]>, statuses: &[u16]) {
    let mut client = door.send(request);
    let status = status(&mut client);
    assert!(statuses.contains(&status), "{what}: answered {status}");
    assert_eq!(door.targets(), Vec::<String>::new(), "{what}: something reached the service");
}

#[test]
fn a_target_that_is_too_long_is_414() {
    let door = Door::open();
    // Beyond what a head may have in all it is the head that is too long.
    for (length, statuses) in [(9000, &[414][..]), (300_000, &[414, 431])] {
        let request = format!("GET /x/{} HTTP/1.1\r\nhost: t\r\n\r\n", "a".repeat(length));
        refused(&door, "long target", request, statuses);
    }
    let request = format!("GET /x/{} HTTP/1.1\r\nhost: t\r\n\r\n", "a".repeat(4000));
    assert_eq!(status(&mut door.send(request)), 200, "4 KB is a long but honest path");
}

#[test]
fn headers_that_are_too_long_or_too_many_are_431() {
    let door = Door::open();
    let long = format!("GET /x/a HTTP/1.1\r\nhost: t\r\nx: {}\r\n\r\n", "a".repeat(600_000));
    refused(&door, "a long header", long, &[431]);
    let lines: String = (0..2000).map(|n| format!("x-{n}: y\r\n")).collect();
    refused(&door, "many headers", format!("GET /x/a HTTP/1.1\r\nhost: t\r\n{lines}\r\n"), &[431]);
    let lines: String = (0..60).map(|n| format!("x-{n}: {}\r\n", "y".repeat(60))).collect();
    let honest = format!("GET /x/a HTTP/1.1\r\nhost: t\r\n{lines}\r\n");
    assert_eq!(status(&mut door.send(honest)), 200);
    assert_eq!(door.seen()[0].header("x-59"), Some("y".repeat(60).as_bytes()));
}

#[test]
fn malformed_heads_are_400() {
    let door = Door::open();
    let faults: [&[u8]; 19] = [
        b"GET /x/a HTTP/1.1\r\nhost: t\r\nx : y\r\n\r\n",
        b"GET /x/a HTTP/1.1\r\nhost: t\r\nx: y\r\n folded\r\n\r\n",
        b"GET /x/a HTTP/1.1\r\nhost: t\r\nno colon\r\n\r\n",
        b"GET /x/a HTTP/1.1\r\nhost: t\r\n: no name\r\n\r\n",
        b"GET /x/a HTTP/1.1\r\nhost: t\r\nx\0: y\r\n\r\n",
        b"GET /x/a HTTP/1.1\r\nhost: t\r\nx: a\0b\r\n\r\n",
        b"GET /x/a HTTP/1.1\r\nhost: t\r\nx: a\rb\r\n\r\n",
        b"GET /x/a HTTP/1.1\r\nhost: t\r\nx(y): z\r\n\r\n",
        b"GET /x/a HTTP/1.1\r\nhost: t\r\nn\xc3\xa4me: z\r\n\r\n",
        b"GET /x/\0 HTTP/1.1\r\nhost: t\r\n\r\n",
        b"GET /x/a b HTTP/1.1\r\nhost: t\r\n\r\n",
        b"GET  /x/a HTTP/1.1\r\nhost: t\r\n\r\n",
        b"GET\t/x/a\tHTTP/1.1\r\nhost: t\r\n\r\n",
        b" GET /x/a HTTP/1.1\r\nhost: t\r\n\r\n",
        b"G\x00T /x/a HTTP/1.1\r\nhost: t\r\n\r\n",
        b"GET /x/a HTTP/1.2.3\r\nhost: t\r\n\r\n",
        b"GET /x/a http/1.1\r\nhost: t\r\n\r\n",
        b"GET /x/a\r\nhost: t\r\n\r\n",
        b"GET /x/a HTTP/9.1\r\nhost: t\r\n\r\n",
    ];
    for fault in faults {
        refused(&door, &String::from_utf8_lossy(fault), fault, &[400, 505]);
    }
    refused(&door, "a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", &[400]);
}

#[test]
fn bare_line_feeds_are_refused_or_written_anew() {
    let door = Door::open();
    let mut client = door.send("GET /x/a HTTP/1.1\nhost: t\nx: y\n\n");
    if let Some(answer) = client.answer("GET") {
        assert!(matches!(answer.status, 200 | 400), "answered {}", answer.status);
    }
    for seen in door.seen() {
        let head = String::from_utf8(seen.head).unwrap();
        assert_eq!(head.matches('\n').count(), head.matches("\r\n").count(), "{head:?}");
        assert_eq!(seen.target, "/x/a");
    }
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    let door = Door::open();
    let requests: [&[u8]; 3] = [
        b"GET /x/\xff\xfe HTTP/1.1\r\nhost: t\r\n\r\n",
        b"GET /x/a?\xc3\x28 HTTP/1.1\r\nhost: t\r\n\r\n",
        b"GET /x/a HTTP/1.1\r\nhost: t\r\nx-bytes: \xff\xfe\r\n\r\n",
    ];
    for request in requests {
        let mut client = door.send(request);
        let status = status(&mut client);
        assert!(matches!(status, 200 | 400), "{}: {status}", String::from_utf8_lossy(request));
    }
    // What went on went on unchanged.
    for seen in door.seen() {
        if let Some(value) = seen.header("x-bytes") {
            assert_eq!(value, b"\xff\xfe");
        }
    }
    // Escaped, they are ordinary text of a path, which is not rewritten; a NUL need not be taken even so.
    assert_eq!(status(&mut door.send("GET /x/%ff%c3%28 HTTP/1.1\r\nhost: t\r\n\r\n")), 200);
    assert!(door.targets().contains(&"/x/%ff%c3%28".to_owned()));
    let status = status(&mut door.send("GET /x/%00 HTTP/1.1\r\nhost: t\r\n\r\n"));
    assert!(matches!(status, 200 | 400 | 404), "{status}");
}

#[test]
fn escapes_and_dots_do_not_lead_to_other_doors() {
    let door = Door::open();
    for target in [
        "/x/../internal/v1/y",
        "/x/..",
        "/x/./../internal",
        "//internal/v1/y",
        "/x//../internal",
        "/internal/v1/y",
        "/INTERNAL/v1/y",
        "/%69nternal/v1/y",
        "/x/%2e%2e/internal/v1/y",
        "/x/%2E./internal",
        "/x/..%2finternal",
        "/x/..%5cinternal",
        "/x/..\\internal",
        "/x/..;/internal",
    ] {
        let mut client = door.send(format!("GET {target} HTTP/1.1\r\nhost: t\r\n\r\n"));
        let status = status(&mut client);
        assert!(matches!(status, 200 | 400 | 404), "{target}: {status}");
    }
    for target in door.targets() {
        assert!(target.starts_with("/x/"), "`{target}` is another door");
        assert!(!target.split('/').any(|part| matches!(part, "." | "..")), "`{target}` may become another door");
        let decoded =
            target.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/").replace('\\', "/");
        assert!(!decoded.split('/').any(|part| part == ".."), "`{target}` may become another door once decoded");
    }
}

#[test]
fn a_request_names_one_host() {
    let door = Door::open();
    for (what, headers) in [
        ("none", ""),
        ("two", "host: a\r\nhost: b\r\n"),
        ("the same twice", "host: a\r\nhost: a\r\n"),
        ("a space", "host: a b\r\n"),
        ("a path", "host: a/b\r\n"),
        ("a user", "host: a@b\r\n"),
        ("a list", "host: a, b\r\n"),
        ("a port that is none", "host: a:b\r\n"),
    ] {
        refused(&door, what, format!("GET /x/a HTTP/1.1\r\n{headers}\r\n"), &[400]);
    }
    for host in ["t", "t:80", "[::1]:80", "example.org"] {
        assert_eq!(status(&mut door.send(format!("GET /x/a HTTP/1.1\r\nhost: {host}\r\n\r\n"))), 200, "{host}");
    }
    let mut old = door.send("GET /x/a HTTP/1.0\r\n\r\n");
    assert_eq!(status(&mut old), 200, "HTTP/1.0 needs none");
    assert!(old.is_closed(), "HTTP/1.0 closes");
}

#[test]
fn a_whole_url_as_target_is_the_same_as_its_path() {
    let door = Door::open();
    let mut client = door.send("GET http://t/x/a?b=c HTTP/1.1\r\nhost: t\r\n\r\n");
    assert_eq!(status(&mut client), 200);
    let seen = door.seen();
    assert_eq!(seen[0].target, "/x/a?b=c", "services get paths");
    assert_eq!(seen[0].count("host"), 1);
    // Which of the two is meant (RFC 9112, 3.2.2: the target) must not be left to whoever reads it later.
    let mut client = door.send("GET http://other.example/x/b HTTP/1.1\r\nhost: t\r\n\r\n");
    let status = status(&mut client);
    assert!(matches!(status, 200 | 400 | 421), "answered {status}");
    if let Some(seen) = door.seen().iter().find(|seen| seen.target == "/x/b") {
        assert_ne!(seen.header("x-forwarded-host"), Some(&b"t"[..]));
    }
    assert_eq!(self::status(&mut door.send("GET http://t/internal/v1/y HTTP/1.1\r\nhost: t\r\n\r\n")), 404);
}

#[test]
fn this_is_no_tunnel_to_elsewhere() {
    let door = Door::open();
    for request in [
        "CONNECT example.org:443 HTTP/1.1\r\nhost: example.org:443\r\n\r\n",
        "GET example.org:443 HTTP/1.1\r\nhost: t\r\n\r\n",
        "GET x/a HTTP/1.1\r\nhost: t\r\n\r\n",
        "GET * HTTP/1.1\r\nhost: t\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nhost: t\r\n\r\n",
    ] {
        let mut client = door.send(request);
        let status = status(&mut client);
        assert!(status < 500, "{request}: {status}");
    }
    assert_eq!(door.targets(), Vec::<String>::new());
}

#[test]
fn headers_of_one_connection_stay_on_it() {
    let door = Door::open();
    let mut client = door.send(
        "GET /x/a HTTP/1.1\r\nhost: t\r\nconnection: x-secret, close, Host, x-forwarded-for\r\nx-secret: 1\r\nkeep-alive: 5\r\n\
         proxy-authorization: Basic eDp5\r\nproxy-connection: x\r\nte: trailers\r\nupgrade: nothing\r\n\
         x-quantapilot-identity: forged\r\nx_quantapilot_identity: forged\r\nx-forwarded-for: 6.6.6.6\r\nx-forwarded-proto: gopher\r\nforwarded: for=6.6.6.6\r\n\
         x-real-ip: 6.6.6.6\r\n\r\n",
    );
    assert_eq!(status(&mut client), 200);
    let seen = door.seen().remove(0);
    for name in [
        "x-secret",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "upgrade",
        "x-quantapilot-identity",
        "forwarded",
        "x-real-ip",
    ] {
        assert!(seen.header(name).is_none(), "`{name}` went on");
    }
    assert_eq!(seen.count("host"), 1, "a client cannot name `Host` as meant for one connection only");
    assert_eq!(seen.header("x-forwarded-for"), Some(&b"127.0.0.1"[..]));
    assert!(!String::from_utf8_lossy(&seen.head).contains("6.6.6.6"));
}
