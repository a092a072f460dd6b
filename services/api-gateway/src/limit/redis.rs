//! GCRA in Redis, in one atomic script.

use std::time::Duration;

use super::interval_micros;
use crate::table::Limit;

/// Redis' own clock is used, so that gateways need not agree on the time. Takes up to `ARGV[3]` requests at once, after giving back
/// `ARGV[4]` that were leased and not used. Answers how many were granted, how many more there are, and microseconds: until the next one when
/// none was granted, else until the whole burst is free again.
const SCRIPT: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, tolerance, wanted, back = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local expected = math.max(tonumber(redis.call('GET', KEYS[1]) or now) - back * interval, now)
local early = expected - now
local free = math.floor((tolerance - early) / interval) + 1
if free < 1 then return {0, 0, early - tolerance} end
local granted = math.min(wanted, free)
expected = expected + granted * interval
redis.call('SET', KEYS[1], string.format('%.0f', expected), 'PX', math.ceil((expected - now) / 1000))
return {granted, free - granted, expected - now}
";

/// What Redis granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) granted: u32,
    pub(super) remaining: u32,
    pub(super) wait: Duration,
}

#[derive(Clone)]
pub(super) struct Counter {
    redis: common::redis::Redis,
    script: redis::Script,
    /// An answer that takes longer is not waited for.
    pub(super) patience: Duration,
}

impl Counter {
    pub(super) fn new(redis: common::redis::Redis, patience: Duration) -> Self {
        Self { redis, script: redis::Script::new(SCRIPT), patience }
    }

    /// `None` when Redis does not answer in time.
    pub(super) async fn lease(&self, key: String, limit: Limit, wanted: u32, back: u32) -> Option<Grant> {
        let interval = interval_micros(limit);
        let mut connection = self.redis.connection();
        let mut call = self.script.key(key);
        let call = call.arg(interval).arg(interval * i64::from(limit.burst)).arg(wanted).arg(back);
        let answer = tokio::time::timeout(self.patience, call.invoke_async::<(u32, u32, u64)>(&mut connection)).await;
        let (granted, remaining, wait) = answer.ok()?.ok()?;
        Some(Grant { granted, remaining, wait: Duration::from_micros(wait) })
    }

    /// Whether Redis answers in time.
    pub(super) async fn answers(&self) -> bool {
        matches!(tokio::time::timeout(self.patience, self.redis.ping()).await, Ok(Ok(())))
    }
}
