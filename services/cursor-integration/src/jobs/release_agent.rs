//! Tells the backend that an agent is not needed any more: it stops counting against the account's limit.

use common::jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use crate::agents::backend::BackendError;
use crate::app::App;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReleaseAgent {
    pub agent_id: String,
}

impl Job for ReleaseAgent {
    const QUEUE: &'static str = "cursor.release_agent";
    const MAX_ATTEMPTS: i32 = 8;
    type Context = App;

    fn key(&self) -> Option<String> {
        Some(self.agent_id.clone())
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        match app.backend.release(&self.agent_id).await {
            Ok(()) | Err(BackendError::NotFound) => Ok(()),
            Err(error) => match error.wait() {
                Some(wait) => Err(JobError::Again(wait)),
                None => Err(JobError::retry(error)),
            },
        }
    }
}
