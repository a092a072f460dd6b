//! What ties a request to its log lines and its trace.

use common::http::{Context, TraceId};
use common::telemetry::{CallSpan, ServerSpan};
use http::{HeaderName, HeaderValue, Request, StatusCode};

use crate::own;
use crate::upstream::Upstream;

/// The header of the correlation id.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The correlation id and the span of one request.
pub(crate) struct Ids {
    /// `X-Request-Id`, in and out.
    pub(crate) request_id: HeaderValue,
    span: ServerSpan,
}

impl Ids {
    /// The caller's where they are sound, new ones where not.
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        let start = if own::is_own(request.uri().path()) { ServerSpan::unrecorded } else { ServerSpan::start };
        let span = start(request.method(), request.headers());
        let request_id = HeaderValue::from_str(&span.context().correlation_id).expect("a correlation id is plain");
        Self { request_id, span }
    }

    /// For work that is done in the name of this request.
    pub(crate) fn context(&self) -> Context {
        self.span.context().clone()
    }

    /// The trace's id.
    pub(crate) fn trace_id(&self) -> TraceId {
        self.span.context().trace_id
    }

    /// Begins the call to a service, and tells it.
    pub(crate) fn call(&self, upstream: &Upstream, headers: &mut http::HeaderMap) -> CallSpan {
        let call = self.span.call(&upstream.plan.name);
        headers.insert(REQUEST_ID, self.request_id.clone());
        if let Ok(value) = HeaderValue::try_from(call.context().traceparent()) {
            headers.insert(TRACEPARENT, value);
        }
        call
    }

    /// The request was answered.
    pub(crate) fn end(mut self, route: Option<&str>, status: StatusCode) {
        if let Some(route) = route {
            self.span.set_route(route);
        }
        self.span.end(status);
    }
}
