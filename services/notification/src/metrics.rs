//! What this service counts.

use std::sync::LazyLock;

use common::metrics::counter;
use prometheus::IntCounterVec;

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
    LazyLock::force(&UPDATES);
}
