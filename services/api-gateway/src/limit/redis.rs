//! GCRA in Redis, in one atomic script.

use std::time::Duration;

use super::{Verdict, interval_micros};
use crate::table::Limit;

/// Redis' own clock is used, so that gateways need not agree on the time. Answers allowed, remaining, wait in microseconds.
const SCRIPT: &str = r"
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local interval, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])
local expected = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local early = expected - now
if early > tolerance then return {0, 0, early - tolerance} end
redis.call('SET', KEYS[1], string.format('%.0f', expected + interval), 'PX', math.ceil((early + interval) / 1000))
return {1, math.floor((tolerance - early) / interval), early + interval}
";

/// An answer that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_millis(50);

pub(super) struct Counter {
    redis: common::redis::Redis,
    script: redis::Script,
}

impl Counter {
    pub(super) fn new(redis: common::redis::Redis) -> Self {
        Self { redis, script: redis::Script::new(SCRIPT) }
    }

    /// `None` when Redis does not answer in time.
    pub(super) async fn take(&self, key: &str, limit: Limit) -> Option<Verdict> {
        let interval = interval_micros(limit);
        let mut connection = self.redis.connection();
        let mut call = self.script.key(key);
        let call = call.arg(interval).arg(interval * i64::from(limit.burst));
        let answer = tokio::time::timeout(PATIENCE, call.invoke_async::<(u8, u32, u64)>(&mut connection)).await;
        let (allowed, remaining, wait) = answer.ok()?.ok()?;
        Some(Verdict { allowed: allowed == 1, remaining, wait: Duration::from_micros(wait) })
    }
}
