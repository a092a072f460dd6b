use std::sync::{Arc, Mutex};

use axum::{Router, extract::State, http::HeaderMap, routing::post};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sandbox::faults::{Kind, NewFault, Surface};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{BOT, World};

type Received = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A receiver that remembers what came.
async fn receiver() -> (String, Received) {
    let received = Received::default();
    let take = async |State(received): State<Received>, headers: HeaderMap, body: Bytes| {
        received.lock().unwrap().push((headers, body));
        "thanks"
    };
    let router = Router::new().route("/", post(take)).with_state(received.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, received)
}

fn named(received: &Received) -> Vec<String> {
    let text = |headers: &HeaderMap| headers["x-github-event"].to_str().unwrap().to_owned();
    received.lock().unwrap().iter().map(|(headers, _)| text(headers)).collect()
}

async fn arrival(received: &Received, event: &str, count: usize) {
    for _ in 0..200 {
        if named(received).iter().filter(|name| *name == event).count() >= count {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("{event} did not come {count} times; there came {:?}", named(received));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_told_signed_logged_and_told_again_with_the_same_id() {
    let world = World::start().await;
    let (address, received) = receiver().await;
    let clone = world.pushed("told", &[("README.md", "# Told\n")]).await;
    let hook = json!({"config": {"url": address, "content_type": "json", "secret": "s3cret"}, "events": ["push"]});
    let hook = world.post(&format!("/repos/{BOT}/told/hooks"), hook).await;
    assert_eq!(hook.status, 201, "{}", hook.body);
    assert_eq!(hook.body["config"]["secret"], "********");
    arrival(&received, "ping", 1).await;

    let sha = clone.commit(&[("src/new.txt", "x\n"), ("README.md", "# Told you\n")], "Tell").await;
    clone.push(&["main"]).await;
    arrival(&received, "push", 1).await;
    let (headers, body) =
        received.lock().unwrap().iter().find(|(headers, _)| headers["x-github-event"] == "push").unwrap().clone();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"s3cret").unwrap();
    mac.update(&body);
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    assert_eq!(headers["x-hub-signature-256"], signature.as_str());
    let payload: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(payload["after"], sha.as_str());
    assert_eq!(payload["commits"][0]["added"], json!(["src/new.txt"]));
    assert_eq!(payload["commits"][0]["modified"], json!(["README.md"]));
    assert_eq!(payload["sender"]["login"], BOT);

    let deliveries = format!("{}/deliveries", hook.body["url"].as_str().unwrap());
    let id = world
        .until(&deliveries, |list| list.as_array()?.iter().find(|one| one["event"] == "push")?["id"].as_u64())
        .await;
    let logged = world.get(&format!("{deliveries}/{id}")).await;
    assert_eq!(logged.body["response"]["payload"], "thanks");
    assert_eq!(logged.body["request"]["payload"]["after"], sha.as_str());
    let again = world.post(&format!("{deliveries}/{id}/attempts"), json!({})).await;
    assert_eq!(again.status, 202);
    arrival(&received, "push", 2).await;
    let guids: Vec<_> = received
        .lock()
        .unwrap()
        .iter()
        .filter(|(headers, _)| headers["x-github-event"] == "push")
        .map(|(headers, _)| headers["x-github-delivery"].clone())
        .collect();
    assert_eq!(guids[0], guids[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_delivery_is_logged_and_not_repeated() {
    let world = World::start().await;
    world.create_repo("dead").await;
    // Nobody listens on the discard port.
    let hook = json!({"config": {"url": "http://127.0.0.1:9/", "content_type": "json"}, "events": ["*"]});
    let hook = world.post(&format!("/repos/{BOT}/dead/hooks"), hook).await;
    let deliveries = format!("{}/deliveries?status=failure", hook.body["url"].as_str().unwrap());
    let count = world.until(&deliveries, |list| list.as_array().map(Vec::len).filter(|count| *count > 0)).await;
    assert_eq!(count, 1);
    let shown = world.get(hook.body["url"].as_str().unwrap()).await;
    assert_eq!(shown.body["last_response"]["status"], "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_makes_a_webhook_come_twice() {
    let world = World::start().await;
    let (address, received) = receiver().await;
    world.sandbox.faults().add(NewFault::once(Surface::Github, Kind::DuplicateWebhook).on("push"));
    let clone = world.pushed("twice", &[("README.md", "# Twice\n")]).await;
    let hook = json!({"config": {"url": address, "content_type": "json"}, "events": ["push"]});
    world.post(&format!("/repos/{BOT}/twice/hooks"), hook).await;
    clone.commit(&[("b", "b")], "Again").await;
    clone.push(&["main"]).await;
    arrival(&received, "push", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn switches_delay_refuse_and_drop() {
    let world = World::start().await;
    let faults = world.sandbox.faults();
    faults.add(NewFault::once(Surface::Github, Kind::Status { status: 502 }).on("GET /user"));
    faults.add(NewFault::once(Surface::Github, Kind::RateLimit { retry_after_seconds: 7 }));
    assert_eq!(world.get("/user").await.status, 502);
    let limited = world.get("/user").await;
    assert_eq!(limited.status, 429);
    assert_eq!(limited.headers["retry-after"], "7");
    assert!(limited.body["message"].as_str().unwrap().contains("secondary rate limit"));
    faults.add(NewFault::once(Surface::Github, Kind::Drop));
    assert!(world.request(reqwest::Method::GET, "/user").send().await.is_err());
    // What was asked for has happened, though nobody was told.
    faults.add(NewFault::once(Surface::Github, Kind::DropAfter).on("POST /user/repos"));
    assert!(world.request(reqwest::Method::POST, "/user/repos").json(&json!({"name": "lost"})).send().await.is_err());
    assert_eq!(world.get(&format!("/repos/{BOT}/lost")).await.status, 200);
}
