//! The gateway's own failures become answers here and nowhere else.

use std::time::Duration;

use common::error::Error;
use http::StatusCode;

use super::body::Fault;

/// Why there is no answer of a service.
#[derive(Debug)]
pub(super) enum Failure {
    /// No server took a connection in time.
    Unreachable,
    /// The breaker is open, for so many milliseconds.
    Open(u64),
    /// Too many requests are under way there.
    Full,
    /// The connection ended, or what came is not HTTP.
    NoAnswer(hyper::Error),
    /// Too late.
    TimedOut(Duration),
    /// The client's own fault.
    Client(Fault, u64),
}

impl Failure {
    /// A label of metrics.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Open(_) => "breaker_open",
            Self::Full => "full",
            Self::NoAnswer(_) => "no_answer",
            Self::TimedOut(_) => "timed_out",
            Self::Client(..) => "client",
        }
    }

    /// Whether the service is to blame.
    pub(super) fn is_upstreams(&self) -> bool {
        !matches!(self, Self::Client(..))
    }

    /// What the client is told.
    pub(super) fn into_error(self, upstream: &str) -> Error {
        match self {
            Self::Unreachable => Error::unavailable(
                "service_unavailable",
                format!("`{upstream}` is not reachable; it may be restarting"),
            )
            .with_retry_after(2),
            Self::Open(wait_ms) => Error::unavailable(
                "service_unavailable",
                format!("`{upstream}` has not been answering; it is tried again in a moment"),
            )
            .with_retry_after(wait_ms.div_ceil(1000).max(1)),
            Self::Full => Error::unavailable(
                "service_overloaded",
                format!("Too many requests to `{upstream}` are open; try again in a moment"),
            )
            .with_retry_after(1),
            Self::NoAnswer(error) => {
                Error::upstream("service_failed", format!("`{upstream}` ended the connection without a whole answer"))
                    .with_source(error)
            }
            Self::TimedOut(limit) => Error::new(
                StatusCode::GATEWAY_TIMEOUT,
                "service_timed_out",
                format!("`{upstream}` did not answer within {} s", limit.as_secs_f32()),
            ),
            Self::Client(Fault::TooLarge, limit) => {
                Error::payload_too_large("body_too_large", format!("The body may have at most {limit} bytes here"))
            }
            Self::Client(Fault::Stalled, _) => Error::new(
                StatusCode::REQUEST_TIMEOUT,
                "body_timed_out",
                "The rest of the request's body did not arrive in time",
            ),
            Self::Client(Fault::Broken, _) => {
                Error::bad_request("body_broken", "The request's body ended too early or is framed wrongly")
            }
        }
    }
}
