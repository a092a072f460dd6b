//! How often someone may come: GCRA (the generic cell rate algorithm), counted in Redis for all gateways together. When Redis is slow or
//! away each gateway counts for itself, so that a limit never becomes an outage.

mod memory;
mod redis;

use std::time::Duration;

use common::clock::Clock;

use crate::metrics::LIMITS;
use crate::table::Limit;
use memory::Memory;

/// What the limit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the request may pass.
    pub allowed: bool,
    /// How many more may come at once.
    pub remaining: u32,
    /// Until a refused one may come again, or until the whole burst is free again.
    pub wait: Duration,
}

/// Counts requests.
pub struct Limiter {
    redis: self::redis::Counter,
    memory: Memory,
    clock: Clock,
}

impl Limiter {
    /// Counts in `redis`, or in memory when it does not answer within 50 ms.
    pub fn new(redis: common::redis::Redis, clock: Clock) -> Self {
        Self { redis: self::redis::Counter::new(redis), memory: Memory::default(), clock }
    }

    /// Counts one request of `who` in a class.
    pub async fn take(&self, class: &str, limit: Limit, who: &str) -> Verdict {
        let key = format!("qp:limit:{class}:{who}");
        let (verdict, counted_in) = match self.redis.take(&key, limit).await {
            Some(verdict) => (verdict, "redis"),
            None => (self.memory.take(&key, limit, self.clock.now()), "memory"),
        };
        LIMITS.with_label_values(&[class, if verdict.allowed { "allowed" } else { "refused" }, counted_in]).inc();
        verdict
    }
}

/// Between two requests at the sustained rate, in microseconds.
fn interval_micros(limit: Limit) -> i64 {
    60_000_000 / i64::from(limit.per_minute)
}
