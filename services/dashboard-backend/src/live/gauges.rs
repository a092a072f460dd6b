//! Numbers that Prometheus reads: projects by status, decisions that wait, jobs.

use std::sync::LazyLock;

use common::Result;
use common::metrics::gauge;
use prometheus::IntGaugeVec;

use crate::app::App;
use crate::lifecycle::Status;
use crate::store::{decisions, projects};

static PROJECTS: LazyLock<IntGaugeVec> =
    LazyLock::new(|| gauge("dashboard_projects", "Projects by status.", &["status"]));
static DECISIONS: LazyLock<IntGaugeVec> =
    LazyLock::new(|| gauge("dashboard_decisions_pending", "Decisions that wait for people.", &[]));
static DECISION_AGE: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauge("dashboard_decision_oldest_pending_seconds", "Age of the oldest decision that waits for people.", &[])
});
static JOBS: LazyLock<IntGaugeVec> =
    LazyLock::new(|| gauge("jobs_waiting", "Jobs by queue and state (ready, running, dead).", &["queue", "state"]));

/// All statuses, so that one that no project has reads 0.
const STATUSES: [Status; 14] = [
    Status::Received,
    Status::Analyzing,
    Status::Planning,
    Status::AwaitingApproval,
    Status::Building,
    Status::Testing,
    Status::Reviewing,
    Status::Releasing,
    Status::Completed,
    Status::Paused,
    Status::BudgetHold,
    Status::Failed,
    Status::Rejected,
    Status::Cancelled,
];

/// Reads them from the database.
pub async fn refresh(app: &App) -> Result<()> {
    let mut conn = app.db.acquire().await?;
    let counts = projects::count_by_status(&mut conn).await?;
    for status in STATUSES {
        let count = counts.iter().find(|(counted, _)| *counted == status).map_or(0, |(_, count)| *count);
        PROJECTS.with_label_values(&[status.name()]).set(count);
    }
    let (pending, oldest) = decisions::pending_age(&mut conn).await?;
    DECISIONS.with_label_values::<&str>(&[]).set(pending);
    DECISION_AGE.with_label_values::<&str>(&[]).set(oldest.map_or(0, |at| (app.clock.now() - at).whole_seconds()));
    for depth in common::jobs::depths(&mut conn).await? {
        if depth.queue.starts_with("dashboard-backend.") {
            JOBS.with_label_values(&[&depth.queue, &depth.state]).set(depth.jobs);
        }
    }
    Ok(())
}
