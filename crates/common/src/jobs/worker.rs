//! Runs the jobs of one service.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use opentelemetry::trace::{Status, TraceContextExt as _};
use prometheus::{HistogramVec, IntCounterVec};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use uuid::Uuid;

use super::queue::{self, Claimed, LEASE};
use super::{Attempt, Job, JobError, backoff, gauges, write_down};
use crate::clock::Clock;
use crate::config::{KeepJobs, Secret};
use crate::http::{Context, in_context};

/// Removes up to [`super::PRUNE_AT_ONCE`] old rows of one table and answers how many it removed.
type Chore = Arc<dyn Fn(PgPool, OffsetDateTime) -> BoxFuture<'static, sqlx::Result<u64>> + Send + Sync>;
type Handler =
    Arc<dyn Fn(serde_json::Value, Attempt) -> Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>> + Send + Sync>;

/// Jobs of one process that run at once.
const CONCURRENCY: usize = 16;
/// How often to look without being woken: the longest a job waits when a notification was lost.
const POLL: Duration = Duration::from_secs(1);
/// How often old rows are removed.
const HOUSEKEEPING: time::Duration = time::Duration::hours(1);
/// How often the backlog is read for Prometheus: at least once between two scrapes.
const OBSERVE: Duration = Duration::from_secs(10);

static OUTCOMES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    crate::metrics::counter(
        "jobs_total",
        "Runs of jobs, by queue and outcome (done, retry, again, dead).",
        &["queue", "outcome"],
    )
});
static PRUNED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    crate::metrics::counter(
        "pruned_rows_total",
        "Rows removed because they were kept long enough, by what they were.",
        &["what"],
    )
});
static DURATION: LazyLock<HistogramVec> =
    LazyLock::new(|| crate::metrics::histogram("job_duration_seconds", "Time one run of a job took.", &["queue"]));

/// The queues of one service and what runs them.
#[derive(Clone)]
pub struct Worker {
    pool: PgPool,
    clock: Clock,
    handlers: HashMap<&'static str, Handler>,
    owner: Uuid,
    direct: Option<Secret>,
    keep: KeepJobs,
    chores: Vec<(&'static str, Chore)>,
}

impl Worker {
    /// No queues yet.
    pub fn new(pool: PgPool, clock: Clock) -> Self {
        let keep = KeepJobs::default();
        let (handlers, owner) = (HashMap::new(), Uuid::now_v7());
        Self { pool, clock, handlers, owner, direct: None, keep, chores: Vec::new() }
    }

    /// Listens by this way (`DATABASE_DIRECT_URL`) instead of through the pool.
    #[must_use]
    pub fn listening_at(mut self, direct: Option<Secret>) -> Self {
        self.direct = direct;
        self
    }

    /// Keeps ended jobs for so long.
    #[must_use]
    pub fn keep(mut self, keep: KeepJobs) -> Self {
        self.keep = keep;
        self
    }

    /// Has rows removed that are older than `keep`, every hour; never when that is `None`. `prune` gets the time before which they are too
    /// old, removes at most [`super::PRUNE_AT_ONCE`] and answers how many, and is called again until it removes none.
    #[must_use]
    pub fn prune<F>(
        mut self,
        what: &'static str,
        keep: Option<Duration>,
        prune: impl Fn(PgPool, OffsetDateTime) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = sqlx::Result<u64>> + Send + 'static,
    {
        if let Some(keep) = keep {
            let chore: Chore = Arc::new(move |pool, now| Box::pin(prune(pool, now - keep)));
            self.chores.push((what, chore));
        }
        self
    }

    /// Runs jobs of kind `J` with `context`.
    #[must_use]
    pub fn register<J: Job>(mut self, context: J::Context) -> Self {
        let handler: Handler = Arc::new(move |payload, attempt| {
            let context = context.clone();
            Box::pin(async move {
                let job: J = serde_json::from_value(payload).map_err(|error| {
                    JobError::Fail(anyhow::Error::from(error).context("the payload is not one of this kind of job"))
                })?;
                job.run(&context, attempt).await
            })
        });
        self.handlers.insert(J::QUEUE, handler);
        self
    }

    fn queues(&self) -> Vec<String> {
        self.handlers.keys().map(|queue| (*queue).to_owned()).collect()
    }

    /// Works until `stop`, then finishes what it has begun. A database that is away is waited for.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let slots = Arc::new(Semaphore::new(CONCURRENCY));
        let tasks = TaskTracker::new();
        let mut listener: Option<PgListener> = None;
        let mut last_prune = self.clock.now() - time::Duration::days(1);
        let mut observed: Option<Instant> = None;
        while !stop.is_cancelled() {
            if listener.is_none() {
                listener = self.listen().await;
            }
            if let Err(error) = self.round(&slots, &tasks).await {
                tracing::warn!(error = %format!("{error:#}"), "cannot look for jobs; trying again");
                listener = None;
                tokio::select! { () = stop.cancelled() => break, () = tokio::time::sleep(POLL) => continue }
            }
            if self.clock.now() - last_prune > HOUSEKEEPING {
                last_prune = self.clock.now();
                let worker = self.clone();
                tasks.spawn(async move { worker.tidy_up().await });
            }
            if observed.is_none_or(|at| at.elapsed() >= OBSERVE) {
                observed = Some(Instant::now());
                self.observe().await;
            }
            self.wait(&mut listener, &stop).await;
        }
        tasks.close();
        tasks.wait().await;
        Ok(())
    }

    /// Brings the gauges of the backlog up to date; the worker does so every ten seconds.
    pub async fn observe(&self) {
        if let Err(error) = gauges::refresh(&self.pool, &self.queues(), self.clock.now()).await {
            tracing::warn!(%error, "cannot read how many jobs wait");
        }
    }

    async fn listen(&self) -> Option<PgListener> {
        let mut listener = crate::db::listen(&self.pool, self.direct.as_ref(), "jobs").await.ok()?;
        listener.eager_reconnect(false);
        Some(listener)
    }

    /// Until woken, a job is due, or the poll interval is over.
    async fn wait(&self, listener: &mut Option<PgListener>, stop: &CancellationToken) {
        let due = async {
            let next = match self.pool.acquire().await {
                Ok(mut conn) => queue::next_due(&mut conn, &self.queues()).await.ok().flatten(),
                Err(_) => None,
            };
            let wait = next.map_or(POLL, |at| (at - self.clock.now()).try_into().unwrap_or(Duration::ZERO));
            tokio::time::sleep(wait.clamp(Duration::from_millis(20), POLL)).await;
        };
        let woken = async {
            match listener {
                Some(open) => loop {
                    match open.try_recv().await {
                        Ok(Some(note)) if self.handlers.contains_key(note.payload()) => return true,
                        Ok(Some(_)) => {}
                        Ok(None) | Err(_) => return false,
                    }
                },
                None => std::future::pending().await,
            }
        };
        let lost = tokio::select! {
            () = stop.cancelled() => false,
            () = due => false,
            alive = woken => !alive,
        };
        if lost {
            *listener = None;
        }
    }

    /// Claims as many jobs as there are free slots and starts them.
    async fn round(&self, slots: &Arc<Semaphore>, tasks: &TaskTracker) -> anyhow::Result<()> {
        loop {
            let free = slots.available_permits();
            if free == 0 {
                return Ok(());
            }
            let mut conn = self.pool.acquire().await?;
            let claimed =
                queue::claim(&mut conn, &self.queues(), self.owner, i64::try_from(free)?, self.clock.now()).await?;
            drop(conn);
            if claimed.is_empty() {
                return Ok(());
            }
            for job in claimed {
                let permit = Arc::clone(slots).acquire_owned().await?;
                let worker = self.clone();
                tasks.spawn(async move {
                    worker.work(job).await;
                    drop(permit);
                });
            }
        }
    }

    /// Runs everything that is due now, one after another, and what that makes due; for tests. Answers how many runs there were.
    pub async fn run_due(&self) -> usize {
        let mut runs = 0;
        loop {
            let mut conn = self.pool.acquire().await.expect("the test database answers");
            let claimed = queue::claim(&mut conn, &self.queues(), self.owner, 1, self.clock.now())
                .await
                .expect("jobs can be claimed");
            drop(conn);
            let Some(job) = claimed.into_iter().next() else { return runs };
            self.work(job).await;
            runs += 1;
        }
    }

    async fn work(&self, job: Claimed) {
        let Some(handler) = self.handlers.get(job.queue.as_str()).map(Arc::clone) else { return };
        let parent = job.traceparent.as_deref().and_then(Context::stored_parent);
        let correlation_id = job.correlation_id.clone().unwrap_or_else(|| Uuid::now_v7().to_string());
        let span = tracing::info_span!("job", otel.name = %format_args!("job {}", job.queue), otel.kind = "consumer", queue = %job.queue, job.id = %job.id);
        // A first run belongs to the trace of whoever queued it. One that looks again and again, perhaps for hours, would make a trace
        // without end: each look begins its own and points back.
        let parent = match parent {
            Some(parent) if job.looks > 0 => {
                span.add_link(parent);
                None
            }
            other => other,
        };
        if let Some(parent) = &parent {
            // Fails when traces are off, and then there is no span to have a parent.
            let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(parent.clone()));
        }
        span.set_attribute("correlation_id", correlation_id.clone());
        span.set_attribute("job.attempt", i64::from(job.attempts) + 1);
        let context = Context::continuing(correlation_id, parent.as_ref()).within(&span);
        in_context(context, self.work_in(handler, job)).instrument(span).await;
    }

    async fn work_in(&self, handler: Handler, job: Claimed) {
        let attempt = Attempt { number: job.attempts + 1, looks: job.looks };
        let timer = DURATION.with_label_values(&[&job.queue]).start_timer();
        let run = std::panic::AssertUnwindSafe(handler(job.payload.clone(), attempt)).catch_unwind();
        let outcome = tokio::select! {
            outcome = run => outcome.unwrap_or_else(|_| Err(JobError::retry(anyhow::anyhow!("the job panicked")))),
            () = self.keep_lease(&job) => return, // taken by another process, which goes on with it
        };
        timer.observe_duration();
        match &outcome {
            Ok(()) | Err(JobError::Again(_)) => {}
            Err(JobError::Retry { error, .. } | JobError::Fail(error)) => {
                tracing::Span::current().set_status(Status::error(format!("{error:#}")));
            }
        }
        // Else the lease runs out and the job repeats.
        if let Err(error) = write_down("how the job went", || self.settle(&job, &outcome)).await {
            tracing::error!(error = %format!("{error:#}"), "how the job went could not be written down; it will run again");
        }
    }

    async fn keep_lease(&self, job: &Claimed) {
        loop {
            tokio::time::sleep(LEASE / 3).await;
            let Ok(mut conn) = self.pool.acquire().await else { continue };
            if matches!(queue::extend(&mut conn, job.id, self.owner, self.clock.now()).await, Ok(false)) {
                tracing::warn!("lost the lease of this job");
                return;
            }
        }
    }

    async fn settle(&self, job: &Claimed, outcome: &Result<(), JobError>) -> anyhow::Result<()> {
        let mut conn = self.pool.acquire().await?;
        let now = self.clock.now();
        let count = |outcome: &str| OUTCOMES.with_label_values(&[&job.queue, outcome]).inc();
        match outcome {
            Ok(()) => {
                queue::finish(&mut conn, job.id, self.owner, now).await?;
                count("done");
            }
            Err(JobError::Again(after)) => {
                queue::put_back(&mut conn, job.id, self.owner, None, now + *after, now).await?;
                count("again");
            }
            Err(JobError::Retry { error, after }) if job.attempts + 1 < job.max_attempts => {
                let wait = after.map_or_else(
                    || backoff(job.attempts + 1),
                    |asked| asked.clamp(Duration::from_secs(1), Duration::from_hours(1)),
                );
                tracing::warn!(error = %format!("{error:#}"), attempt = job.attempts + 1, "failed; trying again in {} ms", wait.as_millis());
                queue::put_back(&mut conn, job.id, self.owner, Some(&format!("{error:#}")), now + wait, now).await?;
                count("retry");
            }
            Err(JobError::Retry { error, .. } | JobError::Fail(error)) => {
                tracing::error!(error = %format!("{error:#}"), "gave up");
                queue::bury(&mut conn, job.id, self.owner, &format!("{error:#}"), now).await?;
                count("dead");
            }
        }
        Ok(())
    }

    /// Removes what was kept long enough: ended jobs, and what [`Worker::prune`] was told of. Several processes may do it at once.
    pub async fn tidy_up(&self) {
        let ended = |state: &'static str, keep: Duration| -> Chore {
            Arc::new(move |pool, now| {
                Box::pin(async move { queue::prune(&mut *pool.acquire().await?, state, now - keep).await })
            })
        };
        let mut chores = vec![("jobs_done", ended("done", self.keep.done))];
        chores.extend(self.keep.dead.map(|keep| ("jobs_dead", ended("dead", keep))));
        for (what, chore) in chores.into_iter().chain(self.chores.iter().cloned()) {
            loop {
                match chore(self.pool.clone(), self.clock.now()).await {
                    Ok(0) => break,
                    Ok(rows) => PRUNED.with_label_values(&[what]).inc_by(rows),
                    Err(error) => {
                        tracing::warn!(what, %error, "cannot remove old rows now; trying again in an hour");
                        break;
                    }
                }
            }
        }
    }
}
