//! Talking to the services.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use common::error::{Error, Result};
use http::{HeaderValue, Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use url::Url;

use crate::metrics::UPSTREAM;
use crate::table::Route;

/// Connections to the services, kept alive.
pub struct Upstream {
    client: Client<HttpConnector, Body>,
}

impl Upstream {
    /// 2 s to connect; idle connections are kept for 20 s, less than the services keep theirs.
    pub fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(2)));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(20))
            .retry_canceled_requests(true)
            .build(connector);
        Self { client }
    }

    /// Sends a prepared request and streams the answer. An idempotent request without a body that got no answer is tried once more: the
    /// service may be restarting behind a kept connection.
    pub(super) async fn send(&self, base: &Url, route: &Route, request: Request<Body>) -> Result<Response> {
        let service = route.service.name();
        let (mut parts, body) = request.into_parts();
        parts.uri = target(base, &parts.uri)?;
        parts.headers.remove(http::header::HOST);
        let again = (parts.method.is_safe() && http_body::Body::is_end_stream(&body)).then(|| parts.clone());
        let mut outcome = self.attempt(route, Request::from_parts(parts, body)).await;
        let unanswered = matches!(outcome, Err(Failure::NoAnswer(_)));
        if let Some(parts) = again.filter(|_| unanswered) {
            tokio::time::sleep(Duration::from_millis(100)).await;
            UPSTREAM.with_label_values(&[service, "retried"]).inc();
            outcome = self.attempt(route, Request::from_parts(parts, Body::empty())).await;
        }
        match outcome {
            Ok(response) => {
                UPSTREAM.with_label_values(&[service, common::metrics::status_class(response.status())]).inc();
                Ok(response)
            }
            Err(failure) => {
                UPSTREAM.with_label_values(&[service, failure.label()]).inc();
                let mut response = failure.into_error(service).into_response();
                response.headers_mut().insert("x-quantapilot-gateway-error", HeaderValue::from_static("upstream"));
                Ok(response)
            }
        }
    }

    async fn attempt(&self, route: &Route, request: Request<Body>) -> Result<Response, Failure> {
        let answer = self.client.request(request);
        let answer = match route.timeout {
            Some(limit) => tokio::time::timeout(limit, answer).await.map_err(|_| Failure::TimedOut(limit))?,
            None => answer.await,
        };
        answer.map(|response| response.map(Body::new)).map_err(|error| {
            let mut cause: Option<&dyn std::error::Error> = Some(&error);
            while let Some(inner) = cause {
                if inner.is::<http_body_util::LengthLimitError>() {
                    return Failure::BodyTooLarge(route.body_limit_bytes);
                }
                cause = inner.source();
            }
            Failure::NoAnswer(error)
        })
    }
}

impl Default for Upstream {
    fn default() -> Self {
        Self::new()
    }
}

enum Failure {
    NoAnswer(hyper_util::client::legacy::Error),
    TimedOut(Duration),
    BodyTooLarge(u64),
}

impl Failure {
    fn label(&self) -> &'static str {
        match self {
            Self::NoAnswer(_) => "unreachable",
            Self::TimedOut(_) => "timed_out",
            Self::BodyTooLarge(_) => "body_too_large",
        }
    }

    /// The gateway's own failures become answers here and nowhere else.
    fn into_error(self, service: &str) -> Error {
        match self {
            Self::NoAnswer(error) if error.is_connect() => {
                Error::unavailable("service_unavailable", format!("`{service}` is not reachable; it may be restarting"))
                    .with_retry_after(2)
                    .with_source(error)
            }
            Self::NoAnswer(error) => {
                Error::upstream("service_failed", format!("`{service}` ended the connection without an answer"))
                    .with_source(error)
            }
            Self::TimedOut(limit) => Error::new(
                http::StatusCode::GATEWAY_TIMEOUT,
                "service_timed_out",
                format!("`{service}` did not answer within {} s", limit.as_secs()),
            ),
            Self::BodyTooLarge(limit) => {
                Error::payload_too_large("body_too_large", format!("The body may have at most {limit} bytes here"))
            }
        }
    }
}

fn target(base: &Url, uri: &Uri) -> Result<Uri> {
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let authority = base
        .host_str()
        .map(|host| base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
        .unwrap_or_default();
    Ok(Uri::builder().scheme(base.scheme()).authority(authority).path_and_query(path).build()?)
}
