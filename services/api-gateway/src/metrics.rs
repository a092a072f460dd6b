//! What the gateway counts. Labels are route names from the table, never paths.

use std::sync::LazyLock;

use prometheus::{HistogramVec, IntCounterVec, IntGauge};

/// Requests by route, method, status class.
pub static REQUESTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    common::metrics::counter(
        "gateway_requests_total",
        "Requests answered, by route, method and status class.",
        &["route", "method", "status"],
    )
});
/// Time to the head of the answer.
pub static DURATION: LazyLock<HistogramVec> = LazyLock::new(|| {
    common::metrics::histogram(
        "gateway_request_duration_seconds",
        "Time to the head of the answer, by route.",
        &["route"],
    )
});
/// Decisions of the rate limit.
pub static LIMITS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    common::metrics::counter(
        "gateway_rate_limit_total",
        "Decisions of the rate limit, by class, decision and where it was counted.",
        &["class", "decision", "counted_in"],
    )
});
/// Calls to services.
pub static UPSTREAM: LazyLock<IntCounterVec> = LazyLock::new(|| {
    common::metrics::counter(
        "gateway_upstream_total",
        "Calls to services, by service and outcome.",
        &["service", "outcome"],
    )
});
/// Tokens that were refused.
pub static REFUSED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    common::metrics::counter("gateway_auth_refused_total", "Requests without a good token, by reason.", &["reason"])
});
/// Requests being worked on.
pub static IN_FLIGHT: LazyLock<IntGauge> =
    LazyLock::new(|| common::metrics::register(IntGauge::new("gateway_in_flight", "Requests being worked on.")));
