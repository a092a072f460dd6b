//! What this service does after a commit.

pub mod announce;
pub mod close_decision;
pub mod publish_revocation;
pub mod request_approval;
pub mod start_carrier;

use std::time::Duration;

use common::events::PurgeCache;
use common::jobs::Worker;
use common::steps::{N8n, ResumeCarrier};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::store::users;

/// Failed sign-ins count for minutes; a week of them is for people who look into an attack.
const KEEP_LOGIN_FAILURES: Duration = Duration::from_hours(24 * 7);

/// The worker of this service's queues.
pub fn worker(app: &App) -> Worker {
    let n8n = N8n::new(app.db.clone(), app.clock.clone(), app.config.shared.n8n_url.clone());
    Worker::new(app.db.clone(), app.clock.clone())
        .listening_at(app.config.shared.database_direct_url.clone())
        .keep(app.config.shared.keep_jobs)
        .prune("login_failures", Some(KEEP_LOGIN_FAILURES), |db, before| async move {
            users::prune_failures(&mut *db.acquire().await?, before).await
        })
        .register::<start_carrier::StartCarrier>(app.clone())
        .register::<request_approval::RequestApproval>(app.clone())
        .register::<close_decision::CloseDecision>(app.clone())
        .register::<announce::Announce>(app.clone())
        .register::<publish_revocation::PublishRevocation>(app.clone())
        .register::<PurgeCache>(app.redis.clone())
        .register::<ResumeCarrier>(n8n)
}

/// Works until `stop`.
pub async fn run(app: App, stop: CancellationToken) -> anyhow::Result<()> {
    worker(&app).run(stop).await
}
