//! The circuit breaker: when most tries get no answer, further ones are refused at once for a while, then one is let through to see.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::plan::BreakerPlan;

/// Closed, open, or trying. Without locks: every request passes here.
#[derive(Debug)]
pub struct Breaker {
    plan: BreakerPlan,
    /// 0 is closed; else when the next trial may pass, in milliseconds.
    next_trial: AtomicU64,
    window: AtomicU64,
    total: AtomicU32,
    failed: AtomicU32,
}

/// How a verdict changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Now refuses.
    Opened,
    /// Lets everything pass again.
    Closed,
}

impl Breaker {
    /// Closed.
    pub fn new(plan: BreakerPlan) -> Self {
        Self {
            plan,
            next_trial: AtomicU64::new(0),
            window: AtomicU64::new(0),
            total: AtomicU32::new(0),
            failed: AtomicU32::new(0),
        }
    }

    /// Whether a request may be sent; `Err` is how many milliseconds until the next trial. While it is open one request passes as a trial in
    /// each period.
    pub fn allow(&self, now_ms: u64) -> Result<(), u64> {
        let next = self.next_trial.load(Ordering::Relaxed);
        if next == 0 {
            return Ok(());
        }
        if now_ms < next {
            return Err(next - now_ms);
        }
        let later = now_ms + self.plan.open_seconds * 1000;
        match self.next_trial.compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => Ok(()),
            Err(_) => Err(self.plan.open_seconds * 1000),
        }
    }

    /// Whether it refuses.
    pub fn is_open(&self) -> bool {
        self.next_trial.load(Ordering::Relaxed) != 0
    }

    /// Notes how a try ended.
    pub fn note(&self, answered: bool, now_ms: u64) -> Option<Change> {
        if self.is_open() {
            if !answered {
                return None;
            }
            self.next_trial.store(0, Ordering::Relaxed);
            self.total.store(0, Ordering::Relaxed);
            self.failed.store(0, Ordering::Relaxed);
            return Some(Change::Closed);
        }
        let window = now_ms / (self.plan.window_seconds * 1000) + 1;
        if self.window.swap(window, Ordering::Relaxed) != window {
            self.total.store(0, Ordering::Relaxed);
            self.failed.store(0, Ordering::Relaxed);
        }
        let total = self.total.fetch_add(1, Ordering::Relaxed) + 1;
        if answered {
            return None;
        }
        let failed = self.failed.fetch_add(1, Ordering::Relaxed) + 1;
        if total < self.plan.min_requests || f64::from(failed) < self.plan.failure_ratio * f64::from(total) {
            return None;
        }
        let closed = self.next_trial.swap(now_ms + self.plan.open_seconds * 1000, Ordering::Relaxed) == 0;
        closed.then_some(Change::Opened)
    }
}
