//! GCRA in the memory of one gateway.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use time::OffsetDateTime;

use super::{Verdict, interval_micros};
use crate::table::Limit;

/// More keys than this are swept of those that are free again.
const SWEEP_AT: usize = 10_000;

/// For each key the theoretical arrival time, in microseconds since 1970.
#[derive(Default)]
pub(super) struct Memory(Mutex<HashMap<String, i64>>);

impl Memory {
    pub(super) fn take(&self, key: &str, limit: Limit, now: OffsetDateTime) -> Verdict {
        let now = i64::try_from(now.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX);
        let interval = interval_micros(limit);
        let tolerance = interval * i64::from(limit.burst);
        let mut arrivals = self.0.lock().expect("no one panics while holding the counters");
        if arrivals.len() >= SWEEP_AT {
            arrivals.retain(|_, at| *at > now);
        }
        let expected = arrivals.get(key).copied().unwrap_or(now).max(now);
        let early = expected - now;
        if early > tolerance {
            return Verdict { allowed: false, remaining: 0, wait: micros(early - tolerance) };
        }
        arrivals.insert(key.to_owned(), expected + interval);
        Verdict {
            allowed: true,
            remaining: u32::try_from((tolerance - early) / interval).unwrap_or(0),
            wait: micros(early + interval),
        }
    }
}

fn micros(value: i64) -> Duration {
    Duration::from_micros(u64::try_from(value).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_sustained_rate() {
        let memory = Memory::default();
        let limit = Limit { per_minute: 60, burst: 2 };
        let start = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        let allowed = |seconds: i64| memory.take("k", limit, start + time::Duration::seconds(seconds)).allowed;
        assert_eq!([allowed(0), allowed(0), allowed(0), allowed(0)], [true, true, true, false]);
        assert_eq!([allowed(1), allowed(1)], [true, false]);
        let refused = memory.take("k", limit, start + time::Duration::seconds(1));
        assert_eq!(refused.wait, Duration::from_secs(1));
        assert!(memory.take("other", limit, start).allowed);
    }
}
