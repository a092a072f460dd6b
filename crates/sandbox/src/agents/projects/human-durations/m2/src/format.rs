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

/// Write a duration with at most `places` units, counted from its largest one, and the rest rounded (halves go up).
///
/// `places` of 0 is taken as 1.
#[must_use]
pub fn format_rounded(duration: Duration, places: usize) -> String {
    let whole = duration.as_millis();
    let Some(largest) = UNITS.iter().position(|unit| whole >= u128::from(unit.milliseconds)) else {
        return write_milliseconds(0);
    };
    let smallest = (largest + places.max(1) - 1).min(UNITS.len() - 1);
    let step = u128::from(UNITS[smallest].milliseconds);
    write_milliseconds((whole + step / 2) / step * step)
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
