//! Many at once.

use std::time::{Duration, Instant};

use crate::door::{Door, PATIENCE};

const HELLO: &str = "GET /x/hello HTTP/1.1\r\nhost: t\r\n\r\n";

#[test]
fn a_thousand_connections_are_all_served() {
    let door = Door::open();
    let mut clients: Vec<_> = (0..1000).map(|_| door.connect()).collect();
    let begin = Instant::now();
    for round in 0..2 {
        for client in &mut clients {
            client.write(HELLO);
        }
        for client in &mut clients {
            let mut answer = client.answer("GET").unwrap();
            // On a machine that is slow just now some are told to come again, and come.
            while answer.status == 503 && answer.header("retry-after").is_some() && begin.elapsed() < 2 * PATIENCE {
                std::thread::sleep(Duration::from_millis(50));
                client.write(HELLO);
                answer = client.answer("GET").unwrap();
            }
            assert_eq!((answer.status, &answer.body[..]), (200, &b"hello"[..]), "round {round}");
        }
    }
    assert_eq!(door.targets().len(), 2000, "each once");
}

#[test]
fn connections_that_say_nothing_cost_little() {
    let door = Door::open();
    let before = door.resident_kib();
    let clients: Vec<_> = (0..1000).map(|_| door.connect()).collect();
    assert_eq!(door.targets(), Vec::<String>::new(), "others are still served");
    let each = (door.resident_kib().saturating_sub(before)) / 1000;
    drop(clients);
    assert!(each < 32, "{each} KiB for a connection that says nothing");
}
