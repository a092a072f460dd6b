//! A gateway is replaced by another one under load, on a socket that outlives both, as systemd holds it: no request fails.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use common::auth::Role;
use http::{Method, StatusCode};

use crate::fixture::{self, token};
use crate::process::Gateway;

#[derive(Default)]
struct Tally {
    stop: AtomicBool,
    answered: AtomicU32,
    failed: std::sync::Mutex<Vec<String>>,
}

/// One client that keeps its connection as long as it is let, with reads and writes in turn.
async fn client(url: String, tally: Arc<Tally>) {
    let client = fixture::client();
    let mut signed_in = String::new();
    for round in 0_u32.. {
        if tally.stop.load(Ordering::Relaxed) {
            break;
        }
        // Somebody else every so often: one person may not ask that much.
        if round.is_multiple_of(50) {
            signed_in = token(Role::Admin, |_| {});
        }
        for (method, path) in [(Method::GET, "/api/v1/projects"), (Method::POST, "/api/v1/echo")] {
            let request = client.request(method.clone(), format!("{url}{path}")).bearer_auth(&signed_in).body("hello");
            let problem = match request.send().await {
                Ok(answer) if answer.status() == StatusCode::OK => answer.bytes().await.err().map(|e| format!("{e:?}")),
                Ok(answer) => Some(format!("{} {}", answer.status(), answer.text().await.unwrap_or_default())),
                Err(error) => Some(format!("{error:?}")),
            };
            tally.answered.fetch_add(1, Ordering::Relaxed);
            if let Some(problem) = problem {
                tally.failed.lock().unwrap().push(format!("{method} {path}: {problem}"));
            }
        }
        // People pause.
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_replaced_under_load_without_a_failed_request() {
    let (upstream, _) = fixture::upstream_alone().await;
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let mut gateway = Gateway::start(&socket, &upstream, &[]);
    // The first one has to fetch the keys before it can know anybody.
    let probe = fixture::client();
    let signed_in = async || {
        let request = probe.get(format!("{url}/api/v1/projects")).bearer_auth(token(Role::Admin, |_| {}));
        request.send().await.is_ok_and(|answer| answer.status() == StatusCode::OK)
    };
    while !signed_in().await {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let tally = Arc::new(Tally::default());
    let clients: Vec<_> = (0..8).map(|_| tokio::spawn(client(url.clone(), Arc::clone(&tally)))).collect();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let next = Gateway::start(&socket, &upstream, &[]);
        std::mem::replace(&mut gateway, next).stop().await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    tally.stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    gateway.stop().await;
    let (answered, failed) = (tally.answered.load(Ordering::Relaxed), tally.failed.lock().unwrap().clone());
    assert!(failed.is_empty(), "{} of {answered} failed: {:#?}", failed.len(), &failed[..failed.len().min(5)]);
    assert!(answered > 500, "{answered} are no load");
}
