//! The live feed, over a real connection.

use std::time::Duration;

use common::auth::{IDENTITY_HEADER, Identity, Role};
use common::ids::UserId;
use common::testing::{signed_in, tokens};
use dashboard_backend::live;
use futures::StreamExt as _;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::support::{Run, TestApp};

/// The service on a port.
struct Served {
    app: TestApp,
    url: String,
    stop: CancellationToken,
}

impl Served {
    async fn start(db: PgPool) -> Self {
        let app = TestApp::start(db).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(common::http::serve_on(listener, app.router.clone(), stop.clone()));
        tokio::spawn(live::run(app.app.clone(), stop.clone()));
        Self { app, url, stop }
    }

    /// Reads `count` events, as (id, data).
    async fn read(&self, query: &str, last: Option<i64>, count: usize) -> Vec<(i64, Value)> {
        let client = common::http::client::Client::new("test");
        let url = format!("{}/api/v1/events/stream{query}", self.url).parse().unwrap();
        let (name, value) = signed_in(UserId::new(), Role::Viewer, "dashboard-backend", &self.app.clock);
        let mut request = client.request(http::Method::GET, url).header(name, value);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = client.send(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let (mut stream, mut text, mut found) = (response.bytes_stream(), String::new(), Vec::new());
        while found.len() < count {
            let chunk = tokio::time::timeout(Duration::from_secs(10), stream.next()).await.unwrap().unwrap().unwrap();
            text.push_str(std::str::from_utf8(&chunk).unwrap());
            while let Some(end) = text.find("\n\n") {
                let block: String = text.drain(..end + 2).collect();
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                if let (None, Some(id), Some(data)) = (field("event:"), field("id:"), field("data:")) {
                    found.push((id.parse().unwrap(), serde_json::from_str(data).unwrap()));
                }
            }
        }
        found
    }
}

async fn tell(app: &TestApp, run: &Run, number: u32) {
    let body = json!({"key": format!("e{number}"), "project_id": run.project, "kind": "note.made", "summary": format!("note {number}"),
        "occurred_at": "2026-03-17T11:59:00Z"});
    app.service("cursor-integration", http::Method::POST, "/internal/v1/events", Some(body)).await;
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn what_was_missed_comes_first(db: PgPool) {
    let served = Served::start(db).await;
    let run = served.app.project().await;
    for number in 0..5 {
        tell(&served.app, &run, number).await;
    }
    let all = served.read("", Some(0), 7).await;
    assert!(all.windows(2).all(|pair| pair[0].0 < pair[1].0), "in order");
    assert_eq!(all[6].1["summary"], "note 4");
    let missed = served.read("", Some(all[4].0), 2).await;
    assert_eq!(missed, all[5..], "exactly what came after, nothing twice");
    let by_query = served.read(&format!("?last_event_id={}&project_id={}", all[4].0, run.project), None, 2).await;
    assert_eq!(by_query, missed);
    served.stop.cancel();
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn news_arrives_while_one_waits(db: PgPool) {
    let served = Served::start(db).await;
    let run = served.app.project().await;
    let newest: i64 =
        sqlx::query_scalar("SELECT max(sequence) FROM events").fetch_one(&served.app.app.db).await.unwrap();
    let reader = served.read("", Some(newest), 1);
    let writer = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tell(&served.app, &run, 1).await;
    };
    let start = tokio::time::Instant::now();
    let (news, ()) = tokio::join!(reader, writer);
    assert_eq!(news[0].1["summary"], "note 1");
    assert!(start.elapsed() < Duration::from_secs(5), "it comes at once, not with a heartbeat");
    served.stop.cancel();
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_stream_ends_with_the_key_that_opened_it(db: PgPool) {
    let served = Served::start(db).await;
    let app = &served.app;
    let ann = app.user("Ann", Role::Viewer).await;
    let body = json!({"name": "watcher", "scopes": ["projects:read"]});
    let made = app.person(ann, Role::Viewer, http::Method::POST, "/api/v1/api-keys", Some(body)).await;
    let id = made.body["api_key"]["id"].as_str().unwrap();
    let identity = Identity {
        user_id: ann,
        role: Role::Viewer,
        email: "ann@example.org".to_owned(),
        session_id: format!("key:{id}"),
    };
    let header = tokens("api-gateway", &app.clock).identity_for("dashboard-backend", &identity);
    let client = common::http::client::Client::new("test");
    let url = format!("{}/api/v1/events/stream", served.url).parse().unwrap();
    let response = client.send(client.request(http::Method::GET, url).header(IDENTITY_HEADER, header)).await.unwrap();
    let mut stream = response.bytes_stream();
    assert!(next_chunk(&mut stream).await.unwrap().contains("event: hello"));
    let path = format!("/api/v1/api-keys/{id}");
    app.person(ann, Role::Viewer, http::Method::DELETE, &path, None).await;
    assert_eq!(next_chunk(&mut stream).await, None, "it ends, and says nothing more");
    served.stop.cancel();
}

async fn next_chunk<C: AsRef<[u8]>, E: std::fmt::Debug>(
    stream: &mut (impl futures::Stream<Item = Result<C, E>> + Unpin),
) -> Option<String> {
    let chunk = tokio::time::timeout(Duration::from_secs(10), stream.next()).await.unwrap();
    chunk.map(|chunk| String::from_utf8(chunk.unwrap().as_ref().to_vec()).unwrap())
}
