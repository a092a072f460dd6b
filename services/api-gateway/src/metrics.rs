//! What the gateway counts. Labels are names from the routes file and closed sets, never paths, users or addresses of clients. Counters of
//! a route are looked up once, when its file is read: a request only adds.

use std::sync::LazyLock;
use std::time::Duration;

use http::{Method, StatusCode};
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

static REQUESTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    common::metrics::counter(
        "gateway_requests_total",
        "Requests answered, by route, method and status class.",
        &["route", "method", "status"],
    )
});
static DURATION: LazyLock<HistogramVec> = LazyLock::new(|| {
    common::metrics::histogram(
        "gateway_request_duration_seconds",
        "Time to the head of the answer, by route.",
        &["route"],
    )
});
static UPSTREAM: LazyLock<IntCounterVec> = LazyLock::new(|| {
    common::metrics::counter(
        "gateway_upstream_total",
        "Requests to upstreams, by upstream and outcome (status class, or why there was no answer).",
        &["upstream", "outcome"],
    )
});
static UPSTREAM_DURATION: LazyLock<HistogramVec> = LazyLock::new(|| {
    common::metrics::histogram(
        "gateway_upstream_duration_seconds",
        "Time to the head of an upstream's answer, tries and waiting included.",
        &["upstream"],
    )
});
static BREAKER: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    common::metrics::gauge("gateway_breaker_open", "1 while the circuit breaker of an upstream refuses.", &["upstream"])
});
static CACHE: LazyLock<IntCounterVec> = LazyLock::new(|| {
    common::metrics::counter(
        "gateway_cache_total",
        "Lookups in the response cache, by route and outcome (hit, not_modified, miss, unavailable, stored).",
        &["route", "outcome"],
    )
});
/// Decisions of the rate limit.
pub static LIMITS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    common::metrics::counter(
        "gateway_rate_limit_total",
        "Decisions of the rate limit, by class, decision and where it was counted (lease, redis, memory).",
        &["class", "decision", "counted_in"],
    )
});
/// Whether limits are counted in memory because Redis is away.
pub static FALLBACK: LazyLock<IntGauge> = LazyLock::new(|| {
    common::metrics::register(IntGauge::new(
        "gateway_rate_limit_fallback",
        "1 while Redis is away and this gateway counts rate limits for itself.",
    ))
});
/// Whether an upstream's server passes its health check.
pub static UPSTREAM_UP: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    common::metrics::gauge(
        "gateway_upstream_up",
        "1 while a server of an upstream passes its health check.",
        &["upstream", "server"],
    )
});
/// Credentials that were refused.
pub static REFUSED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    common::metrics::counter("gateway_auth_refused_total", "Requests without good credentials, by reason.", &["reason"])
});
/// Requests refused because there was too much to do.
pub static SHED: LazyLock<IntCounter> = LazyLock::new(|| {
    common::metrics::register(IntCounter::new(
        "gateway_shed_total",
        "Requests refused because there was too much to do.",
    ))
});
/// Requests being worked on.
static IN_FLIGHT: LazyLock<IntGauge> =
    LazyLock::new(|| common::metrics::register(IntGauge::new("gateway_in_flight", "Requests being worked on.")));
/// Open connections of clients.
pub static CONNECTIONS: LazyLock<IntGauge> =
    LazyLock::new(|| common::metrics::register(IntGauge::new("gateway_connections", "Open connections of clients.")));
/// Readings of the routes file.
pub static RELOADS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    common::metrics::counter(
        "gateway_route_reloads_total",
        "Readings of a changed routes file, by outcome (loaded, refused).",
        &["outcome"],
    )
});
/// When the certificate ends.
pub static CERTIFICATE: LazyLock<IntGauge> = LazyLock::new(|| {
    common::metrics::register(IntGauge::new(
        "gateway_certificate_expiry_timestamp_seconds",
        "When the TLS certificate in use expires, in Unix seconds; absent or 0 without TLS.",
    ))
});

/// Counts a request as being worked on until dropped.
pub(crate) struct InFlight;

impl InFlight {
    pub(crate) fn enter() -> Self {
        IN_FLIGHT.inc();
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        IN_FLIGHT.dec();
    }
}

const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other"];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

fn method_index(method: &Method) -> usize {
    match *method {
        Method::GET => 0,
        Method::POST => 1,
        Method::PUT => 2,
        Method::PATCH => 3,
        Method::DELETE => 4,
        Method::HEAD => 5,
        Method::OPTIONS => 6,
        _ => 7,
    }
}

fn class_index(status: StatusCode) -> usize {
    usize::from(status.as_u16() / 100).clamp(1, 5) - 1
}

/// The counters of one route. Each is made when it first counts, so that `/metrics` lists what happened and not what might.
#[derive(Debug)]
pub struct RouteMetrics {
    name: String,
    requests: [[std::sync::OnceLock<IntCounter>; 5]; 8],
    duration: Histogram,
    cache: [std::sync::OnceLock<IntCounter>; 5],
}

const CACHE_OUTCOMES: [&str; 5] = ["hit", "not_modified", "miss", "unavailable", "stored"];

impl RouteMetrics {
    /// Of a route's name.
    pub fn of(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            requests: Default::default(),
            duration: DURATION.with_label_values(&[name]),
            cache: Default::default(),
        }
    }

    /// Counts an answer.
    pub fn observe(&self, method: &Method, status: StatusCode, elapsed: Duration) {
        let (method, class) = (method_index(method), class_index(status));
        self.requests[method][class]
            .get_or_init(|| REQUESTS.with_label_values(&[self.name.as_str(), METHODS[method], CLASSES[class]]))
            .inc();
        self.duration.observe(elapsed.as_secs_f64());
    }

    /// Counts a lookup in the response cache.
    pub fn cached(&self, outcome: &'static str) {
        if let Some(index) = CACHE_OUTCOMES.iter().position(|known| *known == outcome) {
            self.cache[index].get_or_init(|| CACHE.with_label_values(&[self.name.as_str(), outcome])).inc();
        }
    }
}

/// The counters of one class of limits, each made when it first counts.
#[derive(Debug, Default)]
pub struct ClassMetrics([std::sync::OnceLock<IntCounter>; 6]);

impl ClassMetrics {
    /// Counts a decision.
    pub fn decided(&self, class: &str, allowed: bool, counted_in: &'static str) {
        let place = ["lease", "redis", "memory"].iter().position(|known| *known == counted_in).unwrap_or(2);
        let decision = if allowed { "allowed" } else { "refused" };
        self.0[place + 3 * usize::from(allowed)]
            .get_or_init(|| LIMITS.with_label_values(&[class, decision, counted_in]))
            .inc();
    }
}

/// Requests that no route takes, and the gateway's own pages.
pub fn unrouted() -> &'static RouteMetrics {
    static NONE: LazyLock<RouteMetrics> = LazyLock::new(|| RouteMetrics::of("none"));
    &NONE
}

/// The counters of one upstream.
#[derive(Debug)]
pub struct UpstreamMetrics {
    name: String,
    classes: [IntCounter; 5],
    duration: Histogram,
    /// 1 while the breaker refuses.
    pub breaker_open: IntGauge,
}

impl UpstreamMetrics {
    /// Of an upstream's name.
    pub fn of(name: &str) -> Self {
        let breaker_open = BREAKER.with_label_values(&[name]);
        breaker_open.set(0);
        Self {
            name: name.to_owned(),
            classes: CLASSES.map(|class| UPSTREAM.with_label_values(&[name, class])),
            duration: UPSTREAM_DURATION.with_label_values(&[name]),
            breaker_open,
        }
    }

    /// Counts an answer.
    pub fn answered(&self, status: StatusCode, elapsed: Duration) {
        self.classes[class_index(status)].inc();
        self.duration.observe(elapsed.as_secs_f64());
    }

    /// The counter of another outcome.
    pub fn outcome(&self, outcome: &str) -> IntCounter {
        UPSTREAM.with_label_values(&[self.name.as_str(), outcome])
    }
}

/// Registers everything, so that `/metrics` is whole before the first request.
pub fn register() {
    for metric in [&*FALLBACK, &*IN_FLIGHT, &*CONNECTIONS] {
        metric.set(0);
    }
    LazyLock::force(&SHED);
    LazyLock::force(&LIMITS);
    LazyLock::force(&REFUSED);
    for outcome in ["loaded", "refused"] {
        RELOADS.with_label_values(&[outcome]);
    }
}
