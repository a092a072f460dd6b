//! When an execution ends badly: another try, and after three at the same place a question to people.

use common::ids::DecisionId;
use common::{Result, jobs};
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::decisions::{self, Question};
use crate::jobs::start_carrier::StartCarrier;
use crate::lifecycle::Input;
use crate::projects::{life, record};
use crate::store::decisions::DecisionRow;
use crate::store::projects::{self, ProjectRow};

/// Executions in a row that may fail at the same node.
const TRIES: i32 = 3;

/// Another execution failed at `node`. Starts the next one, a little later each time, or asks people. The project is locked.
pub async fn failed_at(
    conn: &mut PgConnection,
    project: &mut ProjectRow,
    node: &str,
    message: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let tries = projects::count_carrier_failure(conn, project.id, node).await?;
    if tries >= TRIES {
        return give_up(conn, project, &format!("“{node}” failed {tries} times in a row"), message, now).await;
    }
    let pause = time::Duration::seconds(i64::from(tries) * 2);
    jobs::enqueue_at(conn, &StartCarrier { project_id: project.id }, now + pause, now).await?;
    Ok(())
}

/// Marks the project as failed and asks people: retry, skip or stop.
pub async fn give_up(
    conn: &mut PgConnection,
    project: &mut ProjectRow,
    reason: &str,
    detail: &str,
    now: OffsetDateTime,
) -> Result<()> {
    life::apply(conn, project, Input::Fail, Some(reason), now).await?;
    ask(conn, project, reason, detail, now).await?;
    record::project(conn, project.id, "project.failed", "system", reason, json!({"detail": detail}), now).await
}

/// The question again, when nobody answered in time.
pub async fn ask_again(
    conn: &mut PgConnection,
    project: &mut ProjectRow,
    before: &DecisionRow,
    now: OffsetDateTime,
) -> Result<()> {
    let reason = project.status_reason.clone().unwrap_or_else(|| before.title.clone());
    ask(conn, project, &reason, &before.summary, now).await
}

async fn ask(
    conn: &mut PgConnection,
    project: &mut ProjectRow,
    reason: &str,
    detail: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let mut options = vec!["retry".to_owned(), "stop".to_owned()];
    if project.current_milestone.is_some() {
        options.insert(1, "skip".to_owned());
    }
    let title: String = format!("{} cannot go on: {reason}", project.name).chars().take(300).collect();
    let context = json!({"stage": project.current_stage, "milestone": project.current_milestone, "reason": reason, "detail": detail});
    let question = Question {
        id: DecisionId::new(),
        decision_type: "error",
        step: None,
        title: &title,
        summary: detail,
        context: &context,
        artifact: None,
        options: &options,
        risk: "low",
    };
    decisions::ask(conn, project, question, now).await?;
    Ok(())
}
