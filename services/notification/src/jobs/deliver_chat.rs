//! Says in one chat what is to be said there, in order.

use std::time::Duration;

use common::clients::dashboard::Decision;
use common::jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::app::App;
use crate::fan_out;
use crate::metrics::DELIVERIES;
use crate::store::messages::Message;
use crate::store::notifications::Notification;
use crate::store::outbox::{Entry, Reply};
use crate::store::{
    DeliveryId, MessageId, decisions, deliveries, messages, notifications, outbox, prompts, telegram_links, updates,
};
use crate::telegram::{Bot, Failure, render};
use crate::text::cut;

/// Empties the outbox of a chat. One runs per chat, so that messages keep their order.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeliverChat {
    pub chat_id: i64,
}

/// What Telegram took. It cannot be asked for that later, so it is kept until it is written down: another try would say it once more.
#[derive(Debug, Clone)]
pub struct Taken {
    delivery: DeliveryId,
    /// A new message.
    telegram_id: Option<i64>,
    answer: String,
}

impl Taken {
    fn new(delivery: DeliveryId, telegram_id: i64) -> Self {
        Self { delivery, telegram_id: Some(telegram_id), answer: format!("message {telegram_id}") }
    }
}

/// What a message is about, loaded afresh for each try.
struct Subject {
    message: Message,
    notification: Notification,
    decision: Option<Decision>,
    closed: bool,
}

impl Job for DeliverChat {
    const QUEUE: &'static str = "notification.deliver_chat";
    /// An outage of Telegram is waited out: with pauses of up to ten minutes, for more than a day.
    const MAX_ATTEMPTS: i32 = 200;
    type Context = App;

    fn key(&self) -> Option<String> {
        Some(self.chat_id.to_string())
    }

    async fn run(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        let Some(bot) = &app.telegram else { return Ok(()) };
        loop {
            let mut conn = app.db.acquire().await?;
            if let Some(until) = updates::bot(&mut conn).await?.paused_until
                && let Ok(left) = Duration::try_from(until - app.clock.now())
                && !left.is_zero()
            {
                return Err(JobError::Again(left));
            }
            let Some(entry) = outbox::next(&mut conn, self.chat_id).await? else { return Ok(()) };
            drop(conn);
            self.deliver(app, bot, &entry, attempt.number).await?;
        }
    }
}

impl DeliverChat {
    async fn deliver(&self, app: &App, bot: &Bot, entry: &Entry, attempt: i32) -> Result<(), JobError> {
        if let Some(taken) = app.taken.get(&entry.id) {
            return self.note(app, entry, taken).await;
        }
        match (entry.operation.as_str(), entry.message_id, &entry.body) {
            ("reply", _, Some(reply)) => self.say(app, bot, entry, &reply.0, attempt).await,
            (operation, Some(message_id), _) => {
                let Some(subject) = load(app, message_id).await? else { return settle(app, entry, "failed").await };
                match (operation, subject.message.state.as_str()) {
                    ("send", "pending") => self.send(app, bot, entry, &subject, attempt).await,
                    ("edit", "sent") => self.edit(app, bot, entry, &subject, attempt).await,
                    // Sent by an earlier run that could not tick it off, or not to be sent at all.
                    _ => settle(app, entry, "done").await,
                }
            }
            _ => settle(app, entry, "failed").await,
        }
    }

    async fn send(&self, app: &App, bot: &Bot, entry: &Entry, subject: &Subject, attempt: i32) -> Result<(), JobError> {
        let id = subject.message.id;
        if subject.closed {
            let mut tx = app.db.begin().await?;
            messages::set_unsent(&mut tx, id, "skipped", "decided before it was sent").await?;
            outbox::settle(&mut tx, entry.id, "done", app.clock.now()).await?;
            return Ok(tx.commit().await?);
        }
        let call = render::message(app, &subject.message, &subject.notification, subject.decision.as_ref())
            .map_err(JobError::fail)?;
        let delivery = begin(app, Some(id), self.chat_id, "send", attempt).await?;
        match put(bot, &call).await {
            Ok(telegram_id) => self.note(app, entry, Taken::new(delivery, telegram_id)).await,
            Err(failure) => self.failed(app, entry, delivery, failure).await,
        }
    }

    async fn edit(&self, app: &App, bot: &Bot, entry: &Entry, subject: &Subject, attempt: i32) -> Result<(), JobError> {
        let id = subject.message.id;
        let call = render::message(app, &subject.message, &subject.notification, subject.decision.as_ref())
            .map_err(JobError::fail)?;
        let delivery = begin(app, Some(id), self.chat_id, "edit", attempt).await?;
        let mut gone = None;
        let mut edited = false;
        for telegram_id in &subject.message.telegram_ids {
            let mut call = call.clone();
            call["message_id"] = json!(telegram_id);
            match put(bot, &call).await {
                Ok(_) | Err(Failure::Unchanged) => edited = true,
                Err(Failure::NotEditable(reason)) => gone = Some(reason),
                Err(failure) => return self.failed(app, entry, delivery, failure).await,
            }
        }
        let Some(reason) = gone.filter(|_| !edited) else {
            let taken = Taken { delivery, telegram_id: None, answer: "edited".to_owned() };
            return self.note(app, entry, taken).await;
        };
        // The person shall still learn how it ended.
        match put(bot, &call).await {
            Ok(telegram_id) => {
                let answer = cut(&format!("{reason}; sent anew as message {telegram_id}"), 500);
                self.note(app, entry, Taken { answer, ..Taken::new(delivery, telegram_id) }).await
            }
            Err(failure) => self.failed(app, entry, delivery, failure).await,
        }
    }

    async fn say(&self, app: &App, bot: &Bot, entry: &Entry, reply: &Reply, attempt: i32) -> Result<(), JobError> {
        let delivery = begin(app, None, self.chat_id, "reply", attempt).await?;
        let call = render::reply(self.chat_id, reply);
        match put(bot, &call).await {
            Ok(telegram_id) => self.note(app, entry, Taken::new(delivery, telegram_id)).await,
            Err(failure) => self.failed(app, entry, delivery, failure).await,
        }
    }

    async fn note(&self, app: &App, entry: &Entry, taken: Taken) -> Result<(), JobError> {
        app.taken.note(entry.id, taken.clone(), || self.write(app, entry, &taken)).await?;
        count("sent");
        Ok(())
    }

    async fn write(&self, app: &App, entry: &Entry, taken: &Taken) -> sqlx::Result<()> {
        let now = app.clock.now();
        let mut tx = app.db.begin().await?;
        if let (Some(message_id), Some(telegram_id)) = (entry.message_id, taken.telegram_id) {
            let over = decisions::hold(&mut tx, message_id).await?;
            messages::note_copy(&mut tx, message_id, telegram_id, now).await?;
            // Decided while it was under way: the news of it found nothing to edit then.
            if over && entry.operation == "send" {
                outbox::insert(&mut tx, self.chat_id, "edit", message_id, now).await?;
            }
        }
        let prompt = entry.body.as_ref().and_then(|reply| reply.0.prompt.as_ref());
        if let (Some(prompt), Some(telegram_id)) = (prompt, taken.telegram_id) {
            prompts::insert(&mut tx, self.chat_id, telegram_id, prompt, now).await?;
        }
        outbox::settle(&mut tx, entry.id, "done", now).await?;
        deliveries::finish(&mut tx, taken.delivery, "sent", &taken.answer, now).await?;
        tx.commit().await
    }

    async fn failed(&self, app: &App, entry: &Entry, delivery: DeliveryId, failure: Failure) -> Result<(), JobError> {
        let now = app.clock.now();
        let answer = cut(&failure.to_string(), 500);
        let mut tx = app.db.begin().await?;
        let again = match &failure {
            Failure::Wait(pause) => {
                updates::pause(&mut tx, now + *pause).await?;
                Some(JobError::Again(*pause))
            }
            Failure::Away(_) | Failure::Conflict(_) => Some(JobError::retry(anyhow::anyhow!("{failure}"))),
            _ => None,
        };
        deliveries::finish(&mut tx, delivery, if again.is_some() { "retry" } else { "rejected" }, &answer, now).await?;
        if let Some(again) = again {
            tx.commit().await?;
            count("retry");
            return Err(again);
        }
        if matches!(failure, Failure::Dead(_)) {
            telegram_links::set_blocked(&mut tx, self.chat_id, Some(&answer), now).await?;
        }
        if let Some(message_id) = entry.message_id.filter(|_| entry.operation == "send") {
            messages::set_unsent(&mut tx, message_id, "failed", &answer).await?;
            fan_out::fall_back_to_mail(&mut tx, app, message_id).await?;
        }
        outbox::settle(&mut tx, entry.id, "failed", now).await?;
        tx.commit().await?;
        count("rejected");
        tracing::warn!(reason = answer, "a Telegram message was refused");
        Ok(())
    }
}

async fn load(app: &App, message_id: MessageId) -> Result<Option<Subject>, JobError> {
    let mut conn = app.db.acquire().await?;
    let Some(message) = messages::find(&mut conn, message_id).await? else { return Ok(None) };
    let Some(notification) = notifications::find(&mut conn, message.notification_id).await? else { return Ok(None) };
    let known = match notification.decision_id {
        Some(id) => decisions::find(&mut conn, id).await?,
        None => None,
    };
    let closed = known.as_ref().is_some_and(|known| known.closed_at.is_some());
    Ok(Some(Subject { message, notification, decision: known.map(|known| known.body.0), closed }))
}

async fn begin(
    app: &App,
    message_id: Option<MessageId>,
    chat_id: i64,
    operation: &str,
    attempt: i32,
) -> Result<DeliveryId, JobError> {
    let mut conn = app.db.acquire().await?;
    Ok(deliveries::start(&mut conn, message_id, Some(chat_id), operation, attempt, app.clock.now()).await?)
}

async fn settle(app: &App, entry: &Entry, state: &str) -> Result<(), JobError> {
    let mut conn = app.db.acquire().await?;
    Ok(outbox::settle(&mut conn, entry.id, state, app.clock.now()).await?)
}

/// Sends, or edits when the call names a message; answers the message's number. A fault in our markup must not cost the message: it goes
/// out once more as plain text.
async fn put(bot: &Bot, call: &Value) -> Result<i64, Failure> {
    match put_as_is(bot, call).await {
        Err(Failure::Markup(reason)) => {
            tracing::error!(reason, "Telegram does not understand our markup; sending plain text");
            let mut plain = call.clone();
            if let Some(object) = plain.as_object_mut() {
                object.remove("parse_mode");
            }
            plain["text"] = json!(without_markup(call["text"].as_str().unwrap_or_default()));
            put_as_is(bot, &plain).await
        }
        other => other,
    }
}

async fn put_as_is(bot: &Bot, call: &Value) -> Result<i64, Failure> {
    match call["message_id"].as_i64() {
        Some(telegram_id) => bot.edit(call).await.map(|()| telegram_id),
        None => bot.send(call).await,
    }
}

fn without_markup(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    cut(&text, 4096)
}

fn count(outcome: &str) {
    DELIVERIES.with_label_values(&["telegram", outcome]).inc();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_keeps_what_people_wrote() {
        assert_eq!(without_markup("<b>a &lt;b&gt; &amp;amp;</b> 'x'"), "a <b> &amp; 'x'");
    }
}
