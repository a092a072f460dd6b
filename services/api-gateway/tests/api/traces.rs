//! Traces begin at the door: a real OTLP receiver gets the gateway's spans, and the service behind continues them.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use common::auth::Role;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use prost::Message as _;

use crate::fixture::{self, token};
use crate::process::Gateway;

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_a_server_span_and_its_call_a_child_of_it() {
    let (upstream, log) = fixture::upstream_alone().await;
    let bodies: Arc<Mutex<Vec<Bytes>>> = Arc::default();
    let kept = Arc::clone(&bodies);
    let keep = post(async move |body: Bytes| kept.lock().unwrap().push(body));
    let collector = fixture::serve(Router::new().fallback(keep)).await;

    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let gateway = Gateway::start(&socket, &upstream, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector)]);
    let client = fixture::client();
    let ask = async |path: &str| {
        let request = client.get(format!("{url}{path}")).bearer_auth(token(Role::Admin, |_| {}));
        request.header("traceparent", PARENT).header("x-request-id", "asked-1").send().await.unwrap().status()
    };
    // Its keys come a moment after its start.
    while ask("/api/v1/projects/7?token=secret-1").await == 401 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ask("/api/v1/broken").await, 500);
    assert_eq!(ask("/health/live").await, 200);
    // The last spans leave when it ends.
    gateway.stop().await;

    let bodies = bodies.lock().unwrap().clone();
    let spans: Vec<Span> = bodies
        .into_iter()
        .flat_map(|body| ExportTraceServiceRequest::decode(body).unwrap().resource_spans)
        .flat_map(|resource| resource.scope_spans)
        .flat_map(|scope| scope.spans)
        .collect();
    let served: Vec<&Span> = spans.iter().filter(|span| span.kind() == SpanKind::Server).collect();
    assert!(served.iter().all(|span| hex::encode(&span.parent_span_id) == "00f067aa0ba902b7"), "{served:#?}");
    assert!(!spans.iter().any(|span| span.name.contains("health")), "machines ask that every few seconds");
    assert!(!format!("{spans:?}").contains("secret-1"), "a query stays out of traces");
    let called: Vec<&Span> = spans.iter().filter(|span| span.kind() == SpanKind::Client).collect();
    let [projects, broken] = called.as_slice() else { panic!("{called:#?}") };
    for call in [projects, broken] {
        assert_eq!(call.name, "GET dashboard-backend");
        let parent = served.iter().find(|span| span.span_id == call.parent_span_id).unwrap();
        assert!(parent.name.starts_with("GET /api/v1"), "{}", parent.name);
        assert_eq!(hex::encode(&call.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
    }
    assert_eq!(broken.status.as_ref().unwrap().code, 2, "an error of the service is one of the call");
    let told = log.lock().unwrap().iter().find(|seen| seen.path.contains("/projects/7")).unwrap().headers.clone();
    assert_eq!(told["x-request-id"], "asked-1");
    assert!(told["traceparent"].to_str().unwrap().contains(&hex::encode(&projects.span_id)), "{told:?}");
}
