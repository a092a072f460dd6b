//! What this service counts besides what every service counts.

use std::sync::LazyLock;

use common::metrics::{counter, gauge};
use prometheus::{IntCounterVec, IntGaugeVec};

use crate::github::limits::Kind;

static WEBHOOKS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counter(
        "github_webhook_deliveries_total",
        "Webhook deliveries, by outcome (stored, duplicate, bad_signature, malformed, too_large, disabled).",
        &["outcome"],
    )
});
static PROCESSED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counter(
        "github_webhook_processed_total",
        "Stored deliveries that were worked on, by what they led to (`failed`: given up).",
        &["outcome"],
    )
});
static REMAINING: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauge(
        "github_rate_limit_remaining",
        "Requests left in GitHub's current hour, as its last answer said.",
        &["resource"],
    )
});
static LIMITED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counter(
        "github_rate_limited_total",
        "Answers of GitHub that asked us to wait, by kind (primary, secondary).",
        &["kind"],
    )
});
static INTAKES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counter(
        "github_intakes_total",
        "Repositories that became a wish for a project, by who saw them first.",
        &["found_by"],
    )
});
static TRIGGERS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counter(
        "github_intake_triggers_total",
        "Calls that ask n8n to take an intake, by outcome (started, refused, unreachable).",
        &["outcome"],
    )
});

/// Registers every metric whose labels are known, so that a fresh process shows them at zero.
pub(crate) fn register() {
    for outcome in ["stored", "duplicate", "bad_signature", "malformed", "too_large", "disabled"] {
        WEBHOOKS.with_label_values(&[outcome]).inc_by(0);
    }
    for kind in ["primary", "secondary"] {
        LIMITED.with_label_values(&[kind]).inc_by(0);
    }
    for found_by in ["webhook", "poll", "person"] {
        INTAKES.with_label_values(&[found_by]).inc_by(0);
    }
    PROCESSED.with_label_values(&["failed"]).inc_by(0);
    for outcome in ["started", "refused", "unreachable"] {
        TRIGGERS.with_label_values(&[outcome]).inc_by(0);
    }
}

/// A webhook came to the door.
pub(crate) fn webhook(outcome: &str) {
    WEBHOOKS.with_label_values(&[outcome]).inc();
}

/// A stored webhook was worked on.
pub(crate) fn processed(outcome: &str) {
    PROCESSED.with_label_values(&[outcome]).inc();
}

/// GitHub told how many requests are left.
pub(crate) fn rate_limit_remaining(left: u64) {
    REMAINING.with_label_values(&["core"]).set(i64::try_from(left).unwrap_or(i64::MAX));
}

/// GitHub asked for silence.
pub(crate) fn rate_limited(kind: Kind) {
    let kind = match kind {
        Kind::Primary => "primary",
        Kind::Secondary => "secondary",
    };
    LIMITED.with_label_values(&[kind]).inc();
}

/// A repository is to become a project.
pub(crate) fn intake(found_by: &str) {
    INTAKES.with_label_values(&[found_by]).inc();
}

/// n8n was asked to take an intake.
pub(crate) fn trigger(outcome: &str) {
    TRIGGERS.with_label_values(&[outcome]).inc();
}

static DOCUMENTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counter(
        "github_document_checks_total",
        "Checks of the documents of a commit, by conclusion (success, failure, neutral).",
        &["conclusion"],
    )
});

/// The documents of a commit were checked.
pub(crate) fn documents_checked(conclusion: &str) {
    DOCUMENTS.with_label_values(&[conclusion]).inc();
}
