//! From text to a duration.

use std::time::Duration;

use crate::{unit, ErrorKind, ParseError};

/// Read a duration such as `1h 30m`, `90s` or `2 days`.
///
/// # Errors
///
/// When the text is not a duration, or longer than 2^64 milliseconds.
pub fn parse(text: &str) -> Result<Duration, ParseError> {
    let mut total: u64 = 0;
    let mut at = skip_spaces(text, 0);
    if at == text.len() {
        return Err(ParseError { kind: ErrorKind::Empty, at: 0 });
    }
    while at < text.len() {
        let number_at = at;
        at = end_of(text, at, |c| c.is_ascii_digit());
        if at == number_at {
            return Err(ParseError { kind: ErrorKind::NumberExpected, at });
        }
        let too_long = || ParseError { kind: ErrorKind::TooLong, at: number_at };
        let number: u64 = text[number_at..at].parse().map_err(|_| too_long())?;

        let unit_at = skip_spaces(text, at);
        at = end_of(text, unit_at, char::is_alphabetic);
        if at == unit_at {
            return Err(ParseError { kind: ErrorKind::UnitExpected, at });
        }
        let name = &text[unit_at..at];
        let unit = unit::named(name)
            .ok_or_else(|| ParseError { kind: ErrorKind::UnknownUnit(name.to_owned()), at: unit_at })?;

        let milliseconds = number.checked_mul(unit.milliseconds).ok_or_else(too_long)?;
        total = total.checked_add(milliseconds).ok_or_else(too_long)?;
        at = skip_spaces(text, at);
    }
    Ok(Duration::from_millis(total))
}

fn skip_spaces(text: &str, from: usize) -> usize {
    end_of(text, from, char::is_whitespace)
}

/// Where the characters that `belong` end, from `from` on.
fn end_of(text: &str, from: usize, belong: impl Fn(char) -> bool) -> usize {
    text[from..].find(|c| !belong(c)).map_or(text.len(), |length| from + length)
}
