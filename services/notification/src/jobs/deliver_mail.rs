//! Sends one mail.

use std::time::Duration;

use common::clients::dashboard::Decision;
use common::jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::mail::{self, Failure};
use crate::metrics::DELIVERIES;
use crate::store::approval_links::NewLink;
use crate::store::messages::Message;
use crate::store::{DeliveryId, MessageId, approval_links, decisions, deliveries, messages, notifications};
use crate::text::cut;

/// The longest a link in a mail is good for.
const LINK_HOURS: i64 = 72;
/// The first pause after a 4xx; a greylisting server wants minutes. It doubles up to half an hour.
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_mins(30);

/// Sends the mail of a message.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeliverMail {
    pub message_id: MessageId,
}

/// What the mail server took. Kept until it is written down: another try would mail it once more.
#[derive(Debug, Clone)]
pub struct Mailed {
    delivery: DeliveryId,
    answer: String,
}

impl Job for DeliverMail {
    const QUEUE: &'static str = "notification.deliver_mail";
    /// With the pauses above: about ten hours.
    const MAX_ATTEMPTS: i32 = 26;
    type Context = App;

    fn key(&self) -> Option<String> {
        Some(self.message_id.to_string())
    }

    async fn run(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        if let Some(mailed) = app.mailed.get(&self.message_id) {
            return self.note(app, mailed).await;
        }
        let mut conn = app.db.acquire().await?;
        let Some(message) = messages::find(&mut conn, self.message_id).await? else { return Ok(()) };
        if message.state != "pending" {
            return Ok(());
        }
        let Some(mailer) = &app.mailer else {
            messages::set_unsent(&mut conn, message.id, "skipped", "no mail server is set").await?;
            return Ok(());
        };
        let Some(notification) = notifications::find(&mut conn, message.notification_id).await? else { return Ok(()) };
        let known = match notification.decision_id {
            Some(id) => decisions::find(&mut conn, id).await?,
            None => None,
        };
        if known.as_ref().is_some_and(|known| known.closed_at.is_some()) {
            messages::set_unsent(&mut conn, message.id, "skipped", "decided before it was sent").await?;
            return Ok(());
        }
        let decision = known.map(|known| known.body.0);
        let link = match &decision {
            Some(decision) => Some(prepare_link(&mut conn, app, &message, decision).await?),
            None => None,
        };
        let link = link.flatten();
        let composed = mail::compose(app, mailer, &message, &notification, decision.as_ref(), link.as_deref());
        let delivery =
            deliveries::start(&mut conn, Some(message.id), None, "send", attempt.number, app.clock.now()).await?;
        drop(conn);

        let outcome = match composed {
            Ok(mail) => mailer.send(mail).await,
            Err(error) => Err(Failure::Never(format!("{error:#}"))),
        };
        let failure = match outcome {
            Ok(answer) => return self.note(app, Mailed { delivery, answer: cut(&answer, 500) }).await,
            Err(failure) => failure,
        };
        let now = app.clock.now();
        let mut tx = app.db.begin().await?;
        let (result, label) = match failure {
            Failure::Later(reason) if attempt.number < Self::MAX_ATTEMPTS => {
                deliveries::finish(&mut tx, delivery, "retry", &cut(&reason, 500), now).await?;
                (Err(JobError::retry_after(anyhow::anyhow!(reason), pause(attempt.number))), "retry")
            }
            Failure::Later(reason) | Failure::Never(reason) => {
                deliveries::finish(&mut tx, delivery, "rejected", &cut(&reason, 500), now).await?;
                messages::set_unsent(&mut tx, message.id, "failed", &cut(&reason, 500)).await?;
                tracing::warn!("a mail was refused for good");
                (Ok(()), "rejected")
            }
        };
        tx.commit().await?;
        DELIVERIES.with_label_values(&["email", label]).inc();
        result
    }
}

impl DeliverMail {
    async fn note(&self, app: &App, mailed: Mailed) -> Result<(), JobError> {
        app.mailed.note(self.message_id, mailed.clone(), || self.write(app, &mailed)).await?;
        DELIVERIES.with_label_values(&["email", "sent"]).inc();
        Ok(())
    }

    async fn write(&self, app: &App, mailed: &Mailed) -> sqlx::Result<()> {
        let now = app.clock.now();
        let mut tx = app.db.begin().await?;
        messages::set_sent(&mut tx, self.message_id, &self.message_id.to_string(), now).await?;
        deliveries::finish(&mut tx, mailed.delivery, "sent", &mailed.answer, now).await?;
        tx.commit().await
    }
}

/// The confirm page for this mail. Only a known person may answer, so a mail to nobody's address has none.
async fn prepare_link(
    conn: &mut sqlx::PgConnection,
    app: &App,
    message: &Message,
    decision: &Decision,
) -> Result<Option<String>, JobError> {
    let Some(user_id) = message.user_id else { return Ok(None) };
    let token = mail::token(&app.config.shared.service_token_secret.oldest(), message.id);
    let latest = message.created_at + time::Duration::hours(LINK_HOURS);
    let link = NewLink {
        token_hash: &mail::hash_token(&token),
        message_id: message.id,
        decision_id: decision.id,
        user_id,
        evidence_sha: decision.artifact.as_ref().and_then(|artifact| artifact.sha.as_deref()),
        expires_at: decision.expires_at.map_or(latest, |deadline| deadline.min(latest)),
    };
    approval_links::insert(conn, &link, app.clock.now()).await?;
    Ok(Some(app.public(&format!("/a/{token}"))))
}

fn pause(attempt: i32) -> Duration {
    let doublings = u32::try_from(attempt.clamp(1, 16) - 1).unwrap_or(0);
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greylisted_mail_is_tried_for_hours() {
        let total: Duration = (1..DeliverMail::MAX_ATTEMPTS).map(pause).sum();
        assert!(total > Duration::from_hours(8), "{total:?}");
        assert_eq!(pause(1), FIRST_PAUSE);
    }
}
