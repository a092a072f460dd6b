//! One request through a service that queues a job that calls out is one trace in a real OTLP receiver, linked to the log lines.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bytes::Bytes;
use common::clock::Clock;
use common::http::client::Client;
use common::http::{Layers, layers};
use common::jobs::{self, Attempt, Job, JobError, Worker};
use common::telemetry::{Sampling, Traces};
use common::testing::{Recorded, send};
use http::{HeaderMap, Method, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as OtlpValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::net::TcpListener;
use url::Url;

/// A collector, or any other peer: keeps what it got.
#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Vec<(HeaderMap, Bytes)>>>);

impl Receiver {
    async fn listen(&self) -> Url {
        let router = Router::new().fallback(post(keep)).with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    fn got(&self) -> Vec<(HeaderMap, Bytes)> {
        self.0.lock().unwrap().clone()
    }

    fn spans(&self) -> Vec<Span> {
        self.got()
            .into_iter()
            .flat_map(|(_, body)| ExportTraceServiceRequest::decode(body).unwrap().resource_spans)
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans)
            .collect()
    }
}

async fn keep(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    receiver.0.lock().unwrap().push((headers, body));
    StatusCode::OK
}

/// Calls a peer, as any job of ours does.
#[derive(Serialize, Deserialize)]
struct CallOut {
    url: Url,
    looks: i32,
}

impl Job for CallOut {
    const QUEUE: &'static str = "test.call_out";
    type Context = PgPool;

    async fn run(&self, db: &PgPool, attempt: Attempt) -> Result<(), JobError> {
        sqlx::query("SELECT 1").execute(db).await?;
        let client = Client::new("peer");
        let request = client.request(Method::POST, self.url.clone()).body("ada@example.org");
        client.accept(request).await.map_err(JobError::from_call)?;
        tracing::warn!(target: "common::test", "called ada@example.org with password=hunter2");
        if attempt.looks < self.looks { Err(JobError::Again(Duration::from_secs(1))) } else { Ok(()) }
    }
}

/// The router, worker and log of a small service whose traces go to a receiver.
struct Service {
    router: Router,
    worker: Worker,
    clock: Clock,
    recorded: Recorded,
    collector: Receiver,
    peer: Receiver,
}

impl Service {
    async fn start(db: PgPool, sampler: &str, argument: Option<&str>, looks: i32) -> Self {
        let (collector, peer) = (Receiver::default(), Receiver::default());
        let endpoint = collector.listen().await;
        let traces = Traces {
            endpoint,
            headers: Some(common::config::Secret::new("authorization=Bearer%20collector-key-1")),
            sampling: Sampling::parse(sampler, argument).unwrap(),
            service_name: None,
        };
        let recorded = Recorded::with("json", "info,sqlx=warn", Some(traces));
        let clock = Clock::fixed(Clock::system().now());
        let job_url = peer.listen().await;
        let (pool, time) = (db.clone(), clock.clone());
        let handler = post(move || {
            let (pool, time, url) = (pool.clone(), time.clone(), job_url.clone());
            async move {
                let mut tx = pool.begin().await?;
                jobs::enqueue(&mut tx, &CallOut { url, looks }, time.now()).await?;
                tx.commit().await?;
                tracing::info!("queued");
                Ok::<_, common::Error>(StatusCode::ACCEPTED)
            }
        });
        let router = layers(Router::new().route("/things/{id}", handler), Layers::default());
        let worker = Worker::new(db.clone(), clock.clone()).register::<CallOut>(db);
        Self { router, worker, clock, recorded, collector, peer }
    }

    async fn ask(&self, headers: &[(&str, &str)]) {
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let answer = send(&self.router, Method::POST, "/things/secret-id", &headers, None).await;
        assert_eq!(answer.status, 202, "{:?}", answer.body);
        assert_eq!(self.worker.run_due().await, 1);
    }

    async fn flushed(&self) -> Vec<Span> {
        let provider = self.recorded.provider.clone().unwrap();
        tokio::task::spawn_blocking(move || provider.force_flush()).await.unwrap().unwrap();
        self.collector.spans()
    }
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "`{name}` among {:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>());
    found[0]
}

fn text(span: &Span, key: &str) -> String {
    let value = span.attributes.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.clone()).unwrap().value;
    match value.unwrap() {
        OtlpValue::StringValue(text) => text,
        OtlpValue::IntValue(number) => number.to_string(),
        other => panic!("{key} is {other:?}"),
    }
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn one_request_is_one_trace_from_the_caller_to_the_outgoing_call(db: PgPool) {
    let service = Service::start(db, "parentbased_always_on", None, 0).await;
    let guard = tracing::dispatcher::set_default(&service.recorded.dispatch);
    service.ask(&[("traceparent", PARENT), ("x-request-id", "request-1")]).await;
    let spans = service.flushed().await;
    drop(guard);

    let (server, job, call) =
        (named(&spans, "POST /things/{id}"), named(&spans, "job test.call_out"), named(&spans, "POST peer"));
    for span in &spans {
        assert_eq!(
            hex::encode(&span.trace_id),
            "4bf92f3577b34da6a3ce929d0e0e4736",
            "{} is in the caller's trace",
            span.name
        );
    }
    assert_eq!(hex::encode(&server.parent_span_id), "00f067aa0ba902b7");
    assert_eq!(job.parent_span_id, server.span_id);
    assert_eq!(call.parent_span_id, job.span_id);
    let insert = spans.iter().find(|span| span.name.starts_with("INSERT INTO jobs")).unwrap();
    assert_eq!(insert.parent_span_id, server.span_id, "statements belong to the work that made them");
    assert_eq!(text(insert, "db.operation.name"), "INSERT");
    assert_eq!(named(&spans, "SELECT 1").parent_span_id, job.span_id);
    assert!(!spans.iter().any(|span| span.parent_span_id.is_empty()), "looking for jobs makes no traces");

    assert_eq!(
        (text(server, "http.route"), text(server, "http.response.status_code")),
        ("/things/{id}".into(), "202".into())
    );
    assert_eq!((server.kind, call.kind, job.kind), (2, 3, 5), "server, client, consumer");
    assert_eq!(text(call, "peer.service"), "peer");
    assert_eq!(text(job, "correlation_id"), "request-1");

    let (headers, _) = &service.peer.got()[0];
    let told = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", hex::encode(&call.span_id));
    assert_eq!(
        (&headers["traceparent"], &headers["x-request-id"]),
        (&told.parse().unwrap(), &"request-1".parse().unwrap())
    );

    let (collected, _) = &service.collector.got()[0];
    assert_eq!(collected["authorization"], "Bearer collector-key-1");

    let lines = service.recorded.lines();
    let line =
        |message: &str| lines.iter().find(|line| line["message"].as_str().unwrap().starts_with(message)).unwrap();
    for (message, span) in [("queued", server), ("answered", server), ("called", job)] {
        assert_eq!(line(message)["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736", "{message}");
        assert_eq!(line(message)["span_id"], hex::encode(&span.span_id), "{message}");
        assert_eq!(line(message)["correlation_id"], "request-1", "{message}");
    }
    assert_eq!(line("called")["queue"], "test.call_out");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn no_secret_and_no_person_leaves_in_a_trace(db: PgPool) {
    let service = Service::start(db, "always_on", None, 0).await;
    let guard = tracing::dispatcher::set_default(&service.recorded.dispatch);
    service.ask(&[("authorization", "Bearer abcdef1234567890"), ("cookie", "qp_refresh=cookie-value-1")]).await;
    let spans = service.flushed().await;
    drop(guard);
    assert_eq!(named(&spans, "job test.call_out").events.len(), 1, "the warning is in the trace as well");
    let everything = format!("{spans:?}{}", service.recorded.text());
    for gone in ["ada@", "hunter2", "abcdef1234567890", "cookie-value-1", "secret-id", "collector-key-1"] {
        assert!(!everything.contains(gone), "`{gone}` is in {everything}");
    }
    assert!(everything.contains("called [email] with password=[secret]"));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn looking_again_begins_a_trace_of_its_own_that_points_back(db: PgPool) {
    let service = Service::start(db, "always_on", None, 1).await;
    let guard = tracing::dispatcher::set_default(&service.recorded.dispatch);
    service.ask(&[]).await;
    service.clock.advance(Duration::from_secs(2));
    assert_eq!(service.worker.run_due().await, 1);
    let spans = service.flushed().await;
    drop(guard);
    let server = named(&spans, "POST /things/{id}");
    let runs: Vec<_> = spans.iter().filter(|span| span.name == "job test.call_out").collect();
    let (first, second) =
        (runs.iter().find(|run| run.links.is_empty()).unwrap(), runs.iter().find(|run| !run.links.is_empty()).unwrap());
    assert_eq!((&first.trace_id, &first.parent_span_id), (&server.trace_id, &server.span_id));
    assert_ne!(second.trace_id, server.trace_id);
    assert!(second.parent_span_id.is_empty());
    assert_eq!((&second.links[0].trace_id, &second.links[0].span_id), (&server.trace_id, &server.span_id));
    assert_eq!(text(second, "correlation_id"), text(server, "correlation_id"), "the correlation id goes on");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn samplers_keep_what_they_are_told_to(db: PgPool) {
    let not_kept = PARENT.replace("-01", "-00");
    for (sampler, argument, parent, kept) in [
        ("always_off", None, Some(PARENT), false),
        ("always_on", None, Some(not_kept.as_str()), true),
        ("parentbased_always_on", None, Some(not_kept.as_str()), false),
        ("parentbased_always_off", None, Some(PARENT), true),
        ("parentbased_always_off", None, None, false),
        ("traceidratio", Some("0"), Some(PARENT), false),
        ("parentbased_traceidratio", Some("1"), None, true),
    ] {
        let service = Service::start(db.clone(), sampler, argument, 0).await;
        let guard = tracing::dispatcher::set_default(&service.recorded.dispatch);
        service.ask(&parent.map(|parent| ("traceparent", parent)).into_iter().collect::<Vec<_>>()).await;
        let spans = service.flushed().await;
        drop(guard);
        assert_eq!(!spans.is_empty(), kept, "{sampler} {argument:?} under {parent:?}");
        let told = service.peer.got()[0].0["traceparent"].to_str().unwrap().to_owned();
        assert!(told.ends_with(if kept { "-01" } else { "-00" }), "{sampler}: the peer hears of it: {told}");
        let line = &service.recorded.lines()[0];
        assert!(told.contains(line["trace_id"].as_str().unwrap()), "{sampler}: log lines name the trace, kept or not");
    }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_ratio_keeps_about_that_share(db: PgPool) {
    let service = Service::start(db, "traceidratio", Some("0.25"), 0).await;
    let _guard = tracing::dispatcher::set_default(&service.recorded.dispatch);
    for _ in 0..400 {
        let _ = send(&service.router, Method::GET, "/nowhere", &[], None).await;
    }
    let kept = service.flushed().await.len();
    assert!((50..150).contains(&kept), "{kept} of 400");
}
