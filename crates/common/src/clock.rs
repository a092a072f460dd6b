//! Time comes in from outside, so that tests can move it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use time::OffsetDateTime;

/// The current time in UTC: the system's, or a fixed one that a test advances by hand.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Mutex<OffsetDateTime>>>);

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still until it is advanced.
    pub fn fixed(at: OffsetDateTime) -> Self {
        Self(Some(Arc::new(Mutex::new(at))))
    }

    /// Now, cut to microseconds: that is what Postgres keeps, and what is written must equal what is read.
    pub fn now(&self) -> OffsetDateTime {
        let now = match &self.0 {
            None => system_now(),
            Some(at) => *at.lock().expect("no one panics while holding the clock"),
        };
        now.replace_nanosecond(now.nanosecond() / 1000 * 1000).expect("fewer nanoseconds are still in range")
    }

    /// Moves a fixed clock forward. Does nothing to the system's.
    pub fn advance(&self, by: Duration) {
        if let Some(at) = &self.0 {
            *at.lock().expect("no one panics while holding the clock") += by;
        }
    }

    /// Sleeps on the system clock; a fixed clock jumps ahead instead.
    pub async fn sleep(&self, by: Duration) {
        if self.0.is_some() {
            self.advance(by);
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(by).await;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the system clock is read")]
fn system_now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
