//! Asking: by the workflow's step, or by ourselves when something went wrong.

use common::clients::dashboard::DecisionArtifact;
use common::ids::{DecisionId, ProjectId};
use common::{Error, Result, jobs};
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use super::{Ending, close, find, short_id};
use crate::jobs::request_approval::RequestApproval;
use crate::lifecycle::Input;
use crate::lifecycle::policy::{self, Policy};
use crate::projects::{life, record};
use crate::store::decisions::{self, DecisionRow, NewDecision};
use crate::store::projects::ProjectRow;
use crate::store::{artifacts, policies, stages};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// Its id; the work id of the step that asks.
    pub id: DecisionId,
    /// `plan`, `merge`, …
    pub decision_type: &'a str,
    /// The step that asks; none when we ask by ourselves.
    pub step: Option<(&'a str, i32)>,
    /// In one line.
    pub title: &'a str,
    /// In a few sentences.
    pub summary: &'a str,
    /// The evidence.
    pub context: &'a Value,
    /// What the answer is bound to.
    pub artifact: Option<DecisionArtifact>,
    /// What may be answered.
    pub options: &'a [String],
    /// `low` or `high`.
    pub risk: &'a str,
}

/// Writes the question down in the caller's transaction, and either lets the policy answer or asks people. Answers the result when the
/// policy did. The project is locked by the caller.
pub async fn ask(
    conn: &mut PgConnection,
    project: &mut ProjectRow,
    question: Question<'_>,
    now: OffsetDateTime,
) -> Result<(DecisionRow, Option<Value>)> {
    check(&question)?;
    let policy = policies::find(conn, project.id, question.decision_type).await?.ok_or_else(|| {
        Error::unprocessable("unknown_decision_type", format!("`{}` is not a kind of decision", question.decision_type))
    })?;
    let policy = Policy {
        auto: policy.mode == "auto",
        quorum: policy.quorum,
        expires_after: Duration::seconds(policy.expires_after_seconds.into()),
    };
    let artifact = bind(conn, project.id, question.artifact.clone()).await?;
    let new = NewDecision {
        id: question.id,
        project_id: project.id,
        stage_id: stages::find_open(conn, project.id).await?.map(|stage| stage.id),
        decision_type: question.decision_type,
        step: question.step,
        title: question.title,
        summary: question.summary,
        context: question.context,
        options: question.options,
        risk: question.risk,
        artifact: artifact.as_ref(),
        quorum: policy.quorum,
        expires_at: now + policy.expires_after,
    };
    let row = insert(conn, &new, now).await?;
    life::apply(conn, project, Input::Ask, project.status_reason.clone().as_deref(), now).await?;
    let data = json!({"decision_id": row.id, "short_id": row.short_id, "type": row.decision_type});
    if let Some(choice) = policy::answer(&policy, question.options) {
        let ending = Ending {
            status: "answered",
            choice,
            comment: None,
            by: Some(("policy", None)),
            channel: "policy",
            auto: true,
        };
        let answer = decisions::NewAnswer {
            decision_id: row.id,
            user_id: None,
            choice,
            comment: None,
            channel: "policy",
            refusal: None,
        };
        decisions::insert_answer(conn, &answer, now).await?;
        // The step's own answer carries the result, so there is no workflow to wake.
        let silent = DecisionRow { step: None, ..row.clone() };
        close(conn, project, &silent, &ending, now).await?;
        decisions::apply(conn, row.id, now).await?;
        let summary = format!("The policy answered {} with `{choice}`: {}", row.short_id, row.title);
        record::project(conn, project.id, "decision.answered", "policy", summary, data, now).await?;
        return Ok((find(conn, row.id).await?, Some(super::result_of(row.id, &ending, now))));
    }
    request_approval(conn, &row, "approval_request", now).await?;
    record::project(
        conn,
        project.id,
        "decision.asked",
        "workflow",
        format!("{} asks: {}", row.short_id, row.title),
        data,
        now,
    )
    .await?;
    Ok((row, None))
}

/// Has people asked, or reminded, in every channel.
pub async fn request_approval(
    conn: &mut PgConnection,
    row: &DecisionRow,
    kind: &str,
    now: OffsetDateTime,
) -> Result<()> {
    jobs::enqueue(conn, &RequestApproval { decision_id: row.id, kind: kind.to_owned() }, now).await?;
    Ok(())
}

async fn insert(conn: &mut PgConnection, new: &NewDecision<'_>, now: OffsetDateTime) -> Result<DecisionRow> {
    for length in [4, 4, 4, 6, 8] {
        if let Some(row) = decisions::insert(conn, new, &short_id::draw(length), now).await? {
            return Ok(row);
        }
    }
    Err(anyhow::anyhow!("five short ids in a row were taken").into())
}

fn check(question: &Question<'_>) -> Result<()> {
    let wrong = |field: &str, message: &str| {
        Err(Error::unprocessable("invalid_decision", "The question does not fit").with_field(field, message))
    };
    if question.title.trim().is_empty() || question.title.chars().count() > 300 {
        return wrong("title", "must have 1 to 300 characters");
    }
    let sound = |option: &String| {
        (1..=30).contains(&option.len()) && option.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    };
    if question.options.is_empty() || question.options.len() > 6 || !question.options.iter().all(sound) {
        return wrong("options", "must be 1 to 6 words of lower-case letters");
    }
    if !matches!(question.risk, "low" | "high") {
        return wrong("risk", "must be `low` or `high`");
    }
    Ok(())
}

/// Plans are bound to what is in our own table, not to what the caller says.
async fn bind(
    conn: &mut PgConnection,
    project: ProjectId,
    artifact: Option<DecisionArtifact>,
) -> Result<Option<DecisionArtifact>> {
    let Some(mut artifact) = artifact.filter(|artifact| !artifact.kind.is_empty()) else { return Ok(None) };
    if artifact.kind != "plan" {
        return Ok(Some(artifact));
    }
    let newest = artifacts::find_newest(conn, project, "plan").await?;
    let Some(newest) = newest.filter(|plan| artifact.sha.as_deref().is_none_or(|sha| sha == plan.sha256)) else {
        return Err(Error::conflict(
            "artifact_changed",
            "The plan to be approved is not the newest one: ask about that",
        ));
    };
    artifact.id = Some(newest.id.to_string());
    artifact.sha = Some(newest.sha256);
    Ok(Some(artifact))
}
