//! Ask n8n to take an intake, again and again, until the workflow itself says that it has.
//!
//! n8n answers 200 to everything while it starts, and may lose an execution after it accepted the call. So its answer only decides
//! how soon to ask again. Executions that are started twice find that out from dashboard-backend and end.

use std::time::Duration;

use common::ids::IntakeId;
use common::jobs::{Attempt, Job, JobError};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::app::App;
use crate::metrics;
use crate::store::intakes;

/// Calls the intake workflow until the intake is accepted.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TriggerIntake {
    pub intake_id: IntakeId,
}

/// The longest pause between two calls, and the time a started workflow gets to report.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

enum Answer {
    Started { execution_id: String },
    Refused { text: String },
    Unreachable { text: String },
}

impl Job for TriggerIntake {
    const QUEUE: &'static str = "github.trigger_intake";
    type Context = App;

    fn key(&self) -> Option<String> {
        Some(self.intake_id.to_string())
    }

    async fn run(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        let intake = intakes::find(&mut *app.db.acquire().await?, self.intake_id).await?;
        if intake.is_none_or(|intake| intake.state == "accepted") {
            return Ok(());
        }
        let answer = call(app, self.intake_id).await;
        let (label, execution_id, text, pause) = match &answer {
            Answer::Started { execution_id } => ("started", Some(execution_id.as_str()), "started", LONGEST_PAUSE),
            Answer::Refused { text } => ("refused", None, text.as_str(), pause(attempt.looks)),
            Answer::Unreachable { text } => ("unreachable", None, text.as_str(), pause(attempt.looks)),
        };
        metrics::trigger(label);
        if execution_id.is_none() && attempt.looks % 10 == 5 {
            tracing::warn!(intake.id = %self.intake_id, answer = text, "n8n does not take the intake; trying on");
        }
        intakes::update_trigger(&mut *app.db.acquire().await?, self.intake_id, execution_id, text, app.clock.now())
            .await?;
        Err(JobError::Again(pause))
    }
}

fn pause(looks: i32) -> Duration {
    let exponent = u32::try_from(looks.clamp(0, 6)).unwrap_or(0);
    (Duration::from_millis(300) * 2_u32.pow(exponent)).min(LONGEST_PAUSE)
}

async fn call(app: &App, intake_id: IntakeId) -> Answer {
    let shared = &app.config.shared;
    let url = match shared.n8n_url.join("/webhook/qp-intake") {
        Ok(url) => url,
        Err(error) => return Answer::Refused { text: format!("N8N_URL cannot be extended: {error}") },
    };
    let request = app.n8n.request(Method::POST, url).header("x-qp-token", shared.n8n_inbound_token.expose());
    let response = match app.n8n.send(request.json(&json!({"intake_id": intake_id}))).await {
        Ok(response) => response,
        Err(error) => return Answer::Unreachable { text: error.to_string() },
    };
    let status = response.status();
    match response.text().await {
        Ok(text) => read(status.as_u16(), &text),
        Err(error) => Answer::Unreachable { text: error.without_url().to_string() },
    }
}

/// Only JSON that names the execution means that one was started.
fn read(status: u16, text: &str) -> Answer {
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    let execution_id = match &body["execution_id"] {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    match execution_id {
        Some(execution_id) if (200..300).contains(&status) => Answer::Started { execution_id },
        _ => Answer::Refused { text: format!("{status}: {}", text.chars().take(200).collect::<String>()) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_execution_id_counts() {
        assert!(
            matches!(read(200, r#"{"accepted":true,"execution_id":"25"}"#), Answer::Started { execution_id } if execution_id == "25")
        );
        for (status, text) in [
            (200, "n8n is starting up. Please wait"),
            (200, "{}"),
            (404, r#"{"code":404,"message":"The requested webhook \"POST qp-intake\" is not registered."}"#),
            (403, "Authorization data is wrong!"),
            (503, r#"{"code":503,"message":"Database is not ready!"}"#),
            (500, r#"{"execution_id":"25"}"#),
        ] {
            assert!(matches!(read(status, text), Answer::Refused { .. }), "{status} {text}");
        }
    }

    #[test]
    fn pauses_grow_to_ten_seconds() {
        assert_eq!(pause(0), Duration::from_millis(300));
        assert!((0..100).map(pause).all(|p| p <= LONGEST_PAUSE));
        assert_eq!(pause(50), LONGEST_PAUSE);
    }
}
