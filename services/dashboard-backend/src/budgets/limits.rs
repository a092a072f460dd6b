//! What holds for a project, how far it is used, and what a piece of work would lack.

use common::Result;
use common::ids::{ProjectId, StageId};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Amount, Limits, Period, Within, starts};
use crate::store::budgets::{self, BudgetRow};
use crate::store::reservations::ReservationRow;
use crate::store::{metrics, reservations};

/// Sums of fractions of a cent are not exact.
const DUST: f64 = 1e-6;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// US cents.
    Cents,
    /// Tokens.
    Tokens,
}

/// How far a budget is used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Used {
    /// What runs took.
    pub spent: Amount,
    /// What is set aside for runs under way.
    pub reserved: Amount,
}

/// A limit that a piece of work does not fit, as the question keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shortfall {
    /// Whether all projects share it.
    pub shared: bool,
    /// Of what.
    pub period: Period,
    /// What is counted.
    pub unit: Unit,
    /// The limit.
    pub limit: i64,
    /// What was spent.
    pub spent: f64,
    /// What is set aside.
    pub reserved: f64,
    /// What the limit would have to be.
    pub needed: f64,
    /// What it becomes when somebody approves.
    pub raised_to: i64,
}

/// How far a budget of a project is used now. A run's own is never used before it starts.
pub async fn used(
    conn: &mut PgConnection,
    project: Option<ProjectId>,
    stage: Option<StageId>,
    row: &BudgetRow,
    now: OffsetDateTime,
) -> Result<Used> {
    let within = match row.period {
        Period::Run => return Ok(Used::default()),
        Period::Stage if stage.is_none() => return Ok(Used::default()),
        Period::Stage => Within { project, stage, since: None },
        Period::Project => Within { project, ..Within::default() },
        Period::Day | Period::Month => {
            let project = project.filter(|_| !row.is_shared());
            Within { project, stage: None, since: starts(row.period, now) }
        }
    };
    Ok(Used {
        spent: metrics::spent_within(conn, within).await?,
        reserved: reservations::open_within(conn, within).await?,
    })
}

/// Every limit that a run does not fit. Of what all share, the caller holds the lock.
pub async fn shortfalls(
    conn: &mut PgConnection,
    rows: &[BudgetRow],
    run: &ReservationRow,
    now: OffsetDateTime,
) -> Result<Vec<Shortfall>> {
    let mut found = Vec::new();
    for row in rows {
        let used = used(conn, Some(run.project_id), run.stage_id, row, now).await?;
        found.extend(compare(row, used, run.estimate()));
    }
    Ok(found)
}

#[expect(clippy::cast_precision_loss, reason = "limits and token counts are far below 2^53")]
fn compare(row: &BudgetRow, used: Used, work: Amount) -> Vec<Shortfall> {
    let cents = (Unit::Cents, row.limit_cents, used.spent.cents, used.reserved.cents, work.cents);
    let tokens =
        (Unit::Tokens, row.limit_tokens, used.spent.tokens as f64, used.reserved.tokens as f64, work.tokens as f64);
    let lacking = |(unit, limit, spent, reserved, work): (Unit, Option<i64>, f64, f64, f64)| {
        let limit = limit?;
        let needed = spent + reserved + work;
        (needed > limit as f64 + DUST).then(|| Shortfall {
            shared: row.is_shared(),
            period: row.period,
            unit,
            limit,
            spent,
            reserved,
            needed,
            raised_to: raised(unit, limit, needed, work),
        })
    };
    [cents, tokens].into_iter().filter_map(lacking).collect()
}

/// What is needed and room for another such run, or for a fifth of the old limit if that is more; rounded up to whole dollars or thousands of tokens.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "limits are far below 2^53")]
fn raised(unit: Unit, limit: i64, needed: f64, work: f64) -> i64 {
    let step = match unit {
        Unit::Cents => 100.0,
        Unit::Tokens => 1_000.0,
    };
    let room = work.max(limit as f64 / 5.0);
    (((needed + room - DUST) / step).ceil() * step) as i64
}

impl Limits {
    /// What a row allows.
    pub fn of(row: &BudgetRow) -> Self {
        Self { cents: row.limit_cents, tokens: row.limit_tokens, warn_percent: row.warn_percent }
    }

    /// The same with another limit for a unit.
    #[must_use]
    pub fn with(self, unit: Unit, limit: i64) -> Self {
        match unit {
            Unit::Cents => Self { cents: Some(limit), ..self },
            Unit::Tokens => Self { tokens: Some(limit), ..self },
        }
    }

    /// The limit for a unit.
    pub fn get(self, unit: Unit) -> Option<i64> {
        match unit {
            Unit::Cents => self.cents,
            Unit::Tokens => self.tokens,
        }
    }
}

/// The budget that a limit came from, and where another limit for this project alone is kept: what all share is changed for all.
pub async fn source(
    conn: &mut PgConnection,
    project: ProjectId,
    short: &Shortfall,
) -> Result<(Option<ProjectId>, Option<BudgetRow>)> {
    if short.shared {
        return Ok((None, budgets::find(conn, None, short.period).await?));
    }
    let own = budgets::find(conn, Some(project), short.period).await?;
    let row = match own {
        Some(own) => Some(own),
        None => budgets::find(conn, None, short.period).await?,
    };
    Ok((Some(project), row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(cents: Option<i64>, tokens: Option<i64>) -> BudgetRow {
        BudgetRow {
            project_id: None,
            period: Period::Day,
            limit_cents: cents,
            limit_tokens: tokens,
            warn_percent: 80,
            updated_at: time::macros::datetime!(2026-03-17 12:00 UTC),
        }
    }

    fn used(cents: f64, tokens: i64) -> Used {
        Used { spent: Amount { cents, tokens }, reserved: Amount { cents: 10.0, tokens: 10 } }
    }

    #[test]
    fn the_last_cent_may_be_spent_and_no_more() {
        let work = Amount { cents: 50.0, tokens: 500 };
        assert!(compare(&budget(Some(100), Some(1_000)), used(40.0, 490), work).is_empty());
        let both = compare(&budget(Some(100), Some(1_000)), used(40.5, 491), work);
        let units: Vec<Unit> = both.iter().map(|short| short.unit).collect();
        assert_eq!(units, [Unit::Cents, Unit::Tokens]);
        assert!(compare(&budget(None, Some(1_000)), used(9_000.0, 0), work).is_empty(), "no limit in cents");
    }

    #[test]
    fn a_raise_leaves_room_for_another_run() {
        let short = compare(&budget(Some(100), None), used(60.0, 0), Amount { cents: 50.0, tokens: 0 });
        assert!((short[0].needed - 120.0).abs() < DUST);
        assert_eq!(short[0].raised_to, 200, "120 are needed, 50 are room, rounded up to whole dollars");
        assert_eq!(raised(Unit::Tokens, 1_000_000, 1_000_500.0, 500.0), 1_201_000, "a fifth of the old limit");
    }
}
