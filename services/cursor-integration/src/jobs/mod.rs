//! Work after the answer.

mod drive_run;
mod read_usage;
mod release_agent;

use common::events::ReportEvent;
use common::jobs::Worker;
use common::steps::{N8n, ResumeCarrier};

use crate::app::App;
use crate::store::agent_messages;

pub(crate) use drive_run::DriveRun;
pub(crate) use read_usage::ReadUsage;
pub(crate) use release_agent::ReleaseAgent;

/// Everything this service does in the background.
pub fn worker(app: &App) -> Worker {
    let n8n = N8n::new(app.db.clone(), app.clock.clone(), app.config.shared.n8n_url.clone());
    Worker::new(app.db.clone(), app.clock.clone())
        .listening_at(app.config.shared.database_direct_url.clone())
        .keep(app.config.shared.keep_jobs)
        .prune("agent_messages", app.config.runs.keep_transcripts, |db, before| async move {
            agent_messages::prune(&mut *db.acquire().await?, before).await
        })
        .register::<DriveRun>(app.clone())
        .register::<ReadUsage>(app.clone())
        .register::<ReleaseAgent>(app.clone())
        .register::<ReportEvent>(app.dashboard.clone())
        .register::<ResumeCarrier>(n8n)
}
