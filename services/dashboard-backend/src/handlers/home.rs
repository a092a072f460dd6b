//! The home page.

use axum::extract::State;
use common::Result;
use common::auth::{Caller, Viewer};
use common::clients::dashboard::Decision;
use common::error::Problem;
use common::http::Json;
use sqlx::PgConnection;
use time::Time;

use crate::app::App;
use crate::lifecycle::Status;
use crate::projects;
use crate::store::decisions::DecisionFilter;
use crate::store::projects::ProjectFilter;
use crate::store::{decisions, metrics};
use crate::views::home::{Counts, Home};
use crate::views::projects::ProjectSummary;

const RUNNING: [Status; 8] = [
    Status::Received,
    Status::Analyzing,
    Status::Planning,
    Status::AwaitingApproval,
    Status::Building,
    Status::Testing,
    Status::Reviewing,
    Status::Releasing,
];
const HELD: [Status; 2] = [Status::Paused, Status::BudgetHold];

/// What needs you, what is at work, what went wrong, what is done.
#[utoipa::path(get, path = "/api/v1/home", tag = "home", responses(
    (status = 200, body = Home), (status = 304, description = "Nothing changed since the `ETag` in `If-None-Match`"), (status = 401, body = Problem)))]
pub async fn get_home(State(app): State<App>, _caller: Caller<Viewer>) -> Result<Json<Home>> {
    let midnight = app.clock.now().replace_time(Time::MIDNIGHT);
    let first = midnight.replace_day(1)?;
    let mut conn = app.db.acquire().await?;
    let pending =
        DecisionFilter { status: Some("pending".to_owned()), oldest_first: true, ..DecisionFilter::default() };
    let needs_you = decisions::list(&mut conn, &pending, 20).await?.into_iter().map(Decision::from).collect();
    Ok(Json(Home {
        counts: counts(&mut conn).await?,
        needs_you,
        running: with(&mut conn, &[RUNNING.as_slice(), HELD.as_slice()].concat(), 20).await?,
        failed: with(&mut conn, &[Status::Failed], 20).await?,
        finished: with(&mut conn, &[Status::Completed, Status::Rejected, Status::Cancelled], 6).await?,
        today: metrics::spend_since(&mut conn, midnight).await?,
        month: metrics::spend_since(&mut conn, first).await?,
    }))
}

async fn with(conn: &mut PgConnection, statuses: &[Status], limit: i64) -> Result<Vec<ProjectSummary>> {
    let filter = ProjectFilter { statuses: statuses.to_vec(), ..ProjectFilter::default() };
    let rows = crate::store::projects::list(conn, &filter, limit).await?;
    projects::summaries(conn, rows).await
}

async fn counts(conn: &mut PgConnection) -> Result<Counts> {
    let mut counts = Counts { pending_decisions: decisions::count_all_pending(conn).await?, ..Counts::default() };
    for (status, number) in crate::store::projects::count_by_status(conn).await? {
        counts.total += number;
        match status {
            status if RUNNING.contains(&status) => counts.running += number,
            status if HELD.contains(&status) => counts.held += number,
            Status::Failed => counts.failed += number,
            Status::Completed => counts.completed += number,
            _ => {}
        }
    }
    Ok(counts)
}
