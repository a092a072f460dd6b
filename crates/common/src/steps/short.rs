//! Steps that answer at once.

use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use sqlx::{PgConnection, PgPool, PgTransaction};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::store::{self, Record};
use super::{Step, StepAnswer};
use crate::clock::Clock;
use crate::error::{Error, Result};

/// A handler that gives no sign of life for so long was lost with its process.
const LEASE: Duration = Duration::from_secs(15);
/// How long a second call waits for the first one's answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What to do with a call whose effect is in our database.
pub enum Begin<'p> {
    /// It was done: give this back.
    Replayed(StepAnswer),
    /// Do it in this transaction, then [`StepTx::finish`].
    Run(StepTx<'p>),
}

/// The transaction of a step. Dropped without `finish`, nothing happened.
pub struct StepTx<'p> {
    tx: PgTransaction<'p>,
    step: Step,
    clock: Clock,
}

impl Deref for StepTx<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.tx
    }
}

impl DerefMut for StepTx<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}

impl StepTx<'_> {
    /// Records the answer and commits it with the effect.
    pub async fn finish(mut self, body: &impl Serialize) -> Result<StepAnswer> {
        let body = serde_json::to_value(body)?;
        store::finish(&mut self.tx, &self.step, 200, &body, self.clock.now()).await?;
        self.tx.commit().await?;
        Ok(StepAnswer { status: StatusCode::OK, body, replayed: false })
    }
}

/// What to do with a call whose effect is outside.
pub enum Claim {
    /// It was done: give this back.
    Replayed(StepAnswer),
    /// Do it, holding no connection, then [`StepGuard::finish`].
    Run(StepGuard),
}

/// The right to do a step's outside effect, kept by a lease. Dropped without `finish`, the lease ends and the next call tries again.
pub struct StepGuard {
    step: Step,
    db: PgPool,
    clock: Clock,
    owner: Uuid,
    _beat: DropGuard,
}

impl StepGuard {
    /// Records the answer. Fails with `superseded` when another execution took over meanwhile; the effect, being idempotent, is found by it.
    pub async fn finish(self, body: &impl Serialize) -> Result<StepAnswer> {
        let body = serde_json::to_value(body)?;
        let mut tx = self.db.begin().await?;
        self.step.pass_fence(&mut tx).await?;
        store::finish(&mut tx, &self.step, 200, &body, self.clock.now()).await?;
        tx.commit().await?;
        Ok(StepAnswer { status: StatusCode::OK, body, replayed: false })
    }

    /// The step at hand.
    pub fn step(&self) -> &Step {
        &self.step
    }
}

impl Drop for StepGuard {
    fn drop(&mut self) {
        // Gives the lease back at once, so that a failed try does not keep the next one waiting. Does nothing to a finished step.
        let (step, db, owner, now) = (self.step.clone(), self.db.clone(), self.owner, self.clock.now());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Ok(mut conn) = db.acquire().await {
                    let _ = store::move_lease(&mut conn, &step, owner, now - Duration::from_secs(1)).await;
                }
            });
        }
    }
}

impl Step {
    /// Begins a step whose effect is in our database. `service` is the caller's own name.
    pub async fn begin<'p>(&self, db: &'p PgPool, clock: &Clock, service: &'static str) -> Result<Begin<'p>> {
        let mut tx = db.begin().await?;
        self.pass_fence(&mut tx).await?;
        let (record, _) = store::lock(&mut tx, self, service, clock.now()).await?;
        record.must_be_of(service, self)?;
        if let Some(answer) = record.answer() {
            store::acknowledge(&mut tx, self, clock.now()).await?;
            tx.commit().await?;
            return Ok(Begin::Replayed(answer));
        }
        Ok(Begin::Run(StepTx { tx, step: self.clone(), clock: clock.clone() }))
    }

    /// Claims a step whose effect is outside. While another call is at it, waits a little for its answer, then refuses with `step_in_progress`.
    pub async fn claim(&self, db: &PgPool, clock: &Clock, service: &'static str) -> Result<Claim> {
        let owner = Uuid::now_v7();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let mut tx = db.begin().await?;
            self.pass_fence(&mut tx).await?;
            let (record, _) = store::lock(&mut tx, self, service, clock.now()).await?;
            record.must_be_of(service, self)?;
            if let Some(answer) = record.answer() {
                store::acknowledge(&mut tx, self, clock.now()).await?;
                tx.commit().await?;
                return Ok(Claim::Replayed(answer));
            }
            let now = clock.now();
            if record.lease_until.is_none_or(|until| until < now) {
                store::set_lease(&mut tx, self, owner, now + LEASE, now).await?;
                tx.commit().await?;
                return Ok(Claim::Run(self.guard(db, clock, owner)));
            }
            drop(tx);
            if tokio::time::Instant::now() >= deadline {
                return Err(Error::conflict(
                    "step_in_progress",
                    format!("`{}` is being done by another call; ask again", self.key()),
                )
                .with_retry_after(2));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn guard(&self, db: &PgPool, clock: &Clock, owner: Uuid) -> StepGuard {
        let beat = CancellationToken::new();
        let (step, pool, time, ended) = (self.clone(), db.clone(), clock.clone(), beat.clone());
        tokio::spawn(async move {
            loop {
                tokio::select! { () = ended.cancelled() => return, () = tokio::time::sleep(LEASE / 3) => {} }
                if let Ok(mut conn) = pool.acquire().await {
                    let _ = store::move_lease(&mut conn, &step, owner, time.now() + LEASE).await;
                }
            }
        });
        StepGuard { step: self.clone(), db: db.clone(), clock: clock.clone(), owner, _beat: beat.drop_guard() }
    }
}

impl Record {
    /// Two services under one key would answer each other's questions.
    pub(super) fn must_be_of(&self, service: &str, step: &Step) -> Result<()> {
        if self.service == service {
            return Ok(());
        }
        Err(Error::conflict(
            "step_of_another_service",
            format!(
                "`{}` is a step of `{}`: give this call a name of its own in the workflow",
                step.key(),
                self.service
            ),
        ))
    }

    /// The recorded answer, when finished.
    pub(super) fn answer(&self) -> Option<StepAnswer> {
        if self.state != "finished" {
            return None;
        }
        let status = self
            .status
            .and_then(|code| u16::try_from(code).ok())
            .and_then(|code| StatusCode::from_u16(code).ok())
            .unwrap_or(StatusCode::OK);
        Some(StepAnswer { status, body: self.body.clone().unwrap_or_default(), replayed: true })
    }
}

/// Runs to the end even when the client goes away: a half-done effect outside helps nobody.
pub async fn detached<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    let context = crate::http::context_now().unwrap_or_else(crate::http::new_context);
    let span = tracing::Span::current();
    let task = tokio::spawn(tracing::Instrument::instrument(crate::http::in_context(context, work), span));
    task.await.map_err(|error| anyhow::anyhow!("the work failed: {error}"))?
}
