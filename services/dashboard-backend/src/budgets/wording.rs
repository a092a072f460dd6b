//! Money, tokens and budgets in words.

use super::limits::{Shortfall, Unit};
use super::{Limits, Period};

/// `$1,234.50`.
pub fn dollars(cents: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "amounts are far below 2^53")]
    let cents = cents.max(0.0).round() as i64;
    format!("${}.{:02}", grouped(cents / 100), cents % 100)
}

/// `1,200,000 tokens`.
pub fn tokens(count: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "token counts are far below 2^53")]
    let count = count.max(0.0).round() as i64;
    format!("{} tokens", grouped(count))
}

/// An amount of a unit.
pub fn amount(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Cents => dollars(value),
        Unit::Tokens => tokens(value),
    }
}

/// Which budget: `the project's budget for a day`.
pub fn name(shared: bool, period: Period) -> &'static str {
    match (period, shared) {
        (Period::Run, _) => "the limit for one run",
        (Period::Stage, _) => "the budget for a stage",
        (Period::Project, _) => "the project's budget",
        (Period::Day, false) => "the project's budget for a day",
        (Period::Day, true) => "the installation's budget for a day",
        (Period::Month, false) => "the project's budget for a month",
        (Period::Month, true) => "the installation's budget for a month",
    }
}

/// What a budget allows: `$5.00 and 1,000,000 tokens`.
#[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
pub fn limits(allowed: Limits) -> String {
    let money = allowed.cents.map(|cents| dollars(cents as f64));
    let count = allowed.tokens.map(|count| tokens(count as f64));
    [money, count].into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// How far one is used and what is missing.
pub fn shortfall(short: &Shortfall) -> String {
    #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
    let limit = short.limit as f64;
    let say = |value: f64| amount(short.unit, value);
    let name = name(short.shared, short.period);
    if short.period == Period::Run {
        return format!("{name} is {}", say(limit));
    }
    format!(
        "{name} is {}: {} spent, {} reserved for runs under way, {} missing",
        say(limit),
        say(short.spent),
        say(short.reserved),
        say(short.needed - limit)
    )
}

fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_well() {
        assert_eq!(dollars(123_450.4), "$1,234.50");
        assert_eq!(dollars(7.0), "$0.07");
        assert_eq!(tokens(1_200_000.0), "1,200,000 tokens");
        assert_eq!(tokens(999.0), "999 tokens");
    }
}
