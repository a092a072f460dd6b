//! The form of ISO 8601: `P1DT2H30M5.5S`.

use std::time::Duration;

use crate::{ErrorKind, ParseError};

/// The designators in their order, with the part they belong to and their length in milliseconds.
const DESIGNATORS: [(char, bool, u64); 5] = [
    ('W', false, 604_800_000),
    ('D', false, 86_400_000),
    ('H', true, 3_600_000),
    ('M', true, 60_000),
    ('S', true, 1_000),
];

/// Read a duration such as `P1DT2H30M` or `PT0.25S`. Years and months have no fixed length and are refused.
///
/// # Errors
///
/// When the text is not such a duration, or longer than 2^64 milliseconds.
pub fn parse_iso(text: &str) -> Result<Duration, ParseError> {
    let error = |kind, at| Err(ParseError { kind, at });
    let Some(rest) = text.strip_prefix('P') else {
        return error(if text.is_empty() { ErrorKind::Empty } else { ErrorKind::NumberExpected }, 0);
    };
    let mut at = text.len() - rest.len();
    let (mut in_time, mut next, mut seen, mut total) = (false, 0, false, 0_u64);
    while at < text.len() {
        if text[at..].starts_with('T') && !in_time {
            (in_time, at, seen) = (true, at + 1, false);
            continue;
        }
        let number_at = at;
        let length = text[at..].find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len() - at);
        let number = &text[at..at + length];
        at += length;
        if number.is_empty() {
            return error(ErrorKind::NumberExpected, at);
        }
        let Some(letter) = text[at..].chars().next() else {
            return error(ErrorKind::UnitExpected, at);
        };
        let found = DESIGNATORS[next..].iter().position(|&(name, time, _)| name == letter && time == in_time);
        let Some(skipped) = found else {
            return error(ErrorKind::UnknownUnit(letter.to_string()), at);
        };
        let (_, _, unit) = DESIGNATORS[next + skipped];
        let milliseconds = milliseconds(number, unit).map_err(|kind| ParseError { kind, at: number_at })?;
        total = total.checked_add(milliseconds).ok_or(ParseError { kind: ErrorKind::TooLong, at: number_at })?;
        (next, seen, at) = (next + skipped + 1, true, at + letter.len_utf8());
    }
    if seen {
        Ok(Duration::from_millis(total))
    } else {
        error(ErrorKind::NumberExpected, at)
    }
}

/// Whole units, or seconds with up to three decimals.
fn milliseconds(number: &str, unit: u64) -> Result<u64, ErrorKind> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction_fits = !number.contains('.') || (unit == 1_000 && (1..=3).contains(&fraction.len()));
    if whole.is_empty() || fraction.contains('.') || !fraction_fits {
        return Err(ErrorKind::NumberExpected);
    }
    let whole: u64 = whole.parse().map_err(|_| ErrorKind::TooLong)?;
    let fraction: u64 = format!("{fraction:0<3}").parse().map_err(|_| ErrorKind::NumberExpected)?;
    whole.checked_mul(unit).and_then(|value| value.checked_add(fraction)).ok_or(ErrorKind::TooLong)
}

/// Write a duration in the form of ISO 8601, such as `P1DT2H30M5.5S`. What is shorter than a millisecond is left out.
#[must_use]
pub fn format_iso(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let mut text = "P".to_owned();
    if days > 0 {
        text.push_str(&format!("{days}D"));
    }
    let mut time = String::new();
    for (value, letter) in [(hours, 'H'), (minutes, 'M')] {
        if value > 0 {
            time.push_str(&format!("{value}{letter}"));
        }
    }
    let rest = format!("{}.{:03}", seconds % 60, duration.subsec_millis());
    let rest = rest.trim_end_matches('0').trim_end_matches('.');
    if rest != "0" && !rest.is_empty() || (time.is_empty() && days == 0) {
        time.push_str(if rest.is_empty() { "0" } else { rest });
        time.push('S');
    }
    if !time.is_empty() {
        text.push('T');
        text.push_str(&time);
    }
    text
}
