//! What ties a request to its log lines and its trace.

use common::http::{Context, TraceId};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The header of the correlation id.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The correlation id and the trace of one request.
pub(crate) struct Ids {
    /// `X-Request-Id`, in and out.
    pub(crate) request_id: HeaderValue,
    context: Context,
}

impl Ids {
    /// The caller's where they are sound, new ones where not.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let context = Context::from_headers(headers);
        let request_id = HeaderValue::from_str(&context.correlation_id).expect("a correlation id is plain");
        Self { request_id, context }
    }

    /// For work that is done in the name of this request.
    pub(crate) fn context(&self) -> Context {
        self.context.clone()
    }

    /// The trace's id; prints as 32 hex digits.
    pub(crate) fn trace_id(&self) -> TraceId {
        self.context.trace_id
    }

    /// Tells a service.
    pub(crate) fn pass_on(&self, headers: &mut HeaderMap) {
        headers.insert(REQUEST_ID, self.request_id.clone());
        if let Ok(value) = HeaderValue::try_from(self.context.traceparent()) {
            headers.insert(TRACEPARENT, value);
        }
    }
}
