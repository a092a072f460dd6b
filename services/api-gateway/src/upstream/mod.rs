//! The services behind the gateway: which servers there are, how they are, and which one a request goes to.

pub mod breaker;
pub mod budget;
mod health;
pub mod plan;
pub mod pool;
mod resolve;
pub mod server;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use arc_swap::ArcSwap;
use http::HeaderValue;
use prometheus::IntCounter;
use tokio_util::sync::CancellationToken;

pub use plan::Plan;
pub use server::Server;

use crate::metrics::UpstreamMetrics;
use breaker::Breaker;
use budget::Budget;

/// A service with everything known of it. One for all workers.
#[derive(Debug)]
pub struct Upstream {
    /// As in the routes file.
    pub plan: Arc<Plan>,
    /// The `Host` it is asked under.
    pub host: HeaderValue,
    /// Stops tries that are in vain.
    pub breaker: Breaker,
    /// Limits retries.
    pub budget: Budget,
    /// Its counters.
    pub metrics: UpstreamMetrics,
    servers: ArcSwap<Vec<Arc<Server>>>,
    in_flight: AtomicU32,
    turn: AtomicUsize,
    stop: CancellationToken,
}

/// Counts a request as under way at an upstream until dropped.
#[derive(Debug)]
pub struct Place(Arc<Upstream>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Upstream {
    /// Starts to resolve and to look after the servers on the current runtime.
    pub fn start(plan: Arc<Plan>) -> Arc<Self> {
        let (host, port) = &plan.hosts[0];
        let host = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let upstream = Arc::new(Self {
            host: HeaderValue::try_from(host).unwrap_or_else(|_| HeaderValue::from_static("upstream")),
            breaker: Breaker::new(plan.breaker),
            budget: Budget::default(),
            metrics: UpstreamMetrics::of(&plan.name),
            servers: ArcSwap::default(),
            in_flight: AtomicU32::new(0),
            turn: AtomicUsize::new(0),
            stop: CancellationToken::new(),
            plan,
        });
        resolve::now(&upstream);
        tokio::spawn(upstream.stop.clone().run_until_cancelled_owned(resolve::keep(Arc::clone(&upstream))));
        tokio::spawn(upstream.stop.clone().run_until_cancelled_owned(health::keep(Arc::clone(&upstream))));
        upstream
    }

    /// Ends resolving and looking after. Requests under way go on.
    pub fn retire(&self) {
        self.stop.cancel();
        for server in self.servers.load().iter() {
            server.forget();
        }
    }

    /// Takes a place; `None` when there are too many requests under way.
    pub fn enter(self: &Arc<Self>) -> Option<Place> {
        let before = self.in_flight.fetch_add(1, Ordering::Relaxed);
        let place = Place(Arc::clone(self));
        (before < self.plan.max_in_flight).then_some(place)
    }

    /// The servers of now.
    pub fn servers(&self) -> arc_swap::Guard<Arc<Vec<Arc<Server>>>> {
        self.servers.load()
    }

    /// The usable server with the fewest requests under way that was not tried yet. When none is usable, any that was not tried: a wrong
    /// verdict must not turn a hiccup into an outage.
    pub fn choose(&self, tried: &[SocketAddr], now_ms: u64) -> Option<Arc<Server>> {
        let servers = self.servers.load();
        if let [only] = servers.as_slice() {
            return (!tried.contains(&only.address)).then(|| Arc::clone(only));
        }
        let from = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut best: Option<&Arc<Server>> = None;
        let mut any: Option<&Arc<Server>> = None;
        for offset in 0..servers.len() {
            let server = &servers[(from + offset) % servers.len()];
            if tried.contains(&server.address) {
                continue;
            }
            let slot = if server.usable(now_ms) { &mut best } else { &mut any };
            if slot.is_none_or(|other| server.in_flight() < other.in_flight()) {
                *slot = Some(server);
            }
        }
        best.or(any).cloned()
    }

    /// The counter of an outcome.
    pub fn outcome(&self, outcome: &str) -> IntCounter {
        self.metrics.outcome(outcome)
    }
}

/// Milliseconds since the process began: what health, ejection and breaker count in.
pub fn now_ms() -> u64 {
    ms(Instant::now())
}

/// The same of a time that is known already.
pub fn ms(at: Instant) -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(at.saturating_duration_since(*START).as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
