//! How long to wait before the next try.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(10);

/// Exponential from one second, capped at ten minutes, with jitter between half and the whole, so that jobs that failed together do not
/// come back together. `attempt` is 1 after the first failure.
pub fn backoff(attempt: i32) -> Duration {
    let exponent = u32::try_from(attempt.clamp(1, 20) - 1).unwrap_or(0);
    let full = FIRST.saturating_mul(2_u32.saturating_pow(exponent)).min(LONGEST);
    full.mul_f64(rand::random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_and_stays_within_bounds() {
        for attempt in -1..40 {
            let wait = backoff(attempt);
            assert!(wait >= FIRST / 2 && wait <= LONGEST, "{attempt}: {wait:?}");
        }
        assert!(backoff(8) > backoff(1));
    }
}
