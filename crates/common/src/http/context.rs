//! The correlation id and the W3C trace context of the work at hand, carried along tasks, jobs and calls.

use std::future::Future;

use http::HeaderMap;

tokio::task_local! {
    static CONTEXT: Context;
}

/// What ties log lines and calls together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// `X-Request-Id`: ours, or the caller's when it is short and plain.
    pub correlation_id: String,
    /// 32 hex digits: the trace. From `traceparent` when the caller sent a valid one.
    pub trace_id: String,
    /// 16 hex digits: our span in it.
    pub span_id: String,
    /// Whether the caller asked for this trace to be kept.
    pub sampled: bool,
}

impl Context {
    /// From the headers of a request; what is missing or malformed is made anew.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let mut context = new_context();
        if let Some(id) = text("x-request-id").filter(|id| is_plain_id(id)) {
            id.clone_into(&mut context.correlation_id);
        }
        if let Some((trace_id, sampled)) = text("traceparent").and_then(parse_traceparent) {
            context.trace_id = trace_id;
            context.sampled = sampled;
        }
        context
    }

    /// The value of an outgoing `traceparent` (W3C Trace Context, version 00).
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

/// A context that no caller started.
pub fn new_context() -> Context {
    Context {
        correlation_id: uuid::Uuid::now_v7().to_string(),
        trace_id: hex::encode(rand::random::<[u8; 16]>()),
        span_id: hex::encode(rand::random::<[u8; 8]>()),
        sampled: true,
    }
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

/// Trace id and sampled flag of a `traceparent`; `None` when it breaks the W3C grammar.
fn parse_traceparent(text: &str) -> Option<(String, bool)> {
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let sound = hex(version, 2) && version != "ff" && hex(trace, 32) && hex(span, 16) && hex(flags, 2);
    let exact = version != "00" || parts.next().is_none();
    let zero = trace.bytes().all(|b| b == b'0') || span.bytes().all(|b| b == b'0');
    (sound && exact && !zero).then(|| (trace.to_owned(), u8::from_str_radix(flags, 16).is_ok_and(|f| f & 1 == 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_continued_and_nonsense_is_replaced() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(parse_traceparent(good), Some(("4bf92f3577b34da6a3ce929d0e0e4736".to_owned(), true)));
        for bad in [
            "",
            "00-abc",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            assert_eq!(parse_traceparent(bad), None, "{bad}");
        }
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", "bad id with spaces".parse().unwrap());
        assert_ne!(Context::from_headers(&headers).correlation_id, "bad id with spaces");
    }
}
