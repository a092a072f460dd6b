//! Numbers that Prometheus reads: projects by status, decisions that wait, workflow executions, budgets.

use std::sync::LazyLock;

use common::Result;
use common::metrics::{counter, float_gauge, gauge};
use prometheus::{GaugeVec, IntCounterVec, IntGaugeVec};

use crate::app::App;
use crate::decisions::TYPES;
use crate::lifecycle::Status;
use crate::store::{budgets, decisions, executions, projects};
use crate::system::LastBackup;

static PROJECTS: LazyLock<IntGaugeVec> =
    LazyLock::new(|| gauge("dashboard_projects", "Projects by status.", &["status"]));
static DECISIONS: LazyLock<IntGaugeVec> =
    LazyLock::new(|| gauge("dashboard_decisions_pending", "Decisions that wait for people, by type.", &["type"]));
static DECISION_AGE: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauge(
        "dashboard_decision_oldest_pending_seconds",
        "Age of the oldest decision that waits for people, by type.",
        &["type"],
    )
});
static DECISION_ENDS: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauge(
        "dashboard_decisions_ended",
        "Decisions that are over, by type and how (answered, policy, expired, cancelled).",
        &["type", "end"],
    )
});
static DECISION_WAIT: LazyLock<GaugeVec> = LazyLock::new(|| {
    float_gauge(
        "dashboard_decision_wait_seconds",
        "Median time to an answer of people in the last seven days, by type; 0 when there was none.",
        &["type"],
    )
});
static EXECUTIONS: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauge(
        "dashboard_executions",
        "Workflow executions that registered with a project, by state (alive, refused, over, failed, lost, superseded).",
        &["state"],
    )
});
static BUDGET_USED: LazyLock<GaugeVec> = LazyLock::new(|| {
    float_gauge(
        "dashboard_budget_used_ratio",
        "What is spent and reserved of the budget that is nearest to its limit (1: all of it), by scope and period; 0 when there is no budget.",
        &["scope", "period"],
    )
});
static BUDGETS_NEAR: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauge(
        "dashboard_budgets_near_limit",
        "Budgets of which more is spent and reserved than their warning threshold, by scope and period.",
        &["scope", "period"],
    )
});
/// Has no value until somebody told of a backup, so that its absence says that there is none.
static LAST_BACKUP: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauge("dashboard_last_backup_timestamp_seconds", "When the newest backup was made that we were told of.", &[])
});
/// Failed executions that the error workflow reported, each once, by kind (failed, crashed, outage).
pub static WORKFLOW_ERRORS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counter(
        "dashboard_workflow_errors_total",
        "Failed executions that the error workflow reported, by kind (failed, crashed, outage).",
        &["kind"],
    )
});

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
const ENDS: [&str; 4] = ["answered", "policy", "expired", "cancelled"];
const EXECUTION_STATES: [&str; 6] = ["alive", "refused", "over", "failed", "lost", "superseded"];
const BUDGETS: [(&str, &str); 5] = [
    ("project", "project"),
    ("project", "day"),
    ("project", "month"),
    ("installation", "day"),
    ("installation", "month"),
];
/// Whose answers count for the median.
const RECENT: time::Duration = time::Duration::days(7);

/// Reads them from the database.
pub async fn refresh(app: &App) -> Result<()> {
    let now = app.clock.now();
    let mut conn = app.db.acquire().await?;
    for kind in ["failed", "crashed", "outage"] {
        WORKFLOW_ERRORS.with_label_values(&[kind]).inc_by(0);
    }
    let counts = projects::count_by_status(&mut conn).await?;
    for status in STATUSES {
        let count = counts.iter().find(|(counted, _)| *counted == status).map_or(0, |(_, count)| *count);
        PROJECTS.with_label_values(&[status.name()]).set(count);
    }
    let numbers = decisions::numbers(&mut conn, now - RECENT).await?;
    for kind in TYPES {
        let of_type = numbers.iter().find(|row| row.decision_type == kind);
        let age = of_type.and_then(|row| row.oldest_pending).map_or(0, |at| (now - at).whole_seconds());
        DECISIONS.with_label_values(&[kind]).set(of_type.map_or(0, |row| row.pending));
        DECISION_AGE.with_label_values(&[kind]).set(age);
        DECISION_WAIT.with_label_values(&[kind]).set(of_type.and_then(|row| row.median_wait_seconds).unwrap_or(0.0));
        let ends = of_type.map_or([0; 4], |row| [row.answered, row.by_policy, row.expired, row.cancelled]);
        for (end, count) in ENDS.iter().zip(ends) {
            DECISION_ENDS.with_label_values(&[kind, end]).set(count);
        }
    }
    let counts = executions::count_by_state(&mut conn).await?;
    for state in EXECUTION_STATES {
        let count = counts.iter().find(|(counted, _)| counted == state).map_or(0, |(_, count)| *count);
        EXECUTIONS.with_label_values(&[state]).set(count);
    }
    let used = budgets::used(&mut conn, now).await?;
    for (scope, period) in BUDGETS {
        let budget = used.iter().find(|row| row.scope == scope && row.period == period);
        BUDGET_USED.with_label_values(&[scope, period]).set(budget.map_or(0.0, |row| row.used_ratio));
        BUDGETS_NEAR.with_label_values(&[scope, period]).set(budget.map_or(0, |row| row.near_limit));
    }
    if let Some(backup) = LastBackup::find(&mut conn).await? {
        LAST_BACKUP.with_label_values::<&str>(&[]).set(backup.created_at.unix_timestamp());
    }
    Ok(())
}
