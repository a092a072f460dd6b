//! Answers: without bodies, cut off, malformed, early; and clients that go away.

use std::time::Duration;

use crate::door::Door;

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: t\r\n\r\n")
}

#[test]
fn answers_without_a_body_leave_the_connection_in_order() {
    let door = Door::open();
    let mut client = door.connect();
    for (method, path, status) in
        [("HEAD", "/x/hello", 200), ("GET", "/x/204", 204), ("GET", "/x/304", 304), ("HEAD", "/x/304", 304)]
    {
        client.write(format!("{method} {path} HTTP/1.1\r\nhost: t\r\n\r\n"));
        let answer = client.answer(method).unwrap();
        assert_eq!(answer.status, status, "{method} {path}");
        if path == "/x/hello" {
            assert_eq!(answer.header("content-length"), Some("5"), "the length that GET would have");
        }
        if status == 204 {
            assert!(answer.header("content-length").is_none() && answer.header("transfer-encoding").is_none());
        }
        client.write(get("/x/hello"));
        assert_eq!(client.answer("GET").unwrap().body, b"hello", "after {method} {path}");
    }
}

#[test]
fn what_follows_an_answer_is_never_the_next_one() {
    let door = Door::open();
    for path in ["/x/204-with-a-body", "/x/more-than-it-says"] {
        for _ in 0..3 {
            let mut client = door.send(get(path));
            let answer = client.answer("GET").unwrap();
            assert!(matches!(answer.status, 200 | 204 | 502), "{path}: {}", answer.status);
            assert_ne!(answer.body, b"forged");
            let mut other = door.send(get("/x/hello"));
            assert_eq!(other.answer("GET").unwrap().body, b"hello", "after {path}");
        }
    }
}

#[test]
fn an_answer_that_is_cut_off_is_never_taken_for_a_whole_one() {
    let door = Door::open();
    for path in ["/x/dies-in-body", "/x/dies-in-chunks"] {
        let mut client = door.send(get(path));
        if let Some(answer) = client.answer("GET") {
            if answer.status == 200 {
                assert!(!answer.complete, "{path}: a clean end after {:?}", String::from_utf8_lossy(&answer.body));
                assert!(b"0123456789".starts_with(&answer.body));
                assert!(client.is_closed(), "{path}");
            } else {
                assert_eq!(answer.status, 502, "{path}");
            }
        }
    }
    let mut client = door.send(get("/x/until-close"));
    let answer = client.answer("GET").unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, &b"until the end"[..]));
}

#[test]
fn a_service_that_says_nothing_is_502_and_only_safe_requests_are_repeated() {
    let door = Door::open();
    for path in ["/x/dies-in-head", "/x/dies-at-once"] {
        let post = format!("POST {path}?post HTTP/1.1\r\nhost: t\r\ncontent-length: 5\r\n\r\nhello");
        let mut client = door.send(post);
        assert_eq!(client.answer("POST").unwrap().status, 502, "{path}");
        client.write(get(path));
        assert_eq!(client.answer("GET").unwrap().status, 502, "{path}");
        let targets = door.targets();
        let count = |wanted: &str| targets.iter().filter(|target| *target == wanted).count();
        assert_eq!(count(&format!("{path}?post")), 1, "a request that may have had an effect is sent once");
        assert!((1..=3).contains(&count(path)), "{targets:?}");
    }
}

/// Answers that are none. The numbers are those of `/x/garbage/<n>`.
pub(crate) fn garbage(number: usize) -> Vec<u8> {
    let text: &str = match number {
        0 => "hello there\r\n\r\n",
        1 => "HTTP/1.1 abc OK\r\n\r\n",
        2 => "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nx",
        3 => "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxy",
        4 => "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        5 => "HTTP/1.1 200 OK\r\nx\0y: z\r\ncontent-length: 0\r\n\r\n",
        6 => "HTTP/1.1 99 OK\r\ncontent-length: 0\r\n\r\n",
        7 => "HTTP/1.1 1000 OK\r\ncontent-length: 0\r\n\r\n",
        8 => "\u{1}\u{2}\u{3}\u{4}",
        9 => "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\nXYZ",
        10 => {
            return format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n", "y".repeat(2 << 20)).into_bytes();
        }
        11 => {
            let lines: String = (0..5000).map(|n| format!("x-{n}: y\r\n")).collect();
            return format!("HTTP/1.1 200 OK\r\n{lines}content-length: 0\r\n\r\n").into_bytes();
        }
        _ => "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    };
    text.as_bytes().to_vec()
}

#[test]
fn answers_that_are_none_are_502_and_harm_nobody_else() {
    let door = Door::open();
    for number in 0..=12 {
        let mut client = door.send(get(&format!("/x/garbage/{number}")));
        if let Some(answer) = client.answer("GET") {
            let cut_off = answer.status == 200 && !answer.complete;
            assert!(answer.status == 502 || cut_off, "garbage {number}: {} {:?}", answer.status, answer.body);
        }
        let mut other = door.send(get("/x/hello"));
        assert_eq!(other.answer("GET").unwrap().body, b"hello", "after garbage {number}");
    }
}

#[test]
fn a_service_that_takes_too_long_is_504() {
    let door = Door::open();
    let mut client = door.send(get("/hasty/never"));
    assert_eq!(client.answer("GET").unwrap().status, 504);
}

#[test]
fn an_answer_that_comes_before_the_body_is_over_is_passed_on() {
    let door = Door::open();
    let mut client = door.send("POST /x/early HTTP/1.1\r\nhost: t\r\ncontent-length: 16777216\r\n\r\n");
    for _ in 0..4 {
        client.write([b'x'; 4096]);
    }
    let answer = client.answer("POST").unwrap();
    assert_eq!((answer.status, &answer.body[..]), (422, &b"no!"[..]));
}

#[test]
fn when_the_client_goes_the_service_is_let_go() {
    let door = Door::open();
    let mut client = door.send(get("/stream/forever"));
    assert_eq!(client.head().unwrap().status, 200);
    assert!(!client.exactly(100).0.is_empty());
    drop(client);
    assert!(door.upstream.was_abandoned(Duration::from_secs(10)), "the service still writes to nobody");
    assert_eq!(door.targets(), ["/stream/forever"]);
}

#[test]
fn half_closed_clients_are_answered_or_let_go() {
    let door = Door::open();
    for request in [get("/x/slow"), "POST /x/echo HTTP/1.1\r\nhost: t\r\ncontent-length: 5\r\n\r\nhello".to_owned()] {
        let mut client = door.send(request);
        client.half_close();
        if let Some(answer) = client.answer("GET") {
            assert!(answer.status == 200 && answer.complete, "{answer:?}");
        }
        assert!(client.is_closed());
    }
    // In the middle of a head, and before any.
    for beginning in ["GET /x/a HTTP/1.1\r\nhost:", ""] {
        let mut client = door.send(beginning);
        client.half_close();
        if let Some(answer) = client.answer("GET") {
            assert_eq!(answer.status, 400);
        }
        assert!(client.is_closed());
    }
}

#[test]
fn large_bodies_arrive_whole_both_ways() {
    let door = Door::open();
    let body: Vec<u8> = (0..8_000_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let mut client = door.connect();
    let mut writer = client.stream.try_clone().unwrap();
    let sent = body.clone();
    let writing = std::thread::spawn(move || {
        use std::io::Write as _;
        let head = format!("POST /x/echo HTTP/1.1\r\nhost: t\r\ncontent-length: {}\r\n\r\n", sent.len());
        writer.write_all(head.as_bytes()).unwrap();
        writer.write_all(&sent).unwrap();
    });
    let answer = client.answer("POST").unwrap();
    writing.join().unwrap();
    assert!(answer.complete && answer.body == body, "{} bytes came back", answer.body.len());
    assert!(door.seen()[0].body == body);
}
