//! Questions to people: asked once per step, answered once, whatever the channel.

mod answer;
mod ask;
mod detail;
pub mod expiry;
mod short_id;

use common::clients::dashboard::Decision;
use common::ids::DecisionId;
use common::{Error, Result, jobs, steps};
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::jobs::close_decision::CloseDecision;
use crate::lifecycle::Input;
use crate::projects::life;
use crate::store::decisions::{self, DecisionRow, Verdict};
use crate::store::projects::ProjectRow;

pub use answer::{Answer, answer};
pub use ask::{Question, ask, request_approval};
pub use detail::detail;

/// The kinds there are.
pub const TYPES: [&str; 6] = ["plan", "merge", "release", "stuck", "error", "budget"];

/// The decision, or 404.
pub async fn find(conn: &mut PgConnection, id: DecisionId) -> Result<DecisionRow> {
    decisions::find(conn, id).await?.ok_or_else(|| unknown(id))
}

fn unknown(id: DecisionId) -> Error {
    Error::not_found("no_such_decision", format!("There is no decision `{id}`"))
}

/// How a decision ends.
#[derive(Clone, Debug)]
struct Ending<'a> {
    status: &'a str,
    choice: &'a str,
    comment: Option<&'a str>,
    by: Option<(&'a str, Option<common::ids::UserId>)>,
    channel: &'a str,
    auto: bool,
}

/// What the workflow gets as the result of its long step.
fn result_of(id: DecisionId, ending: &Ending<'_>, now: OffsetDateTime) -> Value {
    json!({
        "decision_id": id,
        "choice": ending.choice,
        "comment": ending.comment,
        "decided_by": ending.by.map(|(name, id)| json!({"id": id, "name": name})),
        "decided_at": now.format(&Rfc3339).unwrap_or_default(),
        "channel": ending.channel,
        "auto": ending.auto,
    })
}

/// Closes a pending decision in the caller's transaction: the row, the step's result with the waking of the workflow, the word to every
/// channel that asked, and the project's status. The decision's and the project's rows are locked by the caller.
async fn close(
    conn: &mut PgConnection,
    project: &mut ProjectRow,
    row: &DecisionRow,
    ending: &Ending<'_>,
    now: OffsetDateTime,
) -> Result<Decision> {
    let result = result_of(row.id, ending, now);
    let verdict = Verdict {
        status: ending.status,
        choice: ending.choice,
        comment: ending.comment,
        decided_by: ending.by.map(|(name, _)| name),
        decided_by_id: ending.by.and_then(|(_, id)| id),
        channel: ending.channel,
        auto: ending.auto,
        result: &result,
    };
    if !decisions::close(conn, row.id, &verdict, now).await? {
        return Err(Error::conflict("already_decided", "The decision is closed"));
    }
    if let (Some(step), Some(iteration)) = (&row.step, row.iteration) {
        steps::finish_long(conn, row.project_id, step, iteration, &result, now).await?;
    }
    jobs::enqueue(conn, &CloseDecision { decision_id: row.id }, now).await?;
    if !project.life().is_over() {
        let pending = u32::try_from(decisions::count_pending(conn, row.project_id).await?).unwrap_or(u32::MAX);
        let reason = project.status_reason.clone();
        life::apply(conn, project, Input::Close { pending }, reason.as_deref(), now).await?;
    }
    Ok(find(conn, row.id).await?.into())
}

/// Closes pending decisions that no longer matter; of one type, or all.
pub async fn withdraw(
    conn: &mut PgConnection,
    project: &mut ProjectRow,
    decision_type: Option<&str>,
    why: &str,
    now: OffsetDateTime,
) -> Result<()> {
    for row in decisions::list_pending(conn, project.id).await? {
        if decision_type.is_none_or(|wanted| wanted == row.decision_type) {
            let ending = Ending {
                status: "cancelled",
                choice: "cancelled",
                comment: Some(why),
                by: None,
                channel: "system",
                auto: false,
            };
            close(conn, project, &row, &ending, now).await?;
        }
    }
    Ok(())
}
