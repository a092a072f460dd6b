//! From a duration to text.

use std::time::Duration;

use crate::unit::UNITS;

/// Write a duration in short units, the largest first, such as `1d 2h 5ms`.
///
/// What is shorter than a millisecond is left out; no time at all is `0s`.
#[must_use]
pub fn format(duration: Duration) -> String {
    write_milliseconds(duration.as_millis())
}

fn write_milliseconds(mut rest: u128) -> String {
    let mut parts = Vec::new();
    for unit in UNITS {
        let length = u128::from(unit.milliseconds);
        if rest >= length {
            parts.push(format!("{}{}", rest / length, unit.name));
            rest %= length;
        }
    }
    if parts.is_empty() {
        return "0s".to_owned();
    }
    parts.join(" ")
}
