//! What happens in the background.

mod deliver_chat;
mod deliver_mail;
mod send_answer;

use common::jobs::Worker;

pub use deliver_chat::DeliverChat;
pub use deliver_mail::DeliverMail;
pub use send_answer::SendAnswer;

use crate::app::App;

/// Every queue of this service.
pub fn worker(app: &App) -> Worker {
    Worker::new(app.db.clone(), app.clock.clone())
        .listening_at(app.config.shared.database_direct_url.clone())
        .register::<DeliverChat>(app.clone())
        .register::<DeliverMail>(app.clone())
        .register::<SendAnswer>(app.clone())
}
