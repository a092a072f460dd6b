//! What people's answers to a hold bring about.

use common::{Error, Result};
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::limits::{self, Shortfall, Unit};
use super::{Limits, hold, wording};
use crate::lifecycle::Outcome;
use crate::projects::{record, steer};
use crate::store::decisions::DecisionRow;
use crate::store::projects::ProjectRow;
use crate::store::{budgets, reservations};

/// The most that a limit can be: beyond it, sums are not exact.
pub const MOST: i64 = 1_000_000_000_000;

/// The limit that somebody wrote: `25`, `$25.50`, `2000000 tokens`. A bare number is of the unit that was asked about.
pub fn read_limit(comment: &str, asked: Unit) -> Result<(Unit, i64)> {
    let wrong = || {
        Error::unprocessable(
            "invalid_limit",
            "Write the new limit as a number, for example `25` for $25, or `2000000 tokens`",
        )
        .with_field("comment", "must be an amount in US dollars, or a number of tokens")
    };
    let text = comment.trim().to_lowercase().replace([',', '_', ' ', '\u{a0}'], "");
    let (unit, number) = if let Some(number) = text.strip_suffix("tokens").or_else(|| text.strip_suffix("token")) {
        (Unit::Tokens, number)
    } else if let Some(number) = text.strip_prefix('$').or_else(|| text.strip_suffix('$')) {
        (Unit::Cents, number)
    } else if let Some(number) = ["dollars", "dollar", "usd"].iter().find_map(|word| text.strip_suffix(word)) {
        (Unit::Cents, number)
    } else {
        (asked, text.as_str())
    };
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(wrong());
    }
    let value: f64 = number.parse().map_err(|_| wrong())?;
    #[expect(clippy::cast_possible_truncation, reason = "checked against the most that a limit can be")]
    let limit = match unit {
        Unit::Cents => (value * 100.0).round() as i64,
        Unit::Tokens => value.round() as i64,
    };
    if (1..=MOST).contains(&limit) { Ok((unit, limit)) } else { Err(wrong()) }
}

/// Refuses an answer that says nothing.
pub fn check(row: &DecisionRow, choice: &str, comment: Option<&str>) -> Result<()> {
    if choice != "change" {
        return Ok(());
    }
    let asked = limits_of(&row.context).first().map_or(Unit::Cents, |short| short.unit);
    read_limit(comment.unwrap_or_default(), asked).map(drop)
}

/// Approve raises every limit as the question said, change sets the first of them, stop ends the project. Then it is looked at again: the work
/// goes on if it fits now, and else there is a new question.
pub async fn act(
    conn: &mut PgConnection,
    project: &mut ProjectRow,
    row: &DecisionRow,
    (choice, comment): (&str, Option<&str>),
    by: &str,
    now: OffsetDateTime,
) -> Result<()> {
    if project.life().is_over() {
        return Ok(());
    }
    let asked = limits_of(&row.context);
    match (choice, asked.first()) {
        ("stop", _) => {
            let why = format!("{by} stopped it at its budget");
            return steer::close(conn, project, Outcome::Cancelled, Some(&why), now).await;
        }
        ("approve", _) => {
            reservations::lock_all(conn).await?;
            for short in &asked {
                set(conn, project, short, Change::RaiseTo(short.unit, short.raised_to), by, now).await?;
            }
        }
        ("change", Some(first)) => {
            let (unit, limit) = read_limit(comment.unwrap_or_default(), first.unit)?;
            reservations::lock_all(conn).await?;
            set(conn, project, first, Change::Set(unit, limit), by, now).await?;
        }
        _ => {}
    }
    hold::review(conn, project, now).await
}

/// What to do with a limit.
#[derive(Clone, Copy)]
enum Change {
    /// Unless it is higher by now.
    RaiseTo(Unit, i64),
    /// Whatever it is.
    Set(Unit, i64),
}

#[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
async fn set(
    conn: &mut PgConnection,
    project: &ProjectRow,
    short: &Shortfall,
    change: Change,
    by: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let (owner, Some(row)) = limits::source(conn, project.id, short).await? else {
        return Ok(()); // removed since it was asked: nothing limits any more
    };
    let before = Limits::of(&row);
    let (unit, limit) = match change {
        Change::RaiseTo(unit, limit) => match before.get(unit) {
            Some(present) if present < limit => (unit, limit),
            _ => return Ok(()),
        },
        Change::Set(unit, limit) => (unit, limit),
    };
    budgets::upsert(conn, owner, short.period, before.with(unit, limit), now).await?;
    let summary =
        format!("{by} set {} to {}", wording::name(short.shared, short.period), wording::amount(unit, limit as f64));
    let data = json!({"period": short.period, "unit": unit, "before": before.get(unit), "limit": limit});
    record::project(conn, project.id, "budget.changed", by, summary, data, now).await
}

/// The limits that a question was about.
fn limits_of(context: &Value) -> Vec<Shortfall> {
    context.get("limits").and_then(|limits| serde_json::from_value(limits.clone()).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_read_as_people_write_it() {
        for (text, unit, limit) in [
            ("25", Unit::Cents, 2_500),
            (" $1,234.5 ", Unit::Cents, 123_450),
            ("30 USD", Unit::Cents, 3_000),
            ("0.01", Unit::Cents, 1),
            ("2 000 000 tokens", Unit::Tokens, 2_000_000),
        ] {
            assert_eq!(read_limit(text, Unit::Cents).unwrap(), (unit, limit), "{text}");
        }
        assert_eq!(read_limit("5000", Unit::Tokens).unwrap(), (Unit::Tokens, 5_000), "of what was asked about");
        for text in ["", "more", "-5", "0", "0.001", "1e9", "5 and then some", "1.2.3", "99999999999999999", "$"] {
            assert_eq!(read_limit(text, Unit::Cents).unwrap_err().code(), "invalid_limit", "{text}");
        }
    }
}
