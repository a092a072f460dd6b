//! What this service counts besides what every service counts.

use std::sync::LazyLock;

use common::clients::agents::Usage;
use common::metrics::{counter, float_gauge, gauge, register};
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec};

use crate::app::App;
use crate::store::{agent_runs, token_usage};

/// Who does what, and how it may end: all of it is there at zero from the start, because Prometheus sees no increase in a first value.
const TASKS: [(&str, &str); 5] =
    [("architect", "plan"), ("architect", "review"), ("developer", "implement"), ("developer", "fix"), ("qa", "test")];
const OUTCOMES: [&str; 7] = ["succeeded", "failed", "invalid_answer", "no_branch", "stalled", "expired", "cancelled"];
const ERROR_KINDS: [&str; 4] = ["no_answer", "throttled", "refused", "circuit_open"];
const TOKEN_KINDS: [&str; 4] = ["input", "output", "cache_read", "cache_write"];

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

static SILENCE: LazyLock<IntGauge> = LazyLock::new(|| {
    register(IntGauge::new(
        "agent_run_oldest_silence_seconds",
        "For how long the running agent that is silent longest has shown no sign of life; 0 when none runs.",
    ))
});
static STALL_LIMIT: LazyLock<IntGauge> = LazyLock::new(|| {
    register(IntGauge::new("agent_run_stall_seconds", "After so much silence a run is stopped (CURSOR_STALL_SECONDS)."))
});
static OLDEST_QUEUED: LazyLock<IntGauge> = LazyLock::new(|| {
    register(IntGauge::new(
        "agent_run_oldest_queued_seconds",
        "For how long the oldest run has waited for a free place.",
    ))
});
static COST: LazyLock<GaugeVec> = LazyLock::new(|| {
    float_gauge(
        "agent_cost_cents",
        "US cents that runs have cost so far, as far as the backend has told, by role.",
        &["role"],
    )
});

/// Registers every metric, so that a fresh process shows them all at zero.
pub(crate) fn register_all(backend: &str) {
    for (role, task) in TASKS {
        for outcome in OUTCOMES {
            RUNS.with_label_values(&[role, task, outcome]).inc_by(0);
        }
        REPAIRS.with_label_values(&[task]).inc_by(0);
        DURATION.with_label_values(&[task]);
        for kind in TOKEN_KINDS {
            TOKENS.with_label_values(&[role, kind]).inc_by(0);
        }
    }
    for kind in ERROR_KINDS {
        BACKEND_ERRORS.with_label_values(&[backend, kind]).inc_by(0);
    }
    active(0, 0);
}

/// Reads what the database knows: silence, waiting, cost.
pub async fn refresh(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut conn = app.db.acquire().await?;
    let busy = agent_runs::busy(&mut conn).await?;
    active(busy.working, busy.queued);
    let age = |since: Option<time::OffsetDateTime>| since.map_or(0, |at| (now - at).whole_seconds().max(0));
    SILENCE.set(age(busy.silent_since));
    OLDEST_QUEUED.set(age(busy.queued_since));
    STALL_LIMIT.set(i64::try_from(app.config.runs.stall.as_secs()).unwrap_or(i64::MAX));
    let lines = token_usage::summary(&mut conn, None).await?;
    for role in ["architect", "developer", "qa"] {
        let cents = lines.iter().filter(|line| line.role == role).map(|line| line.cost_cents).sum();
        COST.with_label_values(&[role]).set(cents);
    }
    Ok(())
}

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
