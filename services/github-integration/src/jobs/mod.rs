//! Work after the answer.

mod check_documents;
mod ensure_hook;
mod poll_checks;
mod process_delivery;
mod trigger_intake;

use common::events::ReportEvent;
use common::jobs::Worker;
use common::steps::{N8n, ResumeCarrier};

use crate::app::App;
use crate::store::webhook_deliveries;

pub(crate) use check_documents::CheckDocuments;
pub(crate) use ensure_hook::EnsureHook;
pub(crate) use poll_checks::PollChecks;
pub(crate) use process_delivery::ProcessDelivery;
pub(crate) use trigger_intake::TriggerIntake;

/// Everything this service does in the background.
pub fn worker(app: &App) -> Worker {
    let n8n = N8n::new(app.db.clone(), app.clock.clone(), app.config.shared.n8n_url.clone());
    Worker::new(app.db.clone(), app.clock.clone())
        .listening_at(app.config.shared.database_direct_url.clone())
        .keep(app.config.shared.keep_jobs)
        .prune("webhook_deliveries", app.config.webhook.keep, |db, before| async move {
            webhook_deliveries::prune(&mut *db.acquire().await?, before).await
        })
        .register::<ProcessDelivery>(app.clone())
        .register::<TriggerIntake>(app.clone())
        .register::<EnsureHook>(app.clone())
        .register::<PollChecks>(app.clone())
        .register::<CheckDocuments>(app.clone())
        .register::<ReportEvent>(app.dashboard.clone())
        .register::<ResumeCarrier>(n8n)
}
