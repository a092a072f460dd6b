//! What this service counts.

use std::sync::LazyLock;

use common::metrics::{counter, gauge};
use prometheus::{IntCounterVec, IntGaugeVec};

use crate::app::App;
use crate::store::messages;

/// Attempts to deliver, by channel and outcome.
pub static DELIVERIES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counter(
        "notification_deliveries_total",
        "Attempts to deliver something, by channel (telegram, email) and outcome (sent, retry, rejected).",
        &["channel", "outcome"],
    )
});

/// Updates from Telegram, by kind and what came of them.
pub static UPDATES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counter("telegram_updates_total", "Updates from Telegram, by kind and outcome.", &["kind", "outcome"])
});

/// Answers to decisions, by channel and ruling.
pub static ANSWERS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counter(
        "decision_answers_total",
        "Answers to decisions given outside the dashboard, by channel and ruling.",
        &["channel", "ruling"],
    )
});

/// Alerts that Alertmanager reported, by status and whether they were known.
pub static ALERTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counter(
        "notification_alerts_total",
        "Alerts that Alertmanager reported, by status (firing, resolved) and whether they were known (new, known).",
        &["status", "known"],
    )
});

static OLDEST_PENDING: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauge(
        "notification_oldest_pending_seconds",
        "Age of the oldest message that is not delivered and not given up, by channel.",
        &["channel"],
    )
});

/// Reads what the database knows: what waits to be delivered.
pub async fn refresh(app: &App) -> anyhow::Result<()> {
    let waiting = messages::oldest_pending(&mut *app.db.acquire().await?).await?;
    for channel in ["telegram", "email"] {
        let oldest = waiting.iter().find(|(waits, _)| waits == channel);
        let age = oldest.map_or(0, |(_, since)| (app.clock.now() - *since).whole_seconds().max(0));
        OLDEST_PENDING.with_label_values(&[channel]).set(age);
    }
    Ok(())
}

/// Registers every metric, so that a fresh process shows them all at zero.
pub fn register() {
    for channel in ["telegram", "email"] {
        for outcome in ["sent", "retry", "rejected"] {
            DELIVERIES.with_label_values(&[channel, outcome]).inc_by(0);
        }
        for ruling in ["accepted", "refused"] {
            ANSWERS.with_label_values(&[channel, ruling]).inc_by(0);
        }
    }
    for status in ["firing", "resolved"] {
        for known in ["new", "known"] {
            ALERTS.with_label_values(&[status, known]).inc_by(0);
        }
    }
    LazyLock::force(&UPDATES);
}
