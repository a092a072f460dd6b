//! Hands a person's answer to dashboard-backend, which rules on it.

use common::clients::dashboard::{AnswerDecision, Decision};
use common::http::client::CallError;
use common::jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use crate::answering;
use crate::app::App;
use crate::store::answers::Answer;
use crate::store::{AnswerId, answers};
use crate::wording;

/// Posts an answer. Only one of several wins; the others are told who did.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendAnswer {
    pub answer_id: AnswerId,
}

/// What dashboard-backend said.
struct Ruling {
    accepted: bool,
    text: String,
    decision: Option<Decision>,
}

impl Job for SendAnswer {
    const QUEUE: &'static str = "notification.send_answer";
    /// An answer is never given up for an outage: with pauses of up to ten minutes, for more than a day.
    const MAX_ATTEMPTS: i32 = 200;
    type Context = App;

    fn key(&self) -> Option<String> {
        Some(self.answer_id.to_string())
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let mut conn = app.db.acquire().await?;
        let Some(answer) = answers::find(&mut conn, self.answer_id).await? else { return Ok(()) };
        drop(conn);
        if answer.state != "pending" {
            return Ok(());
        }
        let request = AnswerDecision {
            user_id: answer.user_id,
            choice: answer.choice.clone(),
            comment: answer.comment.clone(),
            channel: answer.channel.clone(),
            evidence_sha: answer.evidence_sha.clone(),
        };
        let ruling = match app.dashboard.answer_decision(answer.decision_id, &request).await {
            Ok(accepted) => {
                Ruling { accepted: true, text: wording::outcome(&accepted.decision), decision: Some(accepted.decision) }
            }
            Err(error) if error.is_retryable() => return Err(JobError::from_call(error)),
            Err(error) => refusal(&answer, &error),
        };
        answering::rule(app, &answer, ruling.accepted, &ruling.text, ruling.decision.as_ref()).await?;
        Ok(())
    }
}

fn refusal(answer: &Answer, error: &CallError) -> Ruling {
    let decision = match error {
        CallError::Refused { body: Some(body), .. } => {
            serde_json::from_value::<Decision>(body.get("decision").cloned().unwrap_or_default()).ok()
        }
        _ => None,
    };
    // Our own earlier try may have counted without its answer reaching us; then this is no refusal.
    let ours = decision.as_ref().is_some_and(|decision| {
        decision.choice.as_deref() == Some(answer.choice.as_str())
            && decision.decided_by.as_ref().and_then(|by| by.id) == Some(answer.user_id)
    });
    let text = match (error.code(), &decision) {
        ("already_decided", Some(decision)) if ours => wording::outcome(decision),
        ("already_decided", Some(decision)) => format!("Already decided. {}", wording::outcome(decision)),
        ("already_decided", None) => "This is decided already.".to_owned(),
        ("not_an_approver", _) => "You are not an approver of this project, so your answer does not count.".to_owned(),
        ("decision_expired", _) => "The time to answer is over.".to_owned(),
        ("artifact_changed", _) => {
            "What you saw has changed meanwhile, so your answer does not count. A new question will follow.".to_owned()
        }
        _ => format!("Your answer was refused: {}", crate::text::one_line(&problem_detail(error), 200)),
    };
    Ruling { accepted: ours, text, decision }
}

fn problem_detail(error: &CallError) -> String {
    match error {
        CallError::Refused { detail, .. } => detail.clone(),
        other => other.to_string(),
    }
}
