//! Brings a run one step further, again and again, until it has ended.

use common::ids::AgentRunId;
use common::jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use crate::agents::run;
use crate::app::App;

/// The whole state is in the row: whoever takes this job after a crash goes on where the last one wrote.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DriveRun {
    pub run_id: AgentRunId,
}

impl Job for DriveRun {
    const QUEUE: &'static str = "cursor.drive_run";
    /// A run ends by its deadline, not by counting; only our own database can make this job fail.
    const MAX_ATTEMPTS: i32 = 100_000;
    type Context = App;

    fn key(&self) -> Option<String> {
        Some(self.run_id.to_string())
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        match run::drive(app, self.run_id).await? {
            Some(wait) => Err(JobError::Again(wait)),
            None => Ok(()),
        }
    }
}
