//! Taking an update in: stored, understood and turned into jobs in one transaction; a press is answered right after.

use serde_json::Value;

use super::{Update, commands, press};
use crate::app::App;
use crate::metrics;
use crate::store::{telegram_links, updates};
use crate::text::strip_nul;

/// What the person who pressed sees at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Acknowledgement {
    pub callback_id: String,
    pub text: String,
    pub alert: bool,
}

/// What came of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reaction {
    /// Of a closed set, for the inbox and metrics.
    pub outcome: &'static str,
    pub acknowledgement: Option<Acknowledgement>,
}

impl Reaction {
    pub(super) fn silent(outcome: &'static str) -> Self {
        Self { outcome, acknowledgement: None }
    }
}

/// Takes one update. When this returns, the update is safe with us, and the offset is behind it. One we have seen is passed over.
pub async fn take(app: &App, raw: &Value) -> anyhow::Result<()> {
    let mut raw = raw.clone();
    strip_nul(&mut raw);
    let Some(update) = Update::read(&raw) else {
        tracing::warn!("an update without a number was left out");
        return Ok(());
    };
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let fresh = updates::insert(&mut tx, update.update_id, update.kind(), update.sender(), &raw, now).await?;
    updates::advance(&mut tx, update.update_id + 1).await?;
    if !fresh {
        tx.commit().await?;
        metrics::UPDATES.with_label_values(&[update.kind(), "repeated"]).inc();
        return Ok(());
    }
    let reaction = match &update {
        Update { callback_query: Some(pressed), .. } => press::react(&mut tx, app, update.update_id, pressed).await?,
        Update { message: Some(message), .. } => commands::react(&mut tx, app, update.update_id, message).await?,
        Update { my_chat_member: Some(membership), .. } if membership.chat.kind == "private" => {
            let gone = matches!(membership.new_chat_member.status.as_str(), "kicked" | "left");
            let reason = gone.then_some("the person blocked the bot");
            telegram_links::set_blocked(&mut tx, membership.chat.id, reason, now).await?;
            Reaction::silent(if gone { "blocked" } else { "unblocked" })
        }
        _ => Reaction::silent("ignored"),
    };
    updates::set_outcome(&mut tx, update.update_id, reaction.outcome).await?;
    tx.commit().await?;
    metrics::UPDATES.with_label_values(&[update.kind(), reaction.outcome]).inc();
    if let (Some(bot), Some(acknowledgement)) = (&app.telegram, reaction.acknowledgement) {
        let Acknowledgement { callback_id, text, alert } = acknowledgement;
        if let Err(failure) = bot.answer_callback(&callback_id, &text, alert).await {
            // Too late, most likely. The answer itself is stored and goes its way.
            tracing::info!(error = %failure, "a press could not be acknowledged");
        }
    }
    Ok(())
}
