//! A trace collector that is away: nothing waits for it, one line says so, and memory stays bounded. A process of its own, because the
//! exporter's thread speaks to the log of the whole process.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use common::http::{Layers, layers};
use common::telemetry::{Sampling, Traces, spans_exported};
use common::testing::{Recorded, send};
use http::Method;

const REQUESTS: u64 = 5_000;

#[tokio::test]
async fn a_collector_that_is_away_disturbs_nobody() {
    // Bound but never accepted: the connection opens, and no answer comes.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let recorded = Recorded::with(
        "json",
        "info",
        Some(Traces {
            endpoint: format!("http://{}", silent.local_addr().unwrap()).parse().unwrap(),
            headers: None,
            sampling: Sampling::parse("always_on", None).unwrap(),
            service_name: None,
        }),
    );
    tracing::dispatcher::set_global_default(recorded.dispatch.clone()).unwrap();
    let router = layers(Router::new().route("/work", get(|| async { "done" })), Layers::default());
    let begin = Instant::now();
    let mut slowest = Duration::ZERO;
    for _ in 0..REQUESTS {
        let asked = Instant::now();
        assert_eq!(send(&router, Method::GET, "/work", &[], None).await.status, 200);
        slowest = slowest.max(asked.elapsed());
    }
    assert!(
        slowest < Duration::from_secs(2),
        "no request waits for the collector: {slowest:?} at most, {:?} in all",
        begin.elapsed()
    );

    // The connection breaks now, for this batch and for each after it.
    drop(silent);
    let provider = recorded.provider.clone().unwrap();
    for _ in 0..3 {
        let _ = send(&router, Method::GET, "/work", &[], None).await;
        let provider = provider.clone();
        let _ = tokio::task::spawn_blocking(move || provider.force_flush()).await.unwrap();
    }
    let failed = spans_exported("failed");
    assert!(
        failed > 0 && failed < REQUESTS,
        "what did not fit into the queue was dropped: {failed} of {REQUESTS} were tried"
    );
    assert_eq!(spans_exported("exported"), 0);
    let warnings: Vec<_> = recorded.lines().into_iter().filter(|line| line["level"] != "INFO").collect();
    assert_eq!(warnings.len(), 1, "said once: {warnings:?}");
    assert!(warnings[0]["message"].as_str().unwrap().starts_with("the trace collector takes no spans"));
}
