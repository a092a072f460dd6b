//! What happens in the background.

mod deliver_chat;
mod deliver_mail;
mod send_answer;
mod tell_alerts;

use common::jobs::Worker;

pub use deliver_chat::{DeliverChat, Taken};
pub use deliver_mail::{DeliverMail, Mailed};
pub use send_answer::SendAnswer;
pub use tell_alerts::TellAlerts;

use crate::app::App;
use crate::store::{answers, approval_links, decisions, deliveries, notifications, outbox, telegram_links, updates};

/// What `prune` of one store does, for [`Worker::prune`].
macro_rules! pruning {
    ($store:ident) => {
        |db, before| async move { $store::prune(&mut *db.acquire().await?, before).await }
    };
}

/// Every queue of this service, and how long what it left behind is kept.
pub fn worker(app: &App) -> Worker {
    let keep = &app.config.keep;
    let worker = Worker::new(app.db.clone(), app.clock.clone())
        .listening_at(app.config.shared.database_direct_url.clone())
        .keep(app.config.shared.keep_jobs)
        .register::<DeliverChat>(app.clone())
        .register::<DeliverMail>(app.clone())
        .register::<SendAnswer>(app.clone())
        .register::<TellAlerts>(app.clone());
    // Decisions and answers after the notifications that speak of them.
    worker
        .prune("telegram_updates", keep.inbox, pruning!(updates))
        .prune("approval_link_visits", keep.inbox, pruning!(approval_links))
        .prune("telegram_link_codes", keep.inbox, pruning!(telegram_links))
        .prune("telegram_outbox", keep.inbox, pruning!(outbox))
        .prune("notifications", keep.notifications, pruning!(notifications))
        .prune("notification_deliveries", keep.notifications, pruning!(deliveries))
        .prune("notification_decisions", keep.notifications, pruning!(decisions))
        .prune("notification_answers", keep.notifications, pruning!(answers))
}
