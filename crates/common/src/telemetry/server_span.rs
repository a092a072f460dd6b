//! The span of a request for servers below axum, such as the gateway's proxy: made by hand, without the cost of a `tracing` span.

use http::{HeaderMap, Method, StatusCode};
use opentelemetry::trace::{Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::{SdkTracer, Span};

use crate::http::Context;
use crate::metrics::method_label;

/// A request that is being worked on. With traces off it holds the ids for logs and for the services behind, and every call is a branch not
/// taken.
///
/// ```
/// # use common::telemetry::ServerSpan;
/// # use http::{HeaderMap, Method, StatusCode};
/// # let (headers, mut outgoing) = (HeaderMap::new(), HeaderMap::new());
/// let mut span = ServerSpan::start(&Method::GET, &headers);
/// span.set_route("/api/v1/projects");
/// let attempt = span.call("dashboard-backend"); // one for each try
/// attempt.context().inject(&mut outgoing); // x-request-id and traceparent
/// // … `common::http::in_context(span.context().clone(), work).await` gives log lines the ids …
/// attempt.end(Some(StatusCode::OK));
/// span.end(StatusCode::OK);
/// ```
pub struct ServerSpan {
    context: Context,
    method: Method,
    tracer: Option<&'static SdkTracer>,
    span: Option<Span>,
}

/// One try of passing a request on.
pub struct CallSpan {
    context: Context,
    span: Option<Span>,
}

impl ServerSpan {
    /// Begins the span of a request: of the caller's trace when it sent a `traceparent`, else of a new one.
    pub fn start(method: &Method, headers: &HeaderMap) -> Self {
        Self::start_with(super::tracer(), method, headers)
    }

    /// The ids alone, for what machines ask every few seconds: nobody looks for its traces.
    pub fn unrecorded(method: &Method, headers: &HeaderMap) -> Self {
        Self::start_with(None, method, headers)
    }

    fn start_with(tracer: Option<&'static SdkTracer>, method: &Method, headers: &HeaderMap) -> Self {
        let mut context = Context::from_headers(headers);
        let span = tracer.map(|tracer| {
            let around = Context::remote_parent(headers).map_or_else(opentelemetry::Context::new, |parent| {
                opentelemetry::Context::new().with_remote_span_context(parent)
            });
            let span = tracer
                .span_builder(method_label(method))
                .with_kind(SpanKind::Server)
                .with_attributes([
                    KeyValue::new("http.request.method", method_label(method)),
                    KeyValue::new("correlation_id", context.correlation_id.clone()),
                ])
                .start_with_context(tracer, &around);
            context.adopt(span.span_context());
            span
        });
        Self { context, method: method.clone(), tracer, span }
    }

    /// The ids of this request, for logs and errors.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Which route it is, once that is known: the pattern, never the path itself.
    pub fn set_route(&mut self, route: &str) {
        if let Some(span) = &mut self.span {
            span.update_name(format!("{} {route}", method_label(&self.method)));
            span.set_attribute(KeyValue::new("http.route", route.to_owned()));
        }
    }

    /// Notes something about the request.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        if let Some(span) = &mut self.span {
            span.set_attribute(KeyValue::new(name, value));
        }
    }

    /// Begins a call to `peer` on behalf of this request.
    pub fn call(&self, peer: &str) -> CallSpan {
        let mut context = self.context.clone();
        let span = self.tracer.map(|tracer| {
            let around = opentelemetry::Context::new().with_remote_span_context(self.context.span_context());
            let span = tracer
                .span_builder(format!("{} {peer}", method_label(&self.method)))
                .with_kind(SpanKind::Client)
                .with_attributes([KeyValue::new("peer.service", peer.to_owned())])
                .start_with_context(tracer, &around);
            context.adopt(span.span_context());
            span
        });
        CallSpan { context, span }
    }

    /// Ends the span with the answer's status.
    pub fn end(self, status: StatusCode) {
        if let Some(mut span) = self.span {
            span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
            if status.is_server_error() {
                span.set_status(Status::error(""));
            }
            span.end();
        }
    }
}

impl CallSpan {
    /// The ids that the peer is to be told.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Ends the call; `None`: there was no answer.
    pub fn end(self, status: Option<StatusCode>) {
        if let Some(mut span) = self.span {
            if let Some(status) = status {
                span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
                if status.is_client_error() || status.is_server_error() {
                    span.set_status(Status::error(""));
                }
            } else {
                span.set_attribute(KeyValue::new("error.type", "unreachable"));
                span.set_status(Status::error("no answer"));
            }
            span.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};

    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[derive(Clone, Debug, Default)]
    struct Kept(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Kept {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().unwrap().extend(batch);
            Ok(())
        }
    }

    fn headers() -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static("traceparent"), PARENT.parse().unwrap())])
    }

    fn told(context: &Context) -> String {
        let mut outgoing = HeaderMap::new();
        context.inject(&mut outgoing);
        outgoing["traceparent"].to_str().unwrap().to_owned()
    }

    #[test]
    fn each_try_is_a_child_of_the_request_and_tells_the_peer_so() {
        let kept = Kept::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build();
        let tracer: &'static SdkTracer = Box::leak(Box::new(provider.tracer("test")));
        let mut span = ServerSpan::start_with(Some(tracer), &Method::GET, &headers());
        span.set_route("/api/v1/projects");
        let failed = span.call("dashboard-backend");
        failed.end(None);
        let answered = span.call("dashboard-backend");
        let to_peer = told(answered.context());
        answered.end(Some(StatusCode::OK));
        let of_logs = span.context().clone();
        span.end(StatusCode::OK);

        let spans = kept.0.lock().unwrap().clone();
        let [failed, answered, server] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!(server.name, "GET /api/v1/projects");
        assert_eq!(server.parent_span_id.to_string(), "00f067aa0ba902b7");
        assert_eq!(server.span_context.span_id(), of_logs.span_id);
        for call in [failed, answered] {
            assert_eq!(call.parent_span_id, server.span_context.span_id());
            assert_eq!(call.span_context.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
            assert_eq!(call.span_kind, SpanKind::Client);
        }
        assert_eq!(failed.status, Status::error("no answer"));
        assert!(to_peer.contains(&answered.span_context.span_id().to_string()), "{to_peer}");
    }

    #[test]
    fn with_traces_off_the_trace_still_goes_on() {
        let span = ServerSpan::start_with(None, &Method::GET, &headers());
        assert_eq!(span.context().trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let call = span.call("dashboard-backend");
        assert_eq!(call.context(), span.context());
        assert!(told(call.context()).starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
        call.end(None);
        span.end(StatusCode::BAD_GATEWAY);
    }
}
