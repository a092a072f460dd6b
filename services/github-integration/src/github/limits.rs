//! How much we may ask of GitHub: what its answers say, remembered for every task of the process.
//!
//! Two kinds of limit exist. The primary one counts requests per hour and names the second at which it starts anew; the secondary
//! one punishes bursts and wants silence for a while. Writes to one repository go one after the other, as GitHub asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::clock::Clock;
use http::{HeaderMap, StatusCode};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::sync::OwnedMutexGuard;

use crate::metrics;

/// The wait after a secondary limit that names none; doubled each time in a row.
const SECONDARY_WAIT: Duration = Duration::from_mins(1);
/// No wait is longer: the primary limit starts anew every hour.
const LONGEST_WAIT: Duration = Duration::from_mins(61);

/// Which limit was hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Primary,
    Secondary,
}

/// Is this answer a rate limit, and how long must we be silent? `in_a_row` counts secondary limits without a success between.
pub fn refusal(status: StatusCode, headers: &HeaderMap, message: &str, in_a_row: u32) -> Option<(Kind, Duration)> {
    if status != StatusCode::FORBIDDEN && status != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let used_up = number(headers, "x-ratelimit-remaining") == Some(0);
    let kind = if used_up { Kind::Primary } else { Kind::Secondary };
    if let Some(seconds) = number(headers, "retry-after") {
        return Some((kind, clamp(Duration::from_secs(seconds))));
    }
    if used_up {
        return Some((kind, until_reset(headers).unwrap_or(SECONDARY_WAIT)));
    }
    let message = message.to_ascii_lowercase();
    let told = message.contains("secondary rate") || message.contains("abuse detection");
    (told || status == StatusCode::TOO_MANY_REQUESTS)
        .then(|| (kind, clamp(SECONDARY_WAIT * 2_u32.pow(in_a_row.min(4)))))
}

/// Time until the primary limit starts anew, by GitHub's own clock when the answer tells it.
fn until_reset(headers: &HeaderMap) -> Option<Duration> {
    let reset = i64::try_from(number(headers, "x-ratelimit-reset")?).ok()?;
    let date = headers.get("date").and_then(|v| v.to_str().ok()).and_then(http_date)?;
    let seconds = u64::try_from(reset - date).unwrap_or(0);
    Some(clamp(Duration::from_secs(seconds)))
}

fn http_date(text: &str) -> Option<i64> {
    OffsetDateTime::parse(&text.replace("GMT", "+0000"), &Rfc2822).ok().map(OffsetDateTime::unix_timestamp)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn clamp(wait: Duration) -> Duration {
    wait.clamp(Duration::from_secs(1), LONGEST_WAIT)
}

#[derive(Default)]
struct Gate {
    closed_until: Option<OffsetDateTime>,
    secondary_in_a_row: u32,
}

type Turn = Arc<tokio::sync::Mutex<Option<OffsetDateTime>>>;

/// The memory of one process.
pub struct Limits {
    clock: Clock,
    write_gap: Duration,
    gates: Mutex<HashMap<String, Gate>>,
    turns: Mutex<HashMap<String, Turn>>,
}

/// The right to write to a repository; dropping it lets the next one in.
pub struct WriteTurn {
    last: OwnedMutexGuard<Option<OffsetDateTime>>,
    clock: Clock,
}

impl Drop for WriteTurn {
    fn drop(&mut self) {
        *self.last = Some(self.clock.now());
    }
}

impl Limits {
    pub fn new(clock: Clock, write_gap: Duration) -> Self {
        Self { clock, write_gap, gates: Mutex::default(), turns: Mutex::default() }
    }

    /// How long requests with this credential must still wait.
    pub fn closed_for(&self, credential: &str) -> Option<Duration> {
        let until = self.gates().get(credential)?.closed_until?;
        let left = until - self.clock.now();
        left.is_positive().then(|| left.unsigned_abs())
    }

    /// Learn from an answer. Returns whether the answer was a refusal for asking too much.
    pub fn learn(&self, credential: &str, status: StatusCode, headers: &HeaderMap, message: &str) -> bool {
        if let Some(left) = number(headers, "x-ratelimit-remaining") {
            metrics::rate_limit_remaining(left);
        }
        let mut gates = self.gates();
        let gate = gates.entry(credential.to_owned()).or_default();
        let Some((kind, wait)) = refusal(status, headers, message, gate.secondary_in_a_row) else {
            if status.is_success() {
                gate.secondary_in_a_row = 0;
            }
            return false;
        };
        if kind == Kind::Secondary {
            gate.secondary_in_a_row += 1;
        }
        let until = self.clock.now() + wait;
        gate.closed_until = gate.closed_until.max(Some(until));
        metrics::rate_limited(kind);
        tracing::warn!(kind = ?kind, wait_seconds = wait.as_secs(), "GitHub wants us to slow down");
        true
    }

    /// Wait for the right to write to `repository`, and for the gap after the write before.
    pub async fn turn(&self, repository: &str) -> WriteTurn {
        let turn = {
            let mut turns = self.turns.lock().expect("no panic happens while the map is locked");
            Arc::clone(turns.entry(repository.to_ascii_lowercase()).or_default())
        };
        let last = turn.lock_owned().await;
        if let Some(at) = *last {
            let gap = (at + self.write_gap) - self.clock.now();
            if gap.is_positive() {
                self.clock.sleep(gap.unsigned_abs()).await;
            }
        }
        WriteTurn { last, clock: self.clock.clone() }
    }

    fn gates(&self) -> std::sync::MutexGuard<'_, HashMap<String, Gate>> {
        self.gates.lock().expect("no panic happens while the map is locked")
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (k.parse::<http::HeaderName>().unwrap(), v.parse().unwrap())).collect()
    }

    #[test]
    fn a_used_up_hour_waits_until_it_starts_anew_by_githubs_clock() {
        let h = headers(&[
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795000090"),
            ("date", "Wed, 18 Nov 2026 12:26:40 GMT"),
        ]);
        assert_eq!(http_date("Wed, 18 Nov 2026 12:26:40 GMT"), Some(1_795_004_800));
        let past = refusal(StatusCode::FORBIDDEN, &h, "API rate limit exceeded", 0);
        assert_eq!(past, Some((Kind::Primary, Duration::from_secs(1))));
        let h = headers(&[
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795004890"),
            ("date", "Wed, 18 Nov 2026 12:26:40 GMT"),
        ]);
        let ahead = refusal(StatusCode::TOO_MANY_REQUESTS, &h, "", 0);
        assert_eq!(ahead, Some((Kind::Primary, Duration::from_secs(90))));
    }

    #[test]
    fn retry_after_wins_and_silence_about_it_doubles() {
        let told = headers(&[("retry-after", "7"), ("x-ratelimit-remaining", "4000")]);
        assert_eq!(refusal(StatusCode::FORBIDDEN, &told, "", 3), Some((Kind::Secondary, Duration::from_secs(7))));
        let text = "You have exceeded a secondary rate limit. Please wait";
        let wait = |n| refusal(StatusCode::FORBIDDEN, &HeaderMap::new(), text, n).map(|(_, w)| w.as_secs());
        assert_eq!((wait(0), wait(1), wait(9)), (Some(60), Some(120), Some(960)));
    }

    #[test]
    fn a_plain_403_is_a_missing_permission() {
        let h = headers(&[("x-ratelimit-remaining", "4999")]);
        assert_eq!(refusal(StatusCode::FORBIDDEN, &h, "Resource not accessible by integration", 0), None);
        assert_eq!(refusal(StatusCode::NOT_FOUND, &h, "Not Found", 0), None);
    }

    #[tokio::test]
    async fn the_gate_opens_by_the_clock_and_writes_keep_their_distance() {
        let clock = Clock::fixed(datetime!(2026-11-22 12:00 UTC));
        let limits = Limits::new(clock.clone(), Duration::from_secs(1));
        assert!(limits.learn("t", StatusCode::FORBIDDEN, &headers(&[("retry-after", "30")]), ""));
        assert_eq!(limits.closed_for("t"), Some(Duration::from_secs(30)));
        assert_eq!(limits.closed_for("other"), None);
        clock.advance(Duration::from_secs(30));
        assert_eq!(limits.closed_for("t"), None);

        let before = clock.now();
        drop(limits.turn("Ada/Todo").await);
        drop(limits.turn("ada/other").await);
        assert_eq!(clock.now(), before, "the first write to each repository needs no gap");
        drop(limits.turn("ada/todo").await);
        assert_eq!(clock.now() - before, Duration::from_secs(1));
    }
}
