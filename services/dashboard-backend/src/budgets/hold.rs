//! The hold: put on when work does not fit, lifted when all that waits does. Whoever changes something that counts only has to ask for a review.

use common::ids::ProjectId;
use common::{Result, steps};
use serde_json::json;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use super::ask;
use super::limits::{self, Shortfall};
use crate::app::App;
use crate::decisions;
use crate::jobs::start_carrier;
use crate::lifecycle::Input;
use crate::projects::{life, record};
use crate::store::projects::{self, ProjectRow};
use crate::store::reservations::{self, ReservationRow, State};
use crate::store::{budgets, decisions as questions};

/// After its deadline a run may still have to be stopped and accounted for.
const GRACE: Duration = Duration::hours(1);

/// Until when a reservation lasts without word of its run.
pub(super) fn lasts(row: &ReservationRow, now: OffsetDateTime) -> OffsetDateTime {
    now + Duration::seconds(row.deadline_seconds) + GRACE
}

/// Brings a locked project in line with its budgets. What waits gets its money if there is room, in the order in which it was asked for; the
/// hold and its question go with the last of it. What does not fit puts the hold on, and there is always exactly one question about it.
pub async fn review(conn: &mut PgConnection, project: &mut ProjectRow, now: OffsetDateTime) -> Result<()> {
    if project.life().is_over() || project.failed {
        return Ok(());
    }
    let limits = budgets::list_holding(conn, project.id).await?;
    if !limits.is_empty() {
        reservations::lock_all(conn).await?;
    }
    for row in reservations::list_held(conn, project.id).await? {
        let missing = limits::shortfalls(conn, &limits, &row, now).await?;
        if !missing.is_empty() {
            return hold(conn, project, &row, &missing, now).await;
        }
        let open = ReservationRow {
            state: State::Open,
            open_cents: row.estimate_cents,
            open_tokens: row.estimate_tokens,
            expires_at: lasts(&row, now),
            ..row
        };
        reservations::update(conn, &open).await?;
    }
    if project.budget_hold { lift(conn, project, now).await } else { Ok(()) }
}

async fn hold(
    conn: &mut PgConnection,
    project: &mut ProjectRow,
    row: &ReservationRow,
    missing: &[Shortfall],
    now: OffsetDateTime,
) -> Result<()> {
    if !project.budget_hold {
        life::apply(conn, project, Input::HoldBudget, Some(&ask::reason(row, missing)), now).await?;
    }
    if questions::find_own_pending(conn, project.id, "budget").await?.is_none() {
        ask::ask(conn, project, row, missing, now).await?;
    }
    Ok(())
}

async fn lift(conn: &mut PgConnection, project: &mut ProjectRow, now: OffsetDateTime) -> Result<()> {
    life::apply(conn, project, Input::ReleaseBudget, None, now).await?;
    decisions::withdraw(conn, project, Some("budget"), "the work fits the budget by now", now).await?;
    if !project.paused {
        steps::release_held(conn, project.id, now).await?;
    }
    // Without effect when the execution that was at work still waits.
    start_carrier::enqueue(conn, project, now).await?;
    let summary = "There is money again: the work goes on";
    record::project(conn, project.id, "budget.released", "system", summary, json!({}), now).await
}

/// Closes reservations that nobody speaks of any more, and looks again at every project that waits: a day has passed, a run took less than was
/// thought, a limit was raised.
pub async fn look(app: &App) -> Result<()> {
    let now = app.clock.now();
    let mut conn = app.db.acquire().await?;
    let closed = reservations::close_overdue(&mut conn, now).await?;
    if closed > 0 {
        tracing::warn!(closed, "closed reservations of runs that nobody spoke of for too long");
    }
    let waiting = projects::list_held_by_budget(&mut conn).await?;
    drop(conn);
    for id in waiting {
        if let Err(error) = look_at(app, id, now).await {
            tracing::warn!(project.id = %id, error = %format!("{:#}", error.into_anyhow()), "cannot look now whether the project's work fits its budget");
        }
    }
    Ok(())
}

async fn look_at(app: &App, id: ProjectId, now: OffsetDateTime) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let mut project = crate::projects::lock(&mut tx, id).await?;
    if project.budget_hold {
        review(&mut tx, &mut project, now).await?;
        tx.commit().await?;
    }
    Ok(())
}
