//! Telling dashboard-backend what happened: one job in the transaction in which it happened.

use serde::{Deserialize, Serialize};

use crate::clients::dashboard::{DashboardClient, EventReport};
use crate::jobs::{Attempt, Job, JobError};

/// The channel on which dashboard-backend says that something of a project changed.
pub const CHANGED_CHANNEL: &str = "qp:events:changed";

/// Posts an event to dashboard-backend, which keeps each `key` once. Register it with a `DashboardClient`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReportEvent(pub EventReport);

impl Job for ReportEvent {
    const QUEUE: &'static str = "events.report";
    const MAX_ATTEMPTS: i32 = 30;
    type Context = DashboardClient;

    async fn run(&self, dashboard: &DashboardClient, _attempt: Attempt) -> Result<(), JobError> {
        dashboard.report_event(&self.0).await.map_err(JobError::from_call)
    }
}
