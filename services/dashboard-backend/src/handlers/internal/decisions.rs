//! Questions of workflows, answers of notification.

use axum::extract::State;
use common::auth::ServiceCaller;
use common::clients::dashboard::{AnswerAccepted, AnswerDecision, Decision, DecisionArtifact};
use common::http::{Json, Path};
use common::ids::{DecisionId, ProjectId};
use common::steps::{BeginLong, LongAnswer, LongCall, Step};
use common::{Error, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::SERVICE;
use crate::app::App;
use crate::decisions::{self, Answer, Question};
use crate::projects::{self, record};

/// What a workflow asks.
#[derive(Debug, Deserialize)]
pub(super) struct AskDecision {
    #[serde(rename = "type")]
    decision_type: String,
    title: String,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    context: Option<Value>,
    #[serde(default)]
    artifact: Option<DecisionArtifact>,
    options: Vec<String>,
    #[serde(default)]
    risk: Option<String>,
    #[serde(flatten)]
    call: LongCall,
}

/// Ask people, or let the policy answer. A long step: 202 until there is an answer.
pub(super) async fn ask_decision(
    State(app): State<App>,
    _caller: ServiceCaller,
    Path(id): Path<ProjectId>,
    step: Step,
    Json(body): Json<AskDecision>,
) -> Result<LongAnswer> {
    step.must_be_of(id)?;
    let mut tx = match step.begin_long(&app.db, &app.clock, SERVICE, &body.call).await? {
        BeginLong::Answer(answer) => {
            if let LongAnswer::Done { .. } = &answer {
                acknowledge(&app, id, &step).await?;
            }
            return Ok(answer);
        }
        BeginLong::New(tx) => tx,
    };
    let now = app.clock.now();
    let mut project = projects::lock(&mut tx, id).await?;
    let question = Question {
        id: DecisionId(tx.id()),
        decision_type: &body.decision_type,
        step: Some((&step.name, step.iteration)),
        title: &body.title,
        summary: body.summary.as_deref().unwrap_or_default(),
        context: body.context.as_ref().unwrap_or(&Value::Null),
        artifact: body.artifact.clone(),
        options: &body.options,
        risk: body.risk.as_deref().unwrap_or("low"),
    };
    match decisions::ask(&mut tx, &mut project, question, now).await? {
        (_, Some(result)) => tx.finished(&result).await,
        (_, None) => tx.started().await,
    }
}

/// The workflow came back for the answer: that, and nothing else, proves that it arrived.
async fn acknowledge(app: &App, id: ProjectId, step: &Step) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let Some(row) = crate::store::decisions::find_by_step(&mut tx, id, &step.name, step.iteration).await? else {
        return Ok(());
    };
    if crate::store::decisions::apply(&mut tx, row.id, now).await? {
        let data = json!({"decision_id": row.id, "short_id": row.short_id, "choice": row.choice});
        record::project(
            &mut tx,
            id,
            "decision.applied",
            "workflow",
            format!("The workflow goes on with the answer to {}", row.short_id),
            data,
            now,
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// A decision as it is now.
pub(super) async fn get_decision(
    State(app): State<App>,
    _caller: ServiceCaller,
    Path(id): Path<DecisionId>,
) -> Result<Json<Decision>> {
    let mut conn = app.db.acquire().await?;
    Ok(Json(decisions::find(&mut conn, id).await?.into()))
}

/// The answer of a person who used another channel.
pub(super) async fn answer_decision(
    State(app): State<App>,
    caller: ServiceCaller,
    Path(id): Path<DecisionId>,
    Json(body): Json<AnswerDecision>,
) -> Result<Json<AnswerAccepted>> {
    // Whoever may call here speaks for people; only notification knows who pressed the button.
    if caller.issuer != "notification" {
        return Err(Error::forbidden("not_a_channel", format!("`{}` does not carry people's answers", caller.issuer)));
    }
    if !matches!(body.channel.as_str(), "telegram" | "email") {
        return Err(Error::unprocessable("invalid_channel", "The channel is not one")
            .with_field("channel", "must be `telegram` or `email`"));
    }
    let answer = Answer {
        user_id: body.user_id,
        choice: body.choice,
        comment: body.comment,
        channel: body.channel,
        evidence_sha: body.evidence_sha,
    };
    let decision = decisions::answer(&app, id, &answer).await?;
    Ok(Json(AnswerAccepted { status: "accepted".to_owned(), decision }))
}
