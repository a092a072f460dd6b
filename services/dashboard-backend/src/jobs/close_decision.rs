//! Tells every channel that a decision is over.

use common::clients::notification::DecisionClosed;
use common::ids::DecisionId;
use common::jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::store::decisions;

/// Has the messages of a decision edited and its links voided.
#[derive(Debug, Serialize, Deserialize)]
pub struct CloseDecision {
    /// Which.
    pub decision_id: DecisionId,
}

impl Job for CloseDecision {
    const QUEUE: &'static str = "dashboard-backend.close_decision";
    const MAX_ATTEMPTS: i32 = 60;
    type Context = App;

    fn key(&self) -> Option<String> {
        Some(self.decision_id.to_string())
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let mut conn = app.db.acquire().await?;
        let Some(row) = decisions::find(&mut conn, self.decision_id).await? else { return Ok(()) };
        drop(conn);
        let closed = DecisionClosed { decision: row.into() };
        app.notification.decision_closed(self.decision_id, &closed).await.map_err(JobError::from_call)
    }
}
