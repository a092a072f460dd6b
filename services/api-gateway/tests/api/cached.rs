//! Answers kept in Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use axum::routing::any;
use common::auth::Role;
use common::ids::UserId;
use http::Method;
use serde_json::json;

use crate::fixture::{Fixture, serve, token};

/// A gateway with a public route, one per person, and one that is not cached for people; the service counts and answers as the path says.
async fn start() -> (Fixture, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let service = serve(Router::new().fallback(any(move |request: Request| {
        let n = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            let path = request.uri().path().to_owned();
            let language = request.headers().get("accept-language").map(|value| value.to_str().unwrap().to_owned());
            let mut response = format!("{n} {language:?}").into_response();
            let headers = response.headers_mut();
            if path.contains("/vary") {
                headers.insert("vary", "accept-language".parse().unwrap());
            }
            if path.contains("/never") {
                headers.insert("cache-control", "no-store".parse().unwrap());
            }
            if path.contains("/cookie") {
                headers.insert("set-cookie", "a=b".parse().unwrap());
            }
            headers.insert("surrogate-key", format!("all {}", path.replace('/', "_")).parse().unwrap());
            response
        }
    })))
    .await;
    let one = |name: &str, auth: &str, cache: &str| {
        format!(
            "[[route]]\nname = '{name}'\nprefix = '/{name}'\nupstream = 'x'\nauth = '{auth}'\nlimit = 'a'\ncache = {cache}\n"
        )
    };
    // Keys hold the route's name: a name of its own keeps tests apart on one Redis.
    let text = format!(
        "[limits]\na = {{ per_minute = 600000, burst = 10000 }}\n[upstreams.x]\nservers = ['{service}']\n{}{}{}",
        one("open", "public", "{ seconds = 60 }"),
        one("own", "user", "{ seconds = 60, per_user = true }"),
        one("shut", "user", "{ seconds = 60 }"),
    );
    let file = std::env::temp_dir().join(format!("qp-routes-{}.toml", UserId::new()));
    std::fs::write(&file, text).unwrap();
    let fixture = Fixture::with(move |name| (name == "API_GATEWAY_ROUTES").then(|| file.display().to_string())).await;
    (fixture, count)
}

/// A path that no other test uses.
fn unique(path: &str) -> String {
    format!("{path}/{}", UserId::new())
}

/// Asks once and waits until that answer is kept: it is written beside the request. Looking by HEAD keeps nothing itself, so that no second
/// answer is on its way. An answer that another test's purge took is asked for again.
async fn until_kept(fixture: &Fixture, path: &str) -> String {
    for _ in 0..5 {
        let answer = fixture.get(path).await;
        let is_kept = answer.headers().contains_key("age");
        let body = answer.text().await.unwrap();
        if is_kept {
            return body;
        }
        for _ in 0..50 {
            let token = token(Role::Viewer, |_| {});
            let look = fixture.request(Method::HEAD, path).bearer_auth(token).send().await.unwrap();
            if look.headers().contains_key("age") {
                return body;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    panic!("{path} was never kept");
}

#[tokio::test]
async fn a_public_answer_is_kept_with_its_tag_and_dropped_by_event() {
    let (fixture, count) = start().await;
    let path = unique("/open");
    let body = until_kept(&fixture, &path).await;
    let asked = count.load(Ordering::SeqCst);
    let again = fixture.get(&path).await;
    let etag = again.headers()["etag"].clone();
    assert_eq!(again.text().await.unwrap(), body);
    let conditional = fixture.request(Method::GET, &path).header("if-none-match", etag).send().await.unwrap();
    assert_eq!(conditional.status(), 304);
    let head = fixture.request(Method::HEAD, &path).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(count.load(Ordering::SeqCst), asked, "the service was left in peace");
    let fresh = fixture.request(Method::GET, &path).header("cache-control", "no-cache").send().await.unwrap();
    assert_ne!(fresh.text().await.unwrap(), body, "the client wanted a fresh one");
    let tag = path.replace('/', "_");
    let begin = Instant::now();
    let kept = until_kept(&fixture, &path).await;
    loop {
        fixture.app.redis.publish(api_gateway::cache::PURGE_CHANNEL, &tag).await;
        let answer = fixture.get(&path).await.text().await.unwrap();
        if answer != kept {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(5), "the event dropped nothing");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn answers_differ_by_what_they_vary_on() {
    let (fixture, _) = start().await;
    let path = unique("/open/vary");
    let ask = async |language: &str| {
        fixture
            .request(Method::GET, &path)
            .header("accept-language", language)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    };
    for _ in 0..20 {
        assert!(ask("en").await.contains("en"));
        assert!(ask("ru").await.contains("ru"));
    }
}

#[tokio::test]
async fn what_must_not_be_kept_is_not() {
    let (fixture, count) = start().await;
    for path in ["/open/never", "/open/cookie", "/shut"] {
        let path = unique(path);
        let before = count.load(Ordering::SeqCst);
        for _ in 0..5 {
            assert!(!fixture.get(&path).await.headers().contains_key("age"), "{path}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(count.load(Ordering::SeqCst) - before, 5, "{path}");
    }
    let path = unique("/open");
    fixture.request(Method::POST, &path).send().await.unwrap();
    fixture.request(Method::GET, &path).header("range", "bytes=0-1").send().await.unwrap();
    assert!(!fixture.get(&path).await.headers().contains_key("age"));
}

#[tokio::test]
async fn a_persons_answer_is_for_that_person() {
    let (fixture, _) = start().await;
    let path = unique("/own");
    let of = |user: UserId| token(Role::Viewer, |claims| claims["sub"] = json!(user));
    let (ann, ben) = (of(UserId::new()), of(UserId::new()));
    let ask = async |token: &str| fixture.request(Method::GET, &path).bearer_auth(token).send().await.unwrap();
    let begin = Instant::now();
    let anns = loop {
        let answer = ask(&ann).await;
        if answer.headers().contains_key("age") {
            break answer.text().await.unwrap();
        }
        assert!(begin.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let bens = ask(&ben).await;
    assert!(!bens.headers().contains_key("age"));
    assert_ne!(bens.text().await.unwrap(), anns);
    assert_eq!(
        fixture.request(Method::GET, &path).send().await.unwrap().status(),
        401,
        "nobody gets it without signing in"
    );
}
