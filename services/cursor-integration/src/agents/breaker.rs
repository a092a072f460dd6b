//! Leaves a backend alone that fails again and again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use common::clock::Clock;
use time::OffsetDateTime;

/// Failures in a row that open the circuit.
const LIMIT: u32 = 5;
/// How long it stays open; then one call tries.
const PAUSE: Duration = Duration::from_secs(30);

/// The circuit of one backend.
#[derive(Debug)]
pub(super) struct Breaker {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open_until: Option<OffsetDateTime>,
}

impl Breaker {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// How long to wait, when the circuit is open. The first caller after the pause goes through, the others wait for what it finds.
    pub(super) fn check(&self) -> Result<(), Duration> {
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.open_until {
            Some(until) if until > now => Err((until - now).try_into().unwrap_or(PAUSE)),
            Some(_) => {
                state.open_until = Some(now + PAUSE);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The backend answered, be it with a refusal.
    pub(super) fn succeeded(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// No answer, or a 5xx.
    pub(super) fn failed(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures += 1;
        if state.failures >= LIMIT {
            state.open_until = Some(self.clock.now() + PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_lets_one_try_later() {
        let clock = Clock::fixed(OffsetDateTime::UNIX_EPOCH);
        let breaker = Breaker::new(clock.clone());
        for _ in 0..LIMIT - 1 {
            breaker.failed();
        }
        breaker.succeeded();
        for _ in 0..LIMIT {
            assert!(breaker.check().is_ok());
            breaker.failed();
        }
        assert_eq!(breaker.check(), Err(PAUSE));
        clock.advance(PAUSE);
        assert!(breaker.check().is_ok(), "one may try");
        assert!(breaker.check().is_err(), "the others wait");
        breaker.succeeded();
        assert!(breaker.check().is_ok());
    }
}
