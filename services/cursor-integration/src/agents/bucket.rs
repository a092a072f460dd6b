//! Keeps our calls below the backend's rate limit, for each kind of call apart.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use common::clock::Clock;
use time::OffsetDateTime;

/// Tokens that refill with time; one kind of call takes from one bucket.
#[derive(Debug)]
pub(super) struct Buckets {
    clock: Clock,
    per_minute: f64,
    levels: Mutex<HashMap<&'static str, (f64, OffsetDateTime)>>,
}

impl Buckets {
    pub(super) fn new(clock: Clock, per_minute: u32) -> Self {
        Self { clock, per_minute: f64::from(per_minute), levels: Mutex::default() }
    }

    /// Take one token, or learn how long until there is one.
    pub(super) fn take(&self, kind: &'static str) -> Result<(), Duration> {
        let now = self.clock.now();
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        let (level, at) = levels.entry(kind).or_insert((self.per_minute, now));
        let refilled = *level + (now - *at).as_seconds_f64() * self.per_minute / 60.0;
        (*level, *at) = (refilled.min(self.per_minute), now);
        if *level < 1.0 {
            return Err(Duration::from_secs_f64(((1.0 - *level) * 60.0 / self.per_minute).max(0.05)));
        }
        *level -= 1.0;
        Ok(())
    }

    /// The backend says that there are none left.
    pub(super) fn empty(&self, kind: &'static str) {
        let now = self.clock.now();
        self.levels.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, (0.0, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_refills_the_bucket_and_kinds_are_apart() {
        let clock = Clock::fixed(OffsetDateTime::UNIX_EPOCH);
        let buckets = Buckets::new(clock.clone(), 2);
        assert!(buckets.take("a").is_ok() && buckets.take("a").is_ok());
        assert_eq!(buckets.take("a"), Err(Duration::from_secs(30)));
        assert!(buckets.take("b").is_ok());
        clock.advance(Duration::from_secs(30));
        assert!(buckets.take("a").is_ok());
        buckets.empty("b");
        assert!(buckets.take("b").is_err());
    }
}
