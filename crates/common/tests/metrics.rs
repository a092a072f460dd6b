//! The gauges of the backlog, on a real Postgres. A binary of its own: metrics belong to the whole process.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use common::clock::Clock;
use common::health::Health;
use common::jobs::{Attempt, Job, JobError, Worker, enqueue};
use common::testing::send;
use http::Method;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

#[derive(Serialize, Deserialize)]
struct Flaky {
    hopeless: bool,
}

impl Job for Flaky {
    const QUEUE: &'static str = "test.flaky";
    type Context = ();

    async fn run(&self, (): &(), _attempt: Attempt) -> Result<(), JobError> {
        let error = anyhow::anyhow!("no");
        Err(if self.hopeless { JobError::fail(error) } else { JobError::retry(error) })
    }
}

async fn metrics() -> String {
    let router = Router::new().route("/metrics", get(async || common::metrics::render()));
    send(&router, Method::GET, "/metrics", &[], None).await.body.as_str().unwrap().to_owned()
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_backlog_its_age_and_what_was_given_up_are_told(db: PgPool) {
    let clock = Clock::fixed(time::macros::datetime!(2026-11-22 14:00 UTC));
    let worker = Worker::new(db.clone(), clock.clone()).register::<Flaky>(());
    worker.observe().await;
    let empty = metrics().await;
    for line in [
        "jobs_waiting{queue=\"test.flaky\",state=\"due\"} 0",
        "jobs_waiting{queue=\"test.flaky\",state=\"dead\"} 0",
        "jobs_oldest_due_seconds{queue=\"test.flaky\"} 0",
    ] {
        assert!(empty.contains(line), "an empty queue reads 0: {line}");
    }

    let mut conn = db.acquire().await.unwrap();
    for hopeless in [true, false] {
        enqueue(&mut conn, &Flaky { hopeless }, clock.now()).await.unwrap();
    }
    clock.advance(Duration::from_secs(90));
    worker.observe().await;
    let due = metrics().await;
    assert!(due.contains("jobs_waiting{queue=\"test.flaky\",state=\"due\"} 2"), "{due}");
    assert!(due.contains("jobs_oldest_due_seconds{queue=\"test.flaky\"} 90"), "{due}");

    for _ in 0..3 {
        worker.run_due().await;
        clock.advance(Duration::from_secs(600));
    }
    worker.observe().await;
    let later = metrics().await;
    assert!(later.contains("jobs_waiting{queue=\"test.flaky\",state=\"dead\"} 1"), "{later}");
    assert!(
        later.contains("jobs_oldest_failing_seconds{queue=\"test.flaky\"} 1890"),
        "three failures in half an hour: {later}"
    );
    assert!(later.contains("db_pool_connections{state=\"limit\"}"), "{later}");
}

#[tokio::test]
async fn what_a_service_needs_and_what_it_is_are_told() {
    let health =
        Health::new("tested").check("sky", async || Ok(())).check_optional("moon", async || anyhow::bail!("new moon"));
    let router = health.router();
    // Nobody has asked for the readiness yet: whoever reads the metrics does.
    let text = send(&router, Method::GET, "/metrics", &[], None).await.body.as_str().unwrap().to_owned();
    assert!(
        text.contains("health_check_up{check=\"sky\"} 1") && text.contains("health_check_up{check=\"moon\"} 0"),
        "{text}"
    );
    assert!(text.contains("quantapilot_build_info{service=\"tested\",version="), "{text}");
    assert!(text.contains("http_panics_total 0"), "{text}");
}
