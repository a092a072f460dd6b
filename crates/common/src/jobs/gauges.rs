//! What waits, as Prometheus reads it. Every process of a service shows the same numbers: take the largest, not the sum.

use std::sync::LazyLock;

use prometheus::IntGaugeVec;
use sqlx::PgPool;
use time::OffsetDateTime;

use super::queue::{self, Backlog};
use crate::metrics::gauge;

static WAITING: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauge("jobs_waiting", "Jobs by queue and state (due, scheduled, running, dead).", &["queue", "state"])
});
static OLDEST_DUE: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauge("jobs_oldest_due_seconds", "For how long the job that waits longest could have been running.", &["queue"])
});
static OLDEST_FAILING: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauge(
        "jobs_oldest_failing_seconds",
        "Age of the oldest job that has failed three times or more and is tried again.",
        &["queue"],
    )
});
static CONNECTIONS: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauge(
        "db_pool_connections",
        "Connections of this process to Postgres, by state (used, idle), and how many it may have (limit).",
        &["state"],
    )
});

/// Reads the backlog of `queues` and the state of the pool. A queue without jobs reads 0.
pub(super) async fn refresh(pool: &PgPool, queues: &[String], now: OffsetDateTime) -> sqlx::Result<()> {
    let connections = |state: &str, count: u32| CONNECTIONS.with_label_values(&[state]).set(i64::from(count));
    let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
    connections("idle", idle);
    connections("used", pool.size().saturating_sub(idle));
    connections("limit", pool.options().get_max_connections());

    let backlogs = queue::backlogs(&mut *pool.acquire().await?, queues, now).await?;
    for name in queues {
        let empty = Backlog::default();
        let backlog = backlogs.iter().find(|backlog| backlog.queue == *name).unwrap_or(&empty);
        for (state, jobs) in [
            ("due", backlog.due),
            ("scheduled", backlog.scheduled),
            ("running", backlog.running),
            ("dead", backlog.dead),
        ] {
            WAITING.with_label_values(&[name.as_str(), state]).set(jobs);
        }
        let age = |since: Option<OffsetDateTime>| since.map_or(0, |at| (now - at).whole_seconds().max(0));
        OLDEST_DUE.with_label_values(&[name]).set(age(backlog.oldest_due));
        OLDEST_FAILING.with_label_values(&[name]).set(age(backlog.oldest_failing));
    }
    Ok(())
}
