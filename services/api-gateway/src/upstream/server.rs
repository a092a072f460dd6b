//! One address of an upstream, and how it is doing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use prometheus::IntGauge;

use super::plan::Plan;
use crate::metrics::UPSTREAM_UP;

/// The longest time out, however often a server failed.
const LONGEST_EJECTION: Duration = Duration::from_mins(1);

/// One address of an upstream.
#[derive(Debug)]
pub struct Server {
    /// Where.
    pub address: SocketAddr,
    in_flight: AtomicU32,
    /// What the active checks say.
    healthy: AtomicBool,
    streak: AtomicU32,
    /// What requests say.
    failures: AtomicU32,
    ejections: AtomicU32,
    ejected_until: AtomicU64,
    /// Connections that were kept before this time are not used again.
    fresh_from: AtomicU64,
    labels: [String; 2],
    up: IntGauge,
}

/// Counts a request as under way at a server until dropped.
#[derive(Debug)]
pub struct Under(Arc<Server>);

impl Drop for Under {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Server {
    /// Taken to be well until something else is known.
    pub fn new(upstream: &str, address: SocketAddr) -> Self {
        let labels = [upstream.to_owned(), address.to_string()];
        let up = UPSTREAM_UP.with_label_values(&labels);
        up.set(1);
        Self {
            address,
            in_flight: AtomicU32::new(0),
            healthy: AtomicBool::new(true),
            streak: AtomicU32::new(0),
            failures: AtomicU32::new(0),
            ejections: AtomicU32::new(0),
            ejected_until: AtomicU64::new(0),
            fresh_from: AtomicU64::new(0),
            labels,
            up,
        }
    }

    /// Counts a request in.
    pub fn enter(self: &Arc<Self>) -> Under {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Under(Arc::clone(self))
    }

    /// Requests under way.
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Whether requests should go there.
    pub fn usable(&self, now_ms: u64) -> bool {
        self.healthy.load(Ordering::Relaxed) && self.ejected_until.load(Ordering::Relaxed) <= now_ms
    }

    /// A request was answered.
    pub fn succeeded(&self) {
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
            self.ejections.store(0, Ordering::Relaxed);
        }
    }

    /// A request got no answer: too many in a row take the server out for a while. `true` when this one did.
    pub fn failed(&self, plan: &Plan, now_ms: u64) -> bool {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if failures < plan.eject_after || self.ejected_until.load(Ordering::Relaxed) > now_ms {
            return false;
        }
        self.failures.store(0, Ordering::Relaxed);
        let times = self.ejections.fetch_add(1, Ordering::Relaxed).min(6);
        let pause = (plan.eject * 2_u32.pow(times)).min(LONGEST_EJECTION);
        self.ejected_until.store(now_ms + u64::try_from(pause.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        true
    }

    /// Since when a kept connection must have been kept to be used. A server that is not well may be about to stop, and closes what is idle
    /// just when a request is on its way.
    pub fn fresh_from(&self) -> u64 {
        self.fresh_from.load(Ordering::Relaxed)
    }

    /// What an active check found. `Some` when the verdict changed.
    pub fn checked(&self, well: bool, plan: &Plan, now_ms: u64) -> Option<bool> {
        let before = self.healthy.load(Ordering::Relaxed);
        if well == before {
            self.streak.store(0, Ordering::Relaxed);
            return None;
        }
        let streak = self.streak.fetch_add(1, Ordering::Relaxed) + 1;
        let needed = if well { plan.health.passes } else { plan.health.fails };
        if streak < needed {
            return None;
        }
        self.streak.store(0, Ordering::Relaxed);
        self.healthy.store(well, Ordering::Relaxed);
        if well {
            self.ejected_until.store(0, Ordering::Relaxed);
            self.failures.store(0, Ordering::Relaxed);
        } else {
            self.fresh_from.store(now_ms, Ordering::Relaxed);
        }
        self.up.set(i64::from(well));
        Some(well)
    }

    /// Takes its gauge away: the address is no longer one of the upstream.
    pub(super) fn forget(&self) {
        let _ = UPSTREAM_UP.remove_label_values(&self.labels);
    }
}
