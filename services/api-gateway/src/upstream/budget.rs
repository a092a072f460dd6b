//! The retry budget: retries may add a tenth to the load of an upstream, and a few a second when there is little load. Without it retries
//! turn a slow service into a dead one.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// A request pays this much in; a retry takes out `RETRY`.
const REQUEST: i64 = 1;
const RETRY: i64 = 10;
/// No more than this many retries are saved up.
const MOST: i64 = 100 * RETRY;
/// Retries a second that are always possible.
const ALWAYS: i64 = 10;

/// What retries may still cost.
#[derive(Debug)]
pub struct Budget {
    saved: AtomicI64,
    second: AtomicU64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { saved: AtomicI64::new(ALWAYS * RETRY), second: AtomicU64::new(0) }
    }
}

impl Budget {
    /// A first try.
    pub fn pay_in(&self) {
        if self.saved.load(Ordering::Relaxed) < MOST {
            self.saved.fetch_add(REQUEST, Ordering::Relaxed);
        }
    }

    /// Whether a retry may be made.
    pub fn take(&self, now_ms: u64) -> bool {
        let second = now_ms / 1000 + 1;
        if self.second.swap(second, Ordering::Relaxed) != second {
            self.saved.fetch_max(ALWAYS * RETRY, Ordering::Relaxed);
        }
        self.saved
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| (saved >= RETRY).then_some(saved - RETRY))
            .is_ok()
    }
}
