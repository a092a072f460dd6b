//! Answering: one transaction with the decision's row locked, so the first valid answer wins and every other is told.

use common::clients::dashboard::Decision;
use common::ids::{DecisionId, UserId};
use common::{Error, Result};
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Ending, close, find, unknown};
use crate::app::App;
use crate::budgets;
use crate::lifecycle::Outcome;
use crate::projects::{record, steer};
use crate::store::decisions::{DecisionRow, NewAnswer};
use crate::store::projects::ProjectRow;
use crate::store::users::UserRow;
use crate::store::{artifacts, decisions, milestones, projects, users};

/// An answer of a person.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Who.
    pub user_id: UserId,
    /// One of the options.
    pub choice: String,
    /// Why.
    pub comment: Option<String>,
    /// `dashboard`, `telegram` or `email`.
    pub channel: String,
    /// Hash of what was shown.
    pub evidence_sha: Option<String>,
}

/// Takes an answer. A refused one is kept too, with the code of the refusal.
pub async fn answer(app: &App, id: DecisionId, answer: &Answer) -> Result<Decision> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let project_id = decisions::find(&mut tx, id).await?.ok_or_else(|| unknown(id))?.project_id;
    let mut project = crate::projects::lock(&mut tx, project_id).await?;
    let row = decisions::lock(&mut tx, id).await?.ok_or_else(|| unknown(id))?;
    let comment = answer.comment.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let attempt = NewAnswer {
        decision_id: id,
        user_id: Some(answer.user_id),
        choice: &answer.choice,
        comment,
        channel: &answer.channel,
        refusal: None,
    };
    let user = match judge(&mut tx, &row, answer, comment, now).await {
        Ok(user) => user,
        Err(refusal) => {
            // Only what a known person tried is worth keeping; a stray id would break the record.
            if refusal.status().is_client_error()
                && users::find(&mut tx, answer.user_id).await?.is_some()
                && answer.choice.len() <= 30
            {
                decisions::insert_answer(&mut tx, &NewAnswer { refusal: Some(refusal.code()), ..attempt }, now).await?;
                tx.commit().await?;
            }
            return Err(refusal);
        }
    };
    decisions::insert_answer(&mut tx, &attempt, now).await?;
    let because = comment.map(|comment| format!(": {comment}")).unwrap_or_default();
    let data = json!({"decision_id": id, "short_id": row.short_id, "type": row.decision_type, "choice": answer.choice, "channel": answer.channel});
    if answer.choice == "approve" && decisions::count_approvals(&mut tx, id).await? < i64::from(row.quorum) {
        let summary = format!("{} approved {}; more people have to", user.display_name, row.short_id);
        record::project(&mut tx, project_id, "decision.supported", &user.display_name, summary, data, now).await?;
        let decision = find(&mut tx, id).await?;
        tx.commit().await?;
        return Ok(decision.into());
    }
    let ending = Ending {
        status: "answered",
        choice: &answer.choice,
        comment,
        by: Some((&user.display_name, Some(user.id))),
        channel: &answer.channel,
        auto: false,
    };
    let decision = close(&mut tx, &mut project, &row, &ending, now).await?;
    if row.step.is_none() {
        act(&mut tx, &mut project, &row, answer, &user, now).await?;
    }
    let summary = format!("{} answered {} with `{}`{because}", user.display_name, row.short_id, answer.choice);
    record::project(&mut tx, project_id, "decision.answered", &user.display_name, summary, data, now).await?;
    let decision = if row.step.is_none() { find(&mut tx, id).await?.into() } else { decision };
    tx.commit().await?;
    Ok(decision)
}

/// Whether the answer counts, and whose it is.
async fn judge(
    conn: &mut PgConnection,
    row: &DecisionRow,
    answer: &Answer,
    comment: Option<&str>,
    now: OffsetDateTime,
) -> Result<UserRow> {
    let user = users::find(conn, answer.user_id)
        .await?
        .filter(|user| !user.disabled && user.role >= common::auth::Role::Approver);
    let Some(user) = user else {
        return Err(Error::forbidden(
            "not_an_approver",
            "This account may not decide: ask an admin for the role `approver`",
        ));
    };
    match row.status.as_str() {
        "pending" if row.expires_at > now => {}
        "pending" | "expired" => {
            return Err(Error::gone(
                "decision_expired",
                format!("{} expired without an answer; it is asked again where it still matters", row.short_id),
            )
            .with_extra("decision", Decision::from(row.clone())));
        }
        "cancelled" => {
            return Err(Error::conflict(
                "already_decided",
                format!("{} was withdrawn: {}", row.short_id, row.comment.as_deref().unwrap_or("it no longer matters")),
            )
            .with_extra("decision", Decision::from(row.clone())));
        }
        _ => return Err(already_decided(row)),
    }
    if !row.options.contains(&answer.choice) {
        return Err(Error::unprocessable("invalid_choice", "That is not one of the answers")
            .with_field("choice", format!("must be one of: {}", row.options.join(", "))));
    }
    if matches!(answer.choice.as_str(), "reject" | "change") && comment.is_none() {
        return Err(Error::unprocessable("comment_required", "Say why, or what to change")
            .with_field("comment", "is needed for this answer"));
    }
    if comment.is_some_and(|comment| comment.chars().count() > 4000) {
        return Err(Error::unprocessable("comment_too_long", "The comment is too long")
            .with_field("comment", "must have 4000 characters or fewer"));
    }
    if asks_for_budget(row) {
        budgets::answer::check(row, &answer.choice, comment)?;
    }
    let shown_is_current = answer.evidence_sha.as_deref().is_none_or(|sha| row.artifact_sha.as_deref() == Some(sha));
    if !shown_is_current || !evidence_is_current(conn, row).await? {
        return Err(Error::conflict(
            "artifact_changed",
            "What is to be approved has changed since it was shown: look again",
        )
        .with_extra("decision", Decision::from(row.clone())));
    }
    Ok(user)
}

fn already_decided(row: &DecisionRow) -> Error {
    let who = row.decided_by.as_deref().unwrap_or("somebody");
    let what = row.choice.as_deref().unwrap_or("something");
    let when = row.decided_at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default();
    Error::conflict("already_decided", format!("{who} answered {} with `{what}` at {when}", row.short_id))
        .with_extra("decision", Decision::from(row.clone()))
}

/// Whether what the question is about is still what would be approved.
pub(super) async fn evidence_is_current(conn: &mut PgConnection, row: &DecisionRow) -> Result<bool> {
    match (row.artifact_kind.as_deref(), &row.artifact_sha) {
        (Some("plan"), Some(sha)) => {
            Ok(artifacts::find_newest(conn, row.project_id, "plan").await?.is_some_and(|plan| plan.sha256 == *sha))
        }
        _ => Ok(true), // a commit is checked by the merge, which names the head it expects
    }
}

/// Whether a hold asked: the answer then is about its limits.
pub(super) fn asks_for_budget(row: &DecisionRow) -> bool {
    row.step.is_none() && row.decision_type == "budget"
}

/// What an answer brings about when no workflow asked.
async fn act(
    conn: &mut PgConnection,
    project: &mut ProjectRow,
    row: &DecisionRow,
    answer: &Answer,
    user: &UserRow,
    now: OffsetDateTime,
) -> Result<()> {
    match answer.choice.as_str() {
        choice if asks_for_budget(row) => {
            let comment = answer.comment.as_deref().map(str::trim);
            budgets::answer::act(conn, project, row, (choice, comment), &user.display_name, now).await?;
        }
        "retry" | "skip" if project.failed => {
            if answer.choice == "skip"
                && let Some(key) = project.current_milestone.clone()
            {
                milestones::skip(conn, project.id, &key, now).await?;
                projects::update_milestone(conn, project.id, None).await?;
            }
            steer::retry(conn, project, &user.display_name, now).await?;
        }
        "stop" if !project.life().is_over() => {
            let why = format!("{} stopped it after a failure", user.display_name);
            steer::close(conn, project, Outcome::Cancelled, Some(&why), now).await?;
        }
        _ => {}
    }
    decisions::apply(conn, row.id, now).await?;
    Ok(())
}
