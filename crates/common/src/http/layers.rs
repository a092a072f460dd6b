//! The stack around every router.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::middleware::{Next, from_fn, map_request};
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use http::{HeaderValue, StatusCode, header};
use opentelemetry::trace::TraceContextExt as _;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::context::{Context, in_context};
use super::remainder::consumed;
use crate::error::Error;
use crate::metrics;

/// Limits of the stack.
#[derive(Clone, Copy, Debug)]
pub struct Layers {
    /// The largest body a handler reads, in bytes. Default 2 MiB.
    pub body_limit_bytes: usize,
    /// A handler that has not answered by then is given up with 503. Streams are not cut: only the time to the head counts. Default 60 s.
    pub timeout: Duration,
}

impl Default for Layers {
    fn default() -> Self {
        Self { body_limit_bytes: 2 * 1024 * 1024, timeout: Duration::from_secs(60) }
    }
}

/// Puts the shared stack around a router, outermost first: bodies read to their end → request id and trace (every line and refusal carries them) →
/// metrics by matched route → panics caught → time-out → body limit → the handlers.
pub fn layers(router: Router, limits: Layers) -> Router {
    router
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(limits.body_limit_bytes))
        .layer(from_fn(move |request: Request, next: Next| guard(limits.timeout, request, next)))
        .layer(from_fn(measure))
        .layer(from_fn(identify))
        .layer(map_request(async |request: Request| consumed(request)))
}

async fn unknown_route(request: Request) -> Error {
    Error::not_found("no_such_route", format!("There is no `{}` here", request.uri().path()))
}

async fn wrong_method(request: Request) -> Error {
    Error::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("`{}` is not possible on `{}`", request.method(), request.uri().path()),
    )
}

async fn identify(request: Request, next: Next) -> Response {
    let mut context = Context::from_headers(request.headers());
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
    let span = if is_housekeeping(route) {
        tracing::Span::none() // asked every few seconds by machines: nobody looks for their traces
    } else {
        server_span(&request, route)
    };
    if !span.is_disabled() {
        if let Some(parent) = Context::remote_parent(request.headers()) {
            // Fails when traces are off, and then there is no span to have a parent.
            let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(parent));
        }
        span.set_attribute("correlation_id", context.correlation_id.clone());
        context = context.within(&span);
    }
    let id = HeaderValue::from_str(&context.correlation_id);
    in_context(
        context,
        async move {
            let mut response = next.run(request).await;
            if let Ok(id) = id {
                response.headers_mut().insert("x-request-id", id);
            }
            let span = tracing::Span::current();
            span.set_attribute("http.response.status_code", i64::from(response.status().as_u16()));
            if response.status().is_server_error() {
                span.set_status(opentelemetry::trace::Status::error(""));
            }
            response
        }
        .instrument(span),
    )
    .await
}

/// Attributes are set apart from the fields of the span, which every log line would repeat.
fn server_span(request: &Request, route: &str) -> tracing::Span {
    let method = metrics::method_label(request.method());
    let span = tracing::info_span!("http", otel.name = %format_args!("{method} {route}"), otel.kind = "server");
    span.set_attribute("http.request.method", method);
    span.set_attribute("http.route", route.to_owned());
    span
}

fn is_housekeeping(route: &str) -> bool {
    matches!(route, "/health/live" | "/health/ready" | "/metrics")
}

async fn measure(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let in_flight = metrics::http().in_flight(&route);
    let response = next.run(request).await;
    drop(in_flight);
    let elapsed = start.elapsed();
    metrics::http().observe(&method, &route, response.status(), elapsed);
    if !is_housekeeping(&route) {
        tracing::info!(http.method = %method, http.route = route, http.status = response.status().as_u16(), duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX), "answered");
    }
    response
}

async fn guard(limit: Duration, request: Request, next: Next) -> Response {
    let work = std::panic::AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            let text = panic
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
                .unwrap_or("unknown");
            metrics::panics().inc();
            Error::from(anyhow::anyhow!("a handler panicked: {text}")).into_response()
        }
        Err(_) => {
            let mut response =
                Error::unavailable("timed_out", format!("No answer within {} s; try again", limit.as_secs()))
                    .into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
    }
}
