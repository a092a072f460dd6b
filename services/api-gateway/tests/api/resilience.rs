//! When services fail, are slow, or come and go.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, get};
use common::ids::UserId;
use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::fixture::{Fixture, serve};

/// A gateway with one route `/` to these servers, with more keys of the upstream and of the route.
async fn with(servers: &[String], upstream: &str, route: &str) -> Fixture {
    let servers = servers.iter().map(|server| format!("'{server}'")).collect::<Vec<_>>().join(", ");
    let text = format!(
        "[limits]\na = {{ per_minute = 600000, burst = 10000 }}\n[upstreams.x]\nservers = [{servers}]\n{upstream}\n[[route]]\nname = 'r'\nprefix = '/'\nupstream = 'x'\nauth = 'public'\nlimit = 'a'\n{route}\n"
    );
    let file = std::env::temp_dir().join(format!("qp-routes-{}.toml", UserId::new()));
    std::fs::write(&file, text).unwrap();
    Fixture::with(move |name| (name == "API_GATEWAY_ROUTES").then(|| file.display().to_string())).await
}

/// Answers each connection with what `answer` says, then closes it.
async fn raw(answer: &'static [u8], wait: Duration) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let counted = Arc::clone(&counted);
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let length = stream.read(&mut buffer).await.unwrap_or_default();
                if buffer[..length].starts_with(b"GET /health") {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
                    return;
                }
                if length > 0 {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
                tokio::time::sleep(wait).await;
                let _ = stream.write_all(answer).await;
            });
        }
    });
    (url, count)
}

async fn named(name: &'static str) -> String {
    serve(Router::new().route("/health/ready", get(|| async {})).fallback(any(move || async move { name }))).await
}

fn closed() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn requests_go_around_a_server_that_is_away_whatever_their_method() {
    let good = named("good").await;
    let fixture = with(&[closed(), good], "", "").await;
    for method in [Method::GET, Method::POST, Method::DELETE].into_iter().cycle().take(30) {
        let answer = fixture.request(method, "/x").body("b").send().await.unwrap();
        assert_eq!(answer.status(), 200, "nothing was sent to the other one, so nothing was done twice");
    }
}

#[tokio::test]
async fn an_unanswered_get_is_tried_elsewhere_and_an_unanswered_post_is_not() {
    let (dead, dead_count) = raw(b"", Duration::ZERO).await;
    let good = named("good").await;
    let fixture = with(&[dead, good], "eject_after = 1000", "").await;
    for _ in 0..10 {
        assert_eq!(fixture.get("/x").await.status(), 200);
    }
    let seen = dead_count.load(Ordering::Relaxed);
    assert!(seen > 0);
    let mut refused = 0;
    for _ in 0..10 {
        let answer = fixture.request(Method::POST, "/x").body("b").send().await.unwrap();
        if answer.status() == 502 {
            assert_eq!(answer.headers()["x-quantapilot-gateway-error"], "upstream");
            refused += 1;
        }
    }
    assert_eq!(
        dead_count.load(Ordering::Relaxed) - seen,
        refused,
        "each one that reached the dead server was sent once"
    );
    assert!(refused > 0);
}

#[tokio::test]
async fn a_server_that_keeps_failing_is_left_out() {
    let (dead, count) = raw(b"", Duration::ZERO).await;
    let good = named("good").await;
    let fixture = with(&[dead, good], "eject_after = 3\neject_milliseconds = 60000", "").await;
    for _ in 0..40 {
        assert_eq!(fixture.get("/x").await.status(), 200);
    }
    assert_eq!(count.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_server_that_fails_its_health_check_gets_no_requests() {
    let sick = serve(
        Router::new()
            .route("/health/ready", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))
            .fallback(any(|| async { "sick" })),
    )
    .await;
    let fixture = with(&[sick, named("good").await], "health = { interval_milliseconds = 50, fails = 1 }", "").await;
    let begin = Instant::now();
    while fixture.app.live.load().upstreams["x"].servers().iter().all(|server| server.usable(0)) {
        assert!(begin.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for _ in 0..20 {
        assert_eq!(fixture.get("/x").await.text().await.unwrap(), "good");
    }
}

#[tokio::test]
async fn the_breaker_refuses_at_once_and_says_when_to_come_again() {
    let (dead, count) = raw(b"", Duration::ZERO).await;
    let fixture = with(&[dead], "breaker = { min_requests = 5, open_seconds = 60 }", "retries = 0").await;
    let mut codes = Vec::new();
    for _ in 0..20 {
        codes.push(fixture.get("/x").await.status().as_u16());
    }
    assert_eq!(codes[..5], [502; 5]);
    assert_eq!(codes[5..], [503; 15]);
    assert_eq!(count.load(Ordering::Relaxed), 5, "the service is left in peace");
    let refused = fixture.get("/x").await;
    assert!(refused.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn a_slow_service_is_given_up_per_try_and_in_all() {
    let (slow, count) = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Duration::from_secs(30)).await;
    let fixture = with(&[slow], "", "timeout_seconds = 3\ntry_timeout_seconds = 1\nretries = 1").await;
    let begin = Instant::now();
    let answer = fixture.get("/x").await;
    assert_eq!(answer.status(), 504);
    assert!((1.9..3.0).contains(&begin.elapsed().as_secs_f64()), "{:?}", begin.elapsed());
    assert_eq!(count.load(Ordering::Relaxed), 2);
    let post = fixture.request(Method::POST, "/x").body("b").send().await.unwrap();
    assert_eq!((post.status().as_u16(), count.load(Ordering::Relaxed)), (504, 3), "once");
}

#[tokio::test]
async fn a_service_that_restarts_is_waited_for() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let fixture = with(&[format!("http://{address}")], "", "").await;
    let asking = tokio::spawn(fixture.request(Method::POST, "/x").body("b").send());
    tokio::time::sleep(Duration::from_millis(700)).await;
    let listener = TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(any(|| async { "back" }))).await });
    assert_eq!(asking.await.unwrap().unwrap().text().await.unwrap(), "back");
}

#[tokio::test]
async fn too_many_requests_to_one_service_do_not_take_the_others_places() {
    let slow = serve(Router::new().fallback(any(|| async {
        tokio::time::sleep(Duration::from_millis(500)).await;
    })))
    .await;
    let fixture = with(&[slow], "max_in_flight = 3", "").await;
    let answers = futures::future::join_all((0..10).map(|_| fixture.get("/x"))).await;
    let refused = answers.iter().filter(|answer| answer.status() == 503).count();
    assert_eq!(refused, 7);
    assert!(
        answers.iter().filter(|answer| answer.status() == 503).all(|answer| answer.headers()["retry-after"] == "1")
    );
}

#[tokio::test]
async fn beyond_its_room_the_gateway_refuses_instead_of_queueing() {
    let slow = serve(Router::new().fallback(any(|| async {
        tokio::time::sleep(Duration::from_millis(500)).await;
    })))
    .await;
    let text = format!(
        "[limits]\na = {{ per_minute = 600000, burst = 10000 }}\n[upstreams.x]\nservers = ['{slow}']\n[[route]]\nname = 'r'\nprefix = '/'\nupstream = 'x'\nauth = 'public'\nlimit = 'a'\n"
    );
    let file = std::env::temp_dir().join(format!("qp-routes-{}.toml", UserId::new()));
    std::fs::write(&file, text).unwrap();
    let fixture = Fixture::with(move |name| match name {
        "API_GATEWAY_ROUTES" => Some(file.display().to_string()),
        "API_GATEWAY_MAX_IN_FLIGHT" => Some("4".to_owned()),
        _ => None,
    })
    .await;
    let answers = futures::future::join_all((0..12).map(|_| fixture.get("/x"))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == 200).count(), 4);
    assert!(
        answers
            .iter()
            .filter(|answer| answer.status() == 503)
            .all(|answer| answer.headers().contains_key("retry-after"))
    );
    assert_eq!(
        fixture.request(Method::GET, "/health/live").send().await.unwrap().status(),
        200,
        "health answers all the same"
    );
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_a_bad_gateway() {
    for answer in
        [&b"garbage\r\n\r\n"[..], b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"]
    {
        let (bad, _) = raw(answer, Duration::ZERO).await;
        let fixture = with(&[bad], "", "retries = 0").await;
        let response = fixture.get("/x").await;
        assert_eq!(response.status(), 502, "{}", String::from_utf8_lossy(answer));
        let body: serde_json::Value = response.json().await.unwrap();
        assert_eq!(body["code"], "service_failed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_answers_what_is_open_and_what_is_on_its_way() {
    let slow = serve(Router::new().fallback(any(|| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        "done"
    })))
    .await;
    let mut fixture = with(&[slow], "", "").await;
    // A kept connection that is idle when the signal comes.
    let warm = crate::fixture::client();
    let url = format!("{}/x", fixture.url);
    assert_eq!(warm.get(&url).send().await.unwrap().status(), 200);
    let open = tokio::spawn(fixture.request(Method::GET, "/x").send());
    tokio::time::sleep(Duration::from_millis(200)).await;
    let drained = tokio::spawn(fixture.drain());
    tokio::time::sleep(Duration::from_millis(200)).await;
    let late = warm.get(&url).send().await.unwrap();
    assert_eq!(late.headers()["connection"], "close");
    assert_eq!(late.text().await.unwrap(), "done", "it came on a connection that was open already");
    assert_eq!(open.await.unwrap().unwrap().text().await.unwrap(), "done");
    let begin = Instant::now();
    drained.await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(10));
    assert!(crate::fixture::client().get(&url).send().await.is_err(), "nobody listens any more");
}
