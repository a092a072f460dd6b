//! How often someone may come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::auth::Role;
use common::ids::UserId;
use futures::StreamExt as _;
use http::Method;
use serde_json::json;

use crate::fixture::{Fixture, gateway, token};

fn routes(limit: &'static str) -> impl Fn(&str) -> Option<String> + Send + Sync + Clone + 'static {
    let text = format!(
        "[limits]\nshort = {limit}\n[upstreams.dashboard-backend]\nservers = ['$DASHBOARD_BACKEND_URL']\n[[route]]\nname = 'l'\nprefix = '/'\nupstream = 'dashboard-backend'\nauth = 'public'\noptional_identity = true\nlimit = 'short'\n"
    );
    // A class of its own for each test: they share one Redis.
    let text = text.replace("short", &format!("short-{}", UserId::new()));
    let file = std::env::temp_dir().join(format!("qp-routes-{}.toml", UserId::new()));
    std::fs::write(&file, text).unwrap();
    move |name| match name {
        "API_GATEWAY_ROUTES" => Some(file.display().to_string()),
        // A machine that is busy with other tests must not look like a Redis that is away.
        "API_GATEWAY_LIMIT_PATIENCE_MILLISECONDS" => Some("5000".to_owned()),
        _ => None,
    }
}

#[tokio::test]
async fn a_refusal_says_when_to_come_again_and_who_is_meant() {
    let fixture = Fixture::with(routes("{ per_minute = 60, burst = 2 }")).await;
    let ask = async |token: Option<&str>| {
        let mut request = fixture.request(Method::GET, "/x");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap()
    };
    for left in [2, 1, 0] {
        let answer = ask(None).await;
        assert_eq!(answer.status(), 200);
        let state = answer.headers()["ratelimit"].to_str().unwrap().to_owned();
        assert!(state.contains(&format!(";r={left};")), "{state}");
    }
    let refused = ask(None).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert!(refused.headers()["ratelimit-policy"].to_str().unwrap().ends_with(";q=60;w=60"));
    assert_eq!(ask(Some(&token(Role::Viewer, |_| {}))).await.status(), 200, "a person has a count of its own");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(ask(None).await.status(), 200, "one a second");
    assert_eq!(ask(None).await.status(), 429);
}

/// What came of a flood.
struct Flood {
    passed: AtomicU64,
    refused: AtomicU64,
    /// Refusals while fewer had passed than must.
    early: AtomicU64,
    begin: Instant,
}

/// Sends for `seconds` through gateways in turn; `must(t)` is how many must pass within `t` seconds before anyone may be refused.
async fn flood(urls: &[String], token: &str, seconds: f64, must: fn(f64) -> f64) -> Arc<Flood> {
    const CLIENTS: usize = 16;
    let client = crate::fixture::client();
    let flood = Arc::new(Flood {
        passed: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        early: AtomicU64::new(0),
        begin: Instant::now(),
    });
    let tasks = (0..CLIENTS).map(|n| {
        let (client, url, token, flood) =
            (client.clone(), urls[n % urls.len()].clone(), token.to_owned(), Arc::clone(&flood));
        tokio::spawn(async move {
            while flood.begin.elapsed().as_secs_f64() < seconds {
                let sent = flood.begin.elapsed().as_secs_f64();
                let answer = client.get(format!("{url}/x")).bearer_auth(&token).send().await.unwrap();
                match answer.status().as_u16() {
                    200 => flood.passed.fetch_add(1, Ordering::SeqCst),
                    429 => {
                        // Others may have passed and not have been counted yet.
                        let passed = flood.passed.load(Ordering::SeqCst) + CLIENTS as u64;
                        if count(passed) < must(sent) {
                            flood.early.fetch_add(1, Ordering::SeqCst);
                        }
                        flood.refused.fetch_add(1, Ordering::SeqCst)
                    }
                    other => panic!("{other}"),
                };
            }
        })
    });
    for task in futures::future::join_all(tasks.collect::<Vec<_>>()).await {
        task.unwrap();
    }
    flood
}

#[expect(clippy::cast_precision_loss, reason = "a small count")]
fn count(n: u64) -> f64 {
    n as f64
}

/// `b + 1 + r·t ± g·m`, as `limit` states it.
#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_keep_one_limit_within_the_stated_bound() {
    const LEASED: f64 = 2.0 * 3.0;
    let settings = routes("{ per_minute = 600, burst = 60 }");
    let fixture = Fixture::with(settings.clone()).await;
    let other = gateway(&upstream_of(&fixture), settings).await;
    while !other.app.keys.are_known() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let urls = [fixture.url.clone(), format!("http://{}", other.address)];
    let user = UserId::new();
    let token = token(Role::Viewer, |claims| claims["sub"] = json!(user));
    let flood = flood(&urls, &token, 3.0, |t| 60.0 + 1.0 + 10.0 * t - LEASED).await;
    let most = 60.0 + 1.0 + 10.0 * flood.begin.elapsed().as_secs_f64() + LEASED;
    let passed = count(flood.passed.load(Ordering::SeqCst));
    assert!(passed <= most, "{passed} passed, {most} may");
    assert!(flood.refused.load(Ordering::SeqCst) > 0, "the flood was none");
    assert_eq!(flood.early.load(Ordering::SeqCst), 0, "refused before the limit was reached");
}

/// The address of the stand-in services.
fn upstream_of(fixture: &Fixture) -> String {
    let url = fixture.app.settings.services.dashboard_backend.to_string();
    url.trim_end_matches('/').to_owned()
}

/// A Redis of its own that dies under load and comes back: no request fails, and the limit is counted throughout.
#[tokio::test(flavor = "multi_thread")]
async fn redis_may_die_and_come_back_under_load() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut redis = start_redis(port);
    let settings = routes("{ per_minute = 60000, burst = 1000 }");
    let url = format!("redis://127.0.0.1:{port}");
    let fixture = Fixture::with(move |name| match name {
        "REDIS_URL" => Some(url.clone()),
        "API_GATEWAY_LIMIT_PATIENCE_MILLISECONDS" => Some("200".to_owned()),
        name => settings(name),
    })
    .await;
    let bearer = token(Role::Viewer, |_| {});
    let load = {
        let (url, bearer) = (fixture.url.clone(), bearer.clone());
        tokio::spawn(async move {
            let client = crate::fixture::client();
            let begin = Instant::now();
            futures::stream::iter(0..)
                .take_while(|_| std::future::ready(begin.elapsed() < Duration::from_secs(4)))
                .map(|_| {
                    let request = client.get(format!("{url}/x")).bearer_auth(&bearer).send();
                    async move { request.await.map(|answer| answer.status().as_u16()) }
                })
                .buffer_unordered(8)
                .fold((0_u64, 0_u64, Duration::ZERO), async |(good, refused, _), answer| match answer.unwrap() {
                    200 => (good + 1, refused, Duration::ZERO),
                    429 => (good, refused + 1, Duration::ZERO),
                    other => panic!("{other}"),
                })
                .await
        })
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    redis.kill().unwrap();
    redis.wait().unwrap();
    let begin = Instant::now();
    while !fixture.app.limiter.is_alone() {
        assert!(begin.elapsed() < Duration::from_secs(2), "nobody noticed that Redis is away");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut redis = start_redis(port);
    let (good, _, _) = load.await.unwrap();
    assert!(good > 100, "{good} requests passed");
    let begin = Instant::now();
    while fixture.app.limiter.is_alone() {
        assert!(begin.elapsed() < Duration::from_secs(5), "nobody noticed that Redis is back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    redis.kill().unwrap();
    redis.wait().unwrap();
}

fn start_redis(port: u16) -> std::process::Child {
    let child = std::process::Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

/// With a hundred requests of one person Redis is asked a few times, not a hundred.
#[tokio::test]
async fn redis_is_not_asked_for_each_request() {
    let fixture = Fixture::with(routes("{ per_minute = 60000, burst = 2000 }")).await;
    let bearer = token(Role::Viewer, |_| {});
    let class = fixture.app.live.load().table.routes().next().unwrap().limit.name.clone();
    let counted =
        |place: &str| api_gateway::metrics::LIMITS.with_label_values(&[class.as_str(), "allowed", place]).get();
    for _ in 0..200 {
        let answer = fixture.request(Method::GET, "/x").bearer_auth(&bearer).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    assert!(counted("lease") > 5 * counted("redis"), "{} leased, {} asked", counted("lease"), counted("redis"));
}
