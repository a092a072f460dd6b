//! Clients that take their time, and streams that last.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use crate::door::Door;

/// A head must be complete within this, whatever the setting.
const LONGEST_HEAD: Duration = Duration::from_secs(45);

#[test]
fn a_head_that_never_ends_is_not_waited_for() {
    let door = Door::open();
    let mut client = door.send("GET /x/a HTTP/1.1\r\nhost: t\r\n");
    client.stream.set_read_timeout(Some(LONGEST_HEAD)).unwrap();
    let begin = Instant::now();
    if let Some(answer) = client.answer("GET") {
        assert_eq!(answer.status, 408);
    }
    assert!(client.is_closed());
    assert!(begin.elapsed() < LONGEST_HEAD);
    assert!(begin.elapsed() > Duration::from_secs(1), "an honest client may take a moment");
}

#[test]
fn dripping_bytes_do_not_keep_a_head_alive() {
    let door = Door::open();
    let mut client = door.send("GET /x/a HTTP/1.1\r\nhost: t\r\n");
    let begin = Instant::now();
    // One more header each second is progress of a kind; the head as a whole has its time all the same.
    client.stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut number = 0;
    loop {
        assert!(begin.elapsed() < LONGEST_HEAD, "still open after {number} headers");
        number += 1;
        client.write(format!("x-{number}: y\r\n"));
        let mut buffer = [0; 1024];
        match std::io::Read::read(&mut client.stream, &mut buffer) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Ok(0) | Err(_) => break,
            Ok(length) => {
                let said = String::from_utf8_lossy(&buffer[..length]).into_owned();
                assert!(said.starts_with("HTTP/1.1 408"), "{said}");
                break;
            }
        }
    }
    assert_eq!(door.targets(), Vec::<String>::new());
}

#[test]
fn events_arrive_one_by_one_for_twenty_seconds() {
    let door = Door::open();
    let mut client = door.send("GET /stream/events HTTP/1.1\r\nhost: t\r\n\r\n");
    assert_eq!(client.head().unwrap().status, 200);
    let begin = Instant::now();
    for number in 0..11_u64 {
        let wanted = format!("id: {number}\n\n");
        while !client.unread().windows(wanted.len()).any(|window| window == wanted.as_bytes()) {
            assert!(client.more(), "the stream ended before event {number}");
        }
        let late = begin.elapsed().saturating_sub(Duration::from_secs(2 * number));
        assert!(late < Duration::from_millis(1500), "event {number} was held back for {late:?}");
    }
    assert!(begin.elapsed() > Duration::from_secs(19));
    while !client.unread().ends_with(b"0\r\n\r\n") {
        assert!(client.more(), "the end of the stream is passed on");
    }
}

#[test]
fn a_body_that_is_announced_is_waited_for() {
    let door = Door::open();
    let mut client = door.send("POST /x/echo HTTP/1.1\r\nhost: t\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n");
    assert_eq!(client.head().unwrap().status, 100, "the client waits for this before it sends");
    client.write("hello");
    let answer = client.answer("POST").unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, &b"hello"[..]));
    assert_eq!(door.seen()[0].body, b"hello");
}

#[test]
fn a_body_that_will_be_refused_is_not_asked_for() {
    let door = Door::open();
    let mut client =
        door.send("POST /small/echo HTTP/1.1\r\nhost: t\r\ncontent-length: 5000\r\nexpect: 100-continue\r\n\r\n");
    assert_eq!(client.head().unwrap().status, 413, "refused before a byte of it was sent");
    assert_eq!(door.targets(), Vec::<String>::new());
}

#[test]
fn a_body_in_drops_arrives_whole() {
    let door = Door::open();
    let mut client = door.send("POST /x/echo HTTP/1.1\r\nhost: t\r\ncontent-length: 10\r\n\r\n");
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(50));
        client.write("x");
    }
    assert_eq!(client.answer("POST").unwrap().body, b"xxxxxxxxxx");
}

#[test]
fn a_body_that_stops_is_not_waited_for() {
    let door = Door::open();
    let mut client = door.send("POST /drip/echo HTTP/1.1\r\nhost: t\r\ncontent-length: 100\r\n\r\nbeginning");
    if let Some(answer) = client.answer("POST") {
        assert!(matches!(answer.status, 408 | 504), "answered {}", answer.status);
    }
    assert!(client.is_closed());
    assert!(door.seen().iter().all(|seen| !seen.complete), "half a body is no request");
}
