//! What this service counts besides what every service counts.

use std::sync::LazyLock;

use common::clients::agents::Usage;
use common::metrics::{counter, gauge, register};
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec};

static RUNS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counter("agent_runs_total", "Finished runs of agents, by role, task and outcome.", &["role", "task", "outcome"])
});
static DURATION: LazyLock<HistogramVec> = LazyLock::new(|| {
    let buckets = vec![1.0, 5.0, 15.0, 60.0, 180.0, 600.0, 1800.0, 3600.0, 7200.0];
    let options = HistogramOpts::new("agent_run_duration_seconds", "Time from start to end of a run.").buckets(buckets);
    register(HistogramVec::new(options, &["task"]))
});
static BUSY: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauge("agent_runs_active", "Runs that hold a place (working) or wait for one (queued).", &["state"])
});
static TOKENS: LazyLock<IntCounterVec> =
    LazyLock::new(|| counter("agent_tokens_total", "Tokens of finished runs, by role and kind.", &["role", "kind"]));
static REPAIRS: LazyLock<IntCounterVec> =
    LazyLock::new(|| counter("agent_answer_repairs_total", "Invalid answers that were sent back.", &["task"]));
static BACKEND_ERRORS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counter(
        "agent_backend_errors_total",
        "Failed calls of agent backends, by kind (no_answer, throttled, refused, circuit_open).",
        &["backend", "kind"],
    )
});

/// A run has ended.
pub(crate) fn finished(role: &str, task: &str, outcome: &str, seconds: f64) {
    RUNS.with_label_values(&[role, task, outcome]).inc();
    DURATION.with_label_values(&[task]).observe(seconds);
}

/// How many runs work and wait.
pub(crate) fn active(working: i64, queued: i64) {
    BUSY.with_label_values(&["working"]).set(working);
    BUSY.with_label_values(&["queued"]).set(queued);
}

/// What a run took.
pub(crate) fn tokens(role: &str, usage: &Usage) {
    for (kind, tokens) in [
        ("input", usage.input_tokens),
        ("output", usage.output_tokens),
        ("cache_read", usage.cache_read_tokens),
        ("cache_write", usage.cache_write_tokens),
    ] {
        TOKENS.with_label_values(&[role, kind]).inc_by(u64::try_from(tokens).unwrap_or(0));
    }
}

/// An answer was sent back.
pub(crate) fn repair(task: &str) {
    REPAIRS.with_label_values(&[task]).inc();
}

/// A call of a backend failed.
pub(crate) fn backend_error(backend: &str, kind: &str) {
    BACKEND_ERRORS.with_label_values(&[backend, kind]).inc();
}
