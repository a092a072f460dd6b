//! Prometheus metrics that every service has, and the door to register more.

use std::sync::LazyLock;
use std::time::Duration;

use axum::response::IntoResponse;
use http::{Method, StatusCode, header};
use prometheus::{
    Encoder as _, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec, Opts, TextEncoder,
};
use tokio_util::sync::CancellationToken;

/// How often [`refresh`] reads: at least once between two scrapes.
const FRESH: Duration = Duration::from_secs(10);

/// Registers a metric with the process-wide registry. A name used twice is a programming error.
pub fn register<M: prometheus::core::Collector + Clone + 'static>(metric: Result<M, prometheus::Error>) -> M {
    let metric = metric.expect("the metric's name and labels are valid");
    prometheus::register(Box::new(metric.clone())).expect("each metric is registered once");
    metric
}

/// A counter with labels.
pub fn counter(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    register(IntCounterVec::new(Opts::new(name, help), labels))
}

/// A gauge with labels.
pub fn gauge(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    register(IntGaugeVec::new(Opts::new(name, help), labels))
}

/// A gauge of a number that is not whole, with labels.
pub fn float_gauge(name: &str, help: &str, labels: &[&str]) -> GaugeVec {
    register(GaugeVec::new(Opts::new(name, help), labels))
}

/// Keeps gauges fresh whose truth is in the database: calls `read` now and every ten seconds until `stop`. While it fails they keep their
/// last value; that the database is away is told by others.
pub async fn refresh(stop: CancellationToken, mut read: impl AsyncFnMut() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut failing = false;
    while !stop.is_cancelled() {
        match read().await {
            Ok(()) => failing = false,
            Err(error) if failing => tracing::debug!(error = %format!("{error:#}"), "still cannot read numbers"),
            Err(error) => {
                failing = true;
                tracing::warn!(error = %format!("{error:#}"), "cannot read numbers for the metrics; they stay as they are");
            }
        }
        tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(FRESH) => {} }
    }
    Ok(())
}

/// Says which version of a service answers.
pub fn build_info(service: &str) {
    static BUILD: LazyLock<IntGaugeVec> =
        LazyLock::new(|| gauge("quantapilot_build_info", "1, by service and version.", &["service", "version"]));
    BUILD.with_label_values(&[service, env!("CARGO_PKG_VERSION")]).set(1);
}

/// What the checks of `/health/ready` found when they were last asked.
pub fn health_checks() -> &'static IntGaugeVec {
    static CHECKS: LazyLock<IntGaugeVec> = LazyLock::new(|| {
        gauge(
            "health_check_up",
            "Whether what the service needs answered when it was last asked, by check.",
            &["check"],
        )
    });
    &CHECKS
}

/// A histogram of seconds with labels.
pub fn histogram(name: &str, help: &str, labels: &[&str]) -> HistogramVec {
    let buckets = vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
    register(HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets), labels))
}

/// What the server side counts.
pub struct Http {
    requests: IntCounterVec,
    duration: HistogramVec,
    in_flight: IntGaugeVec,
}

/// Lowers the gauge of requests in flight when dropped.
pub struct InFlight(prometheus::IntGauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Http {
    /// Counts a request as in flight until the answer is dropped.
    pub fn in_flight(&self, route: &str) -> InFlight {
        let gauge = self.in_flight.with_label_values(&[route]);
        gauge.inc();
        InFlight(gauge)
    }

    /// Counts an answer.
    pub fn observe(&self, method: &Method, route: &str, status: StatusCode, elapsed: Duration) {
        let method = method_label(method);
        self.requests.with_label_values(&[method, route, status_class(status)]).inc();
        self.duration.with_label_values(&[method, route]).observe(elapsed.as_secs_f64());
    }
}

/// The metrics of the HTTP server.
pub fn http() -> &'static Http {
    static HTTP: LazyLock<Http> = LazyLock::new(|| Http {
        requests: counter(
            "http_requests_total",
            "Requests answered, by method, matched route and status class.",
            &["method", "route", "status"],
        ),
        duration: histogram("http_request_duration_seconds", "Time to the head of the answer.", &["method", "route"]),
        in_flight: gauge("http_requests_in_flight", "Requests being worked on.", &["route"]),
    });
    &HTTP
}

/// Calls to peers.
pub struct Calls {
    total: IntCounterVec,
    duration: HistogramVec,
}

impl Calls {
    /// Counts a call.
    pub fn observe(&self, peer: &str, outcome: &str, elapsed: Duration) {
        self.total.with_label_values(&[peer, outcome]).inc();
        self.duration.with_label_values(&[peer]).observe(elapsed.as_secs_f64());
    }
}

/// The metrics of outgoing calls.
pub fn calls() -> &'static Calls {
    static CALLS: LazyLock<Calls> = LazyLock::new(|| Calls {
        total: counter(
            "outgoing_requests_total",
            "Calls to peers, by peer and outcome (status class or unreachable).",
            &["peer", "outcome"],
        ),
        duration: histogram("outgoing_request_duration_seconds", "Time to the head of a peer's answer.", &["peer"]),
    });
    &CALLS
}

/// Handlers that panicked.
pub fn panics() -> &'static IntCounter {
    static PANICS: LazyLock<IntCounter> =
        LazyLock::new(|| register(IntCounter::new("http_panics_total", "Handlers that panicked.")));
    &PANICS
}

/// `2xx`, `3xx`, `4xx`, `5xx`: a closed set for labels.
pub fn status_class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

/// The method, of a closed set.
pub(crate) fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// `GET /metrics` in the Prometheus text format.
pub fn render() -> impl IntoResponse {
    let encoder = TextEncoder::new();
    let mut body = Vec::new();
    if let Err(error) = encoder.encode(&prometheus::gather(), &mut body) {
        tracing::error!(%error, "cannot write the metrics");
    }
    ([(header::CONTENT_TYPE, encoder.format_type().to_owned())], body)
}
