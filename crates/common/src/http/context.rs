//! The correlation id and the W3C trace context of the work at hand, carried along tasks, jobs and calls: the one truth about which trace
//! and span a log line, an error and an outgoing call belong to.
//!
//! The ids are there whether traces are recorded or not. When they are, they are those of the recorded span.

use std::future::Future;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::trace::{SpanContext, TraceContextExt as _, TraceFlags, TraceState};
pub use opentelemetry::trace::{SpanId, TraceId};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

tokio::task_local! {
    static CONTEXT: Context;
}

/// What ties log lines and calls together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// `X-Request-Id`: ours, or the caller's when it is short and plain.
    pub correlation_id: String,
    /// The trace: from `traceparent` when the caller sent a valid one.
    pub trace_id: TraceId,
    /// Our span in it.
    pub span_id: SpanId,
    /// Whether this trace is kept. Without traces of our own: what the caller said, or yes, so that the next service may decide.
    pub sampled: bool,
}

impl Context {
    /// From the headers of a request; what is missing or malformed is made anew.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let correlation_id = headers
            .get("x-request-id")
            .and_then(|value| value.to_str().ok())
            .filter(|id| is_plain_id(id))
            .map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned);
        Self::continuing(correlation_id, Self::remote_parent(headers).as_ref())
    }

    /// Work under `correlation_id`, in the trace of `parent` when there is one.
    pub(crate) fn continuing(correlation_id: String, parent: Option<&SpanContext>) -> Self {
        Self {
            correlation_id,
            trace_id: parent.map_or_else(|| TraceId::from_bytes(rand::random()), SpanContext::trace_id),
            span_id: SpanId::from_bytes(rand::random()),
            sampled: parent.is_none_or(SpanContext::is_sampled),
        }
    }

    /// The span of the caller, when it sent a valid `traceparent`.
    pub fn remote_parent(headers: &HeaderMap) -> Option<SpanContext> {
        let (trace_id, span_id, flags) = parse_traceparent(headers.get("traceparent")?.as_bytes())?;
        let state = headers
            .get("tracestate")
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse().ok())
            .unwrap_or_default();
        Some(SpanContext::new(trace_id, span_id, flags, true, state))
    }

    /// The span that a stored `traceparent` names.
    pub(crate) fn stored_parent(traceparent: &str) -> Option<SpanContext> {
        let (trace_id, span_id, flags) = parse_traceparent(traceparent.as_bytes())?;
        Some(SpanContext::new(trace_id, span_id, flags, true, TraceState::NONE))
    }

    /// Takes over the ids of a recorded span: what is logged and passed on is what is recorded.
    pub(crate) fn adopt(&mut self, span: &SpanContext) {
        if span.is_valid() {
            self.trace_id = span.trace_id();
            self.span_id = span.span_id();
            self.sampled = span.is_sampled();
        }
    }

    /// This context inside of `span`; the same when traces are off.
    #[must_use]
    pub(crate) fn within(mut self, span: &tracing::Span) -> Self {
        if !span.is_disabled() {
            self.adopt(span.context().span().span_context());
        }
        self
    }

    /// As OpenTelemetry speaks of it, for the parent of a span.
    pub fn span_context(&self) -> SpanContext {
        let flags = if self.sampled { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
        SpanContext::new(self.trace_id, self.span_id, flags, false, TraceState::NONE)
    }

    /// The value of an outgoing `traceparent` (W3C Trace Context, version 00).
    pub fn traceparent(&self) -> String {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        // The places are as long as the ids are.
        let _ = hex::encode_to_slice(self.trace_id.to_bytes(), &mut text[3..35]);
        let _ = hex::encode_to_slice(self.span_id.to_bytes(), &mut text[36..52]);
        text[54] += u8::from(self.sampled);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Puts `x-request-id` and `traceparent` among the headers of an outgoing request, in place of any that are there.
    pub fn inject(&self, headers: &mut HeaderMap) {
        for (name, text) in [("x-request-id", self.correlation_id.clone()), ("traceparent", self.traceparent())] {
            if let Ok(value) = HeaderValue::from_maybe_shared(bytes::Bytes::from(text)) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// A context that no caller started.
pub fn new_context() -> Context {
    Context::continuing(uuid::Uuid::now_v7().to_string(), None)
}

/// Runs `work` with `context` as the current one.
pub async fn in_context<F: Future>(context: Context, work: F) -> F::Output {
    CONTEXT.scope(context, work).await
}

/// The current context, when there is one.
pub fn current() -> Option<Context> {
    CONTEXT.try_with(Clone::clone).ok()
}

/// The correlation id of the work at hand.
pub fn correlation_id() -> Option<String> {
    CONTEXT.try_with(|context| context.correlation_id.clone()).ok()
}

fn is_plain_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
}

/// The parts of a `traceparent`; `None` when it breaks the W3C grammar. A later version may have more at its end.
fn parse_traceparent(text: &[u8]) -> Option<(TraceId, SpanId, TraceFlags)> {
    let (fixed, rest) = text.split_at_checked(55)?;
    let (version, trace, span, flags) = (&fixed[..2], &fixed[3..35], &fixed[36..52], &fixed[53..55]);
    let dashes = [2, 35, 52].iter().all(|at| fixed[*at] == b'-');
    let hex = |part: &[u8]| part.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b));
    let ended = if version == b"00" { rest.is_empty() } else { rest.is_empty() || rest[0] == b'-' };
    if !dashes || !ended || version == b"ff" || ![version, trace, span, flags].into_iter().all(hex) {
        return None;
    }
    let text = |part| std::str::from_utf8(part).ok();
    let trace_id = TraceId::from_hex(text(trace)?).ok().filter(|id| *id != TraceId::INVALID)?;
    let span_id = SpanId::from_hex(text(span)?).ok().filter(|id| *id != SpanId::INVALID)?;
    let flags = TraceFlags::new(u8::from_str_radix(text(flags)?, 16).ok()?) & TraceFlags::SAMPLED;
    Some((trace_id, span_id, flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), value.parse().unwrap())])
    }

    #[test]
    fn a_trace_is_continued() {
        let headers = headers("traceparent", GOOD);
        let parent = Context::remote_parent(&headers).unwrap();
        assert_eq!(parent.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(parent.span_id().to_string(), "00f067aa0ba902b7");
        assert!(parent.is_sampled() && parent.is_remote());
        let context = Context::from_headers(&headers);
        assert_eq!(context.trace_id, parent.trace_id());
        assert_ne!(context.span_id, parent.span_id(), "the caller's span is the parent, not ours");
        let mut outgoing = HeaderMap::new();
        context.inject(&mut outgoing);
        let next = Context::remote_parent(&outgoing).unwrap();
        assert_eq!((next.trace_id(), next.span_id()), (context.trace_id, context.span_id));
    }

    #[test]
    fn what_the_caller_decided_is_passed_on() {
        let unsampled = headers("traceparent", &GOOD.replace("-01", "-00"));
        assert!(!Context::from_headers(&unsampled).sampled);
        assert!(Context::from_headers(&unsampled).traceparent().ends_with("-00"));
        let later = headers("traceparent", &format!("{}-x", GOOD.replacen("00-", "cc-", 1)));
        assert!(Context::remote_parent(&later).is_some(), "a later version may say more");
    }

    #[test]
    fn nonsense_is_replaced() {
        for bad in [
            "00-abc",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        ] {
            assert_eq!(parse_traceparent(bad.as_bytes()), None, "{bad}");
        }
        let context = Context::from_headers(&headers("x-request-id", "bad id with spaces"));
        assert_ne!(context.correlation_id, "bad id with spaces");
        assert_ne!(context.trace_id, TraceId::INVALID);
    }
}
