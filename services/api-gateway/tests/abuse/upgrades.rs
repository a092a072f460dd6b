//! Connections that become something else.

use std::io::Write as _;
use std::net::Shutdown;
use std::time::Duration;

use crate::door::{Client, Door};

const HANDSHAKE: &str = "GET /x/ws HTTP/1.1\r\nhost: t\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\n\
                         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A masked frame, as clients send them (RFC 6455, 5.2).
fn frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x82, 0x80 | 127];
    frame.extend((payload.len() as u64).to_be_bytes());
    frame.extend([1, 2, 3, 4]);
    frame.extend(payload.iter().zip([1, 2, 3, 4].iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

fn open(door: &Door) -> Client {
    let mut client = door.send(HANDSHAKE);
    let answer = client.head().unwrap();
    assert_eq!(answer.status, 101);
    assert_eq!(answer.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert!(answer.header("upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket")));
    assert_eq!(client.exactly(5).0, b"first", "what came with the head of the answer is not lost");
    client
}

#[test]
fn frames_of_any_size_go_both_ways_unchanged() {
    let door = Door::open();
    let mut client = open(&door);
    for size in [0, 1, 125, 70_000, 3 << 20] {
        let sent = frame(&vec![b'x'; size]);
        let mut writer = client.stream.try_clone().unwrap();
        let bytes = sent.clone();
        let writing = std::thread::spawn(move || writer.write_all(&bytes).unwrap());
        let (got, whole) = client.exactly(sent.len());
        writing.join().unwrap();
        assert!(whole && got == sent, "a frame of {size} bytes came back as {} bytes", got.len());
    }
    let seen = door.seen().remove(0);
    assert!(seen.header("upgrade").is_some_and(|value| value.eq_ignore_ascii_case(b"websocket")));
    assert!(seen.header("sec-websocket-key").is_some());
}

#[test]
fn when_one_side_closes_so_does_the_other() {
    let door = Door::open();
    let client = open(&door);
    client.stream.shutdown(Shutdown::Both).unwrap();
    assert!(door.upstream.was_abandoned(Duration::from_secs(10)), "the service was not told");
    let mut client = open(&door);
    client.half_close();
    assert!(client.is_closed(), "the service closed, and the client was not told");
}

#[test]
fn only_a_service_that_agrees_changes_the_connection() {
    let door = Door::open();
    let mut client = door.send(HANDSHAKE.replace("/x/ws", "/x/hello"));
    assert_eq!(client.answer("GET").unwrap().body, b"hello");
    // Still HTTP: what a client that did not listen sends next is a request or nothing.
    client.write(frame(b"GET /x/smuggled HTTP/1.1\r\nhost: t\r\n\r\n"));
    if let Some(answer) = client.answer("GET") {
        assert_eq!(answer.status, 400);
    }
    assert_eq!(door.targets(), ["/x/hello"]);
}

/// A service that spoke HTTP/2 on the same connection would be reached past every check of ours.
#[test]
fn http2_is_not_tunnelled_past_us() {
    let door = Door::open();
    for upgrade in ["h2c", "h2c, websocket", "websocket, h2c", "TLS/1.0", "HTTP/2.0"] {
        let mut client = door.send(format!(
            "GET /x/a HTTP/1.1\r\nhost: t\r\nconnection: upgrade, http2-settings\r\nupgrade: {upgrade}\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n"
        ));
        let status = client.answer("GET").unwrap().status;
        assert!(matches!(status, 200 | 400 | 501), "{upgrade}: {status}");
    }
    for seen in door.seen() {
        assert!(seen.header("upgrade").is_none(), "{}", String::from_utf8_lossy(&seen.head));
        assert!(seen.header("http2-settings").is_none(), "{}", String::from_utf8_lossy(&seen.head));
    }
}
