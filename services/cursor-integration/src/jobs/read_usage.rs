//! Reads again what an agent took: tokens are there at the end of a run, the cost is settled later.

use common::clients::dashboard::EventReport;
use common::events::ReportEvent;
use common::ids::AgentRunId;
use common::jobs::{self, Attempt, Job, JobError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::SERVICE;
use crate::agents::backend::BackendError;
use crate::app::App;
use crate::store::agent_runs::State;
use crate::store::{agent_runs, token_usage};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReadUsage {
    pub run_id: AgentRunId,
    pub agent_id: String,
    /// Which of the settled delays comes next; the last one is final.
    pub round: usize,
}

impl Job for ReadUsage {
    const QUEUE: &'static str = "cursor.read_usage";
    const MAX_ATTEMPTS: i32 = 8;
    type Context = App;

    fn key(&self) -> Option<String> {
        Some(format!("{}/{}", self.run_id, self.agent_id))
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let reading = match app.backend.usage(&self.agent_id).await {
            Ok(reading) => reading,
            Err(BackendError::NotFound) => return Ok(()),
            Err(error) => {
                return Err(error.wait().map_or_else(|| JobError::retry(error), JobError::Again));
            }
        };
        let now = app.clock.now();
        let next = app.config.runs.usage.get(self.round + 1);
        let mut tx = app.db.begin().await?;
        let Some(run) = agent_runs::find(&mut tx, self.run_id).await? else { return Ok(()) };
        let last = reading.settled || next.is_none();
        let agent = (app.backend.name(), self.agent_id.as_str());
        token_usage::record(&mut tx, (run.id, run.project_id), agent, &reading.usage, last, now).await?;
        match next {
            Some(delay) if !last => {
                let again = Self { run_id: self.run_id, agent_id: self.agent_id.clone(), round: self.round + 1 };
                jobs::enqueue_at(&mut tx, &again, now + *delay, now).await?;
            }
            _ => {
                let usage = token_usage::of_run(&mut tx, run.id).await?;
                let told_all = run.state == State::Finished && token_usage::is_final(&mut tx, run.id).await?;
                let event = EventReport {
                    key: format!("agent_run/{}/usage/{}", run.id, self.agent_id),
                    project_id: run.project_id,
                    kind: "agent_run.usage".to_owned(),
                    actor: SERVICE.to_owned(),
                    summary: format!("{} tokens for `{}`", usage.total_tokens, run.task().as_str()),
                    data: json!({"run_id": run.id, "role": run.role(), "task": run.task(), "usage": usage, "usage_final": told_all}),
                    occurred_at: now,
                };
                jobs::enqueue(&mut tx, &ReportEvent(event), now).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}
