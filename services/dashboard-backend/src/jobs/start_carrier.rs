//! Starts a workflow execution for a project, and does not believe it until the execution has registered.

use std::time::Duration;

use common::ids::ProjectId;
use common::jobs::{self, Attempt, Job, JobError};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::app::App;
use crate::carriers::n8n::{Alive, Triggered};
use crate::store::projects::ProjectRow;
use crate::store::{executions, projects};

/// How long an execution that n8n accepted may take to register before another is started.
const PATIENCE: time::Duration = time::Duration::seconds(20);
/// How often to look for the registration.
const LOOK: Duration = Duration::from_secs(1);

/// Starts an execution unless one is at work.
#[derive(Debug, Serialize, Deserialize)]
pub struct StartCarrier {
    /// For which project.
    pub project_id: ProjectId,
}

/// Has an execution started after the commit. Without effect while one is alive.
pub async fn enqueue(conn: &mut PgConnection, project: &ProjectRow, now: OffsetDateTime) -> common::Result<()> {
    jobs::enqueue(conn, &StartCarrier { project_id: project.id }, now).await?;
    Ok(())
}

impl Job for StartCarrier {
    const QUEUE: &'static str = "dashboard-backend.start_carrier";
    // n8n may be down for hours.
    const MAX_ATTEMPTS: i32 = 200;
    type Context = App;

    fn key(&self) -> Option<String> {
        Some(self.project_id.to_string())
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let mut conn = app.db.acquire().await?;
        let Some(project) =
            projects::find(&mut conn, self.project_id).await?.filter(|project| project.life().needs_carrier())
        else {
            return Ok(()); // over, failed or paused since
        };
        if executions::find_alive(&mut conn, project.id).await?.is_some() {
            return Ok(()); // registered: that is the proof
        }
        drop(conn);
        let now = app.clock.now();
        let waiting = project.carrier_triggered_epoch == Some(project.epoch)
            && project.carrier_triggered_at.is_some_and(|at| now - at < PATIENCE);
        if waiting && !self.is_dead(app, &project).await {
            return Err(JobError::Again(LOOK));
        }
        match app.n8n.trigger_project(project.id).await {
            Triggered::Accepted { execution_id } => {
                tracing::info!(project.id = %project.id, execution.id = execution_id, "n8n accepted the trigger; waiting for the execution to register");
                let mut conn = app.db.acquire().await?;
                projects::update_trigger(&mut conn, project.id, &execution_id, project.epoch, now).await?;
                Err(JobError::Again(LOOK))
            }
            Triggered::NotYet(why) => Err(JobError::retry_after(
                anyhow::anyhow!("n8n did not start the workflow: {why}"),
                Duration::from_secs(2),
            )),
        }
    }
}

impl StartCarrier {
    /// Whether n8n says that the execution it accepted came to nothing. One that ended in success without registering was told to by our
    /// own answer, or never reached us: either way it will not register.
    async fn is_dead(&self, app: &App, project: &ProjectRow) -> bool {
        let Some(execution) = &project.carrier_execution_id else { return false };
        matches!(app.n8n.look(execution).await, Alive::Over { .. } | Alive::Gone)
    }
}
