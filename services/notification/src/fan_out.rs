//! One notification becomes one message per person and channel. A channel that cannot reach a person is replaced by mail.

use common::clients::notification::{Notify, Recipient};
use common::ids::NotificationId;
use common::jobs::enqueue;
use sqlx::PgConnection;

use crate::app::App;
use crate::jobs::{DeliverChat, DeliverMail};
use crate::store::messages::NewMessage;
use crate::store::{MessageId, decisions, messages, notifications, outbox, telegram_links};

/// Stores a notification and everything that follows from it. The same key answers with the first one.
pub async fn notify(app: &App, notify: &Notify) -> anyhow::Result<NotificationId> {
    let mut tx = app.db.begin().await?;
    let id = notify_in(&mut tx, app, notify).await?;
    tx.commit().await?;
    Ok(id)
}

/// The same within the caller's transaction.
pub async fn notify_in(conn: &mut PgConnection, app: &App, notify: &Notify) -> anyhow::Result<NotificationId> {
    let now = app.clock.now();
    let Some(id) = notifications::insert(conn, notify, now).await? else {
        let first = notifications::find_by_key(conn, &notify.key).await?;
        return first.ok_or_else(|| anyhow::anyhow!("the notification with this key is being removed"));
    };
    if let Some(decision) = &notify.decision {
        decisions::remember(conn, decision, now).await?;
    }
    let wants = |channel: &str| notify.channels.iter().any(|wanted| wanted == channel);
    for recipient in &notify.recipients {
        let telegram = wants("telegram") && add_telegram(conn, app, id, recipient).await?;
        if wants("email") || !telegram {
            add_mail(conn, app, id, recipient).await?;
        }
    }
    let group = app.config.telegram.as_ref().and_then(|telegram| telegram.group_chat_id);
    if let Some(chat_id) = group.filter(|_| wants("telegram") && notify.decision.is_some()) {
        let address = chat_id.to_string();
        let new = NewMessage {
            notification_id: id,
            channel: "telegram",
            user_id: None,
            name: "group",
            address: &address,
            fallback_of: None,
            fallback_to: None,
        };
        queue_telegram(conn, app, &new, chat_id).await?;
    }
    Ok(id)
}

/// `false`: this person cannot be reached there.
async fn add_telegram(
    conn: &mut PgConnection,
    app: &App,
    id: NotificationId,
    recipient: &Recipient,
) -> anyhow::Result<bool> {
    if app.telegram.is_none() {
        return Ok(false);
    }
    let Some(link) = telegram_links::find(conn, recipient.user_id).await? else { return Ok(false) };
    if link.blocked_at.is_some() {
        return Ok(false);
    }
    let address = link.telegram_user_id.to_string();
    let new = NewMessage {
        notification_id: id,
        channel: "telegram",
        user_id: Some(recipient.user_id),
        name: &recipient.name,
        address: &address,
        fallback_of: None,
        fallback_to: Some(&recipient.email),
    };
    queue_telegram(conn, app, &new, link.telegram_user_id).await?;
    Ok(true)
}

async fn queue_telegram(conn: &mut PgConnection, app: &App, new: &NewMessage<'_>, chat_id: i64) -> anyhow::Result<()> {
    let now = app.clock.now();
    if let Some(message_id) = messages::insert(conn, new, now).await? {
        outbox::insert(conn, chat_id, "send", message_id, now).await?;
        enqueue(conn, &DeliverChat { chat_id }, now).await?;
    }
    Ok(())
}

async fn add_mail(conn: &mut PgConnection, app: &App, id: NotificationId, recipient: &Recipient) -> anyhow::Result<()> {
    let new = NewMessage {
        notification_id: id,
        channel: "email",
        user_id: Some(recipient.user_id),
        name: &recipient.name,
        address: &recipient.email,
        fallback_of: None,
        fallback_to: None,
    };
    queue_mail(conn, app, &new).await
}

async fn queue_mail(conn: &mut PgConnection, app: &App, new: &NewMessage<'_>) -> anyhow::Result<()> {
    let now = app.clock.now();
    if let Some(message_id) = messages::insert(conn, new, now).await? {
        enqueue(conn, &DeliverMail { message_id }, now).await?;
    }
    Ok(())
}

/// A Telegram message turned out to be undeliverable: the person gets a mail, unless one goes there anyway.
pub async fn fall_back_to_mail(conn: &mut PgConnection, app: &App, message_id: MessageId) -> anyhow::Result<()> {
    let Some(message) = messages::find(conn, message_id).await? else { return Ok(()) };
    let Some(address) = message.fallback_to.as_deref() else { return Ok(()) };
    let new = NewMessage {
        notification_id: message.notification_id,
        channel: "email",
        user_id: message.user_id,
        name: &message.name,
        address,
        fallback_of: Some(message.id),
        fallback_to: None,
    };
    queue_mail(conn, app, &new).await
}
