//! Waking a workflow that waits. A 200 from n8n proves nothing: only the workflow's own next call does.

use std::time::Duration;

use http::Method;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use url::Url;

use super::store;
use crate::clock::Clock;
use crate::http::client::{CallError, Client};
use crate::ids::ProjectId;
use crate::jobs::{Attempt, Job, JobError};

/// What the resume job needs.
#[derive(Clone)]
pub struct N8n {
    /// Our database.
    pub db: PgPool,
    /// The time.
    pub clock: Clock,
    /// n8n as we reach it; the host in a resume URL is ignored.
    pub base_url: Url,
    client: Client,
}

impl N8n {
    /// For n8n at `base_url`.
    pub fn new(db: PgPool, clock: Clock, base_url: Url) -> Self {
        Self { db, clock, base_url, client: Client::with_timeout("n8n", Duration::from_secs(10)) }
    }
}

/// Wakes the workflow that waits for a step, until that workflow has asked again.
#[derive(Debug, Serialize, Deserialize)]
pub struct ResumeCarrier {
    /// The project.
    pub project_id: ProjectId,
    /// The step.
    pub step: String,
    /// Its round.
    pub iteration: i32,
}

/// How long after an accepted resume the workflow may take to ask again before we look once more.
const ACKNOWLEDGE: Duration = Duration::from_secs(3);
/// An answer that nobody fetched for so long has lost its carrier, whatever n8n says.
const LOST_AFTER: time::Duration = time::Duration::seconds(60);

impl Job for ResumeCarrier {
    const QUEUE: &'static str = "steps.resume";
    const MAX_ATTEMPTS: i32 = 40;
    type Context = N8n;

    fn key(&self) -> Option<String> {
        Some(format!("{}/{}/{}", self.project_id, self.step, self.iteration))
    }

    async fn run(&self, n8n: &N8n, attempt: Attempt) -> Result<(), JobError> {
        let mut conn = n8n.db.acquire().await?;
        let record = store::find(&mut conn, self.project_id, &self.step, self.iteration).await?;
        drop(conn);
        let Some(record) = record else { return Ok(()) };
        let Some(path) =
            record.resume_url.as_deref().filter(|_| record.acknowledged_at.is_none() && record.state != "pending")
        else {
            return Ok(()); // fetched, or nobody waits, or the work went on
        };
        if record.finished_at.is_some_and(|at| n8n.clock.now() - at > LOST_AFTER) {
            return self.lost(n8n, "nobody asked again").await;
        }
        match call(n8n, path).await {
            Outcome::Accepted if record.finished_at.is_none() => Ok(()), // a held step: it asks again or times out and asks
            Outcome::Accepted => Err(JobError::Again(ACKNOWLEDGE)),
            // Not at its Wait node yet, or woken and busy: both pass within moments.
            Outcome::Busy => Err(JobError::Again(Duration::from_millis(100 << attempt.looks.clamp(0, 5)))),
            Outcome::Lost(why) => self.lost(n8n, &why).await,
            Outcome::NotNow(error) => Err(JobError::retry_after(error, Duration::from_secs(2))),
        }
    }
}

impl ResumeCarrier {
    /// Leaves a mark for the reconciler, which starts a new execution.
    async fn lost(&self, n8n: &N8n, why: &str) -> Result<(), JobError> {
        tracing::warn!(project.id = %self.project_id, step = self.step, "the waiting workflow is gone ({why}); a new execution is needed");
        let mut conn = n8n.db.acquire().await?;
        store::carrier_lost(&mut conn, self.project_id, &self.step, self.iteration, n8n.clock.now()).await?;
        sqlx::query("SELECT pg_notify('carriers', $1)").bind(self.project_id.to_string()).execute(&mut *conn).await?;
        Ok(())
    }
}

enum Outcome {
    Accepted,
    Busy,
    Lost(String),
    NotNow(anyhow::Error),
}

/// Posts to the Wait node and reads the answer by its words (n8n 2.41): the status alone does not tell.
async fn call(n8n: &N8n, path: &str) -> Outcome {
    let url = match n8n.base_url.join(path) {
        Ok(url) if url.path().starts_with("/webhook-waiting/") => url,
        _ => return Outcome::Lost("the resume address is not one of n8n's".to_owned()),
    };
    let request = n8n.client.request(Method::POST, url).json(&serde_json::json!({}));
    let response = match n8n.client.send(request).await {
        Ok(response) => response,
        Err(error) => return Outcome::NotNow(error.into()),
    };
    let status = response.status().as_u16();
    let text = match response.text().await {
        Ok(text) => text,
        Err(source) => {
            return Outcome::NotNow(CallError::Unreachable { peer: "n8n", source: source.without_url() }.into());
        }
    };
    let message = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|body| body.get("message").and_then(|m| m.as_str()).map(str::to_owned));
    match (status, message.as_deref()) {
        (200, Some("Workflow was started")) => Outcome::Accepted,
        (409, Some(message)) if message.contains("running already") => Outcome::Busy,
        (500, Some("There was a problem executing the workflow")) => Outcome::Busy, // another resume won
        (409, Some(message)) => Outcome::Lost(message.to_owned()),
        (404, Some(message)) if message.contains("does not exist") => Outcome::Lost(message.to_owned()),
        (401, _) => Outcome::Lost("n8n does not know the signature".to_owned()),
        _ => Outcome::NotNow(anyhow::anyhow!(
            "n8n answered {status}, which does not say that the workflow was woken (it may be starting)"
        )),
    }
}
