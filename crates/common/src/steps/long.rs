//! Steps whose work outlives the call: 202 now, the same call again later.

use std::ops::{Deref, DerefMut};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool, PgTransaction};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::resume::ResumeCarrier;
use super::{Step, store};
use crate::clock::Clock;
use crate::error::Result;
use crate::ids::ProjectId;
use crate::jobs;

/// Where the workflow will wait; flattened into the body of every long step.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct LongCall {
    /// `$execution.resumeUrl` of the waiting workflow. Only path and query are kept, and treated as a secret.
    #[serde(default)]
    pub resume_url: Option<String>,
    /// `$execution.id`.
    #[serde(default)]
    pub execution_id: Option<String>,
}

/// The answer of a long step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LongAnswer {
    /// 202: wait, then ask again.
    Pending {
        /// The work.
        id: Uuid,
    },
    /// 200: finished.
    Done {
        /// The work.
        id: Uuid,
        /// What came of it.
        result: Value,
    },
}

impl IntoResponse for LongAnswer {
    fn into_response(self) -> Response {
        match self {
            Self::Pending { id } => {
                (StatusCode::ACCEPTED, axum::Json(json!({"status": "pending", "id": id}))).into_response()
            }
            Self::Done { id, result } => {
                let mut response = axum::Json(json!({"status": "done", "id": id, "result": result})).into_response();
                response.headers_mut().insert("x-qp-replayed", HeaderValue::from_static("true"));
                response
            }
        }
    }
}

/// What to do with the call of a long step.
pub enum BeginLong<'p> {
    /// Give this back: the work is under way, held by a pause, or done.
    Answer(LongAnswer),
    /// Start the work in this transaction under [`LongTx::id`], then [`LongTx::started`].
    New(LongTx<'p>),
}

/// The transaction that starts long work. Dropped without `started`, nothing happened.
pub struct LongTx<'p> {
    tx: PgTransaction<'p>,
    step: Step,
    call: LongCall,
    clock: Clock,
    id: Uuid,
}

impl Deref for LongTx<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.tx
    }
}

impl DerefMut for LongTx<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}

impl LongTx<'_> {
    /// The id the work is to have.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Commits the start of the work together with where the workflow waits.
    pub async fn started(mut self) -> Result<LongAnswer> {
        let (url, execution) = (self.call.resume_path(), self.call.execution_id.as_deref());
        store::wait(&mut self.tx, &self.step, "pending", self.id, url.as_deref(), execution, self.clock.now()).await?;
        self.tx.commit().await?;
        Ok(LongAnswer::Pending { id: self.id })
    }

    /// Commits work that was finished at once, for example a decision that a policy takes by itself.
    pub async fn finished(mut self, result: &impl Serialize) -> Result<LongAnswer> {
        let result = serde_json::to_value(result)?;
        let now = self.clock.now();
        store::wait(&mut self.tx, &self.step, "pending", self.id, None, self.call.execution_id.as_deref(), now).await?;
        store::finish(&mut self.tx, &self.step, 200, &result, now).await?;
        self.tx.commit().await?;
        Ok(LongAnswer::Done { id: self.id, result })
    }
}

impl LongCall {
    /// Path and query of the resume URL: the host in it is n8n's idea of itself, ours is in the settings.
    fn resume_path(&self) -> Option<String> {
        let url = url::Url::parse(self.resume_url.as_deref()?).ok()?;
        Some(url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path())))
    }
}

impl Step {
    /// Begins, or looks after, a step whose work outlives the call. `service` is the caller's own name.
    pub async fn begin_long<'p>(
        &self,
        db: &'p PgPool,
        clock: &Clock,
        service: &'static str,
        call: &LongCall,
    ) -> Result<BeginLong<'p>> {
        let mut tx = db.begin().await?;
        let paused = self.pass_fence(&mut tx).await?;
        let now = clock.now();
        let (record, _) = store::lock(&mut tx, self, service, now).await?;
        record.must_be_of(service, self)?;
        let id = record.work_id.unwrap_or_else(Uuid::now_v7);
        match record.state.as_str() {
            "finished" => {
                store::acknowledge(&mut tx, self, now).await?;
                tx.commit().await?;
                Ok(BeginLong::Answer(LongAnswer::Done { id, result: record.body.unwrap_or_default() }))
            }
            "pending" => {
                // A replayed workflow waits elsewhere than the one before it.
                store::wait(
                    &mut tx,
                    self,
                    "pending",
                    id,
                    call.resume_path().as_deref(),
                    call.execution_id.as_deref(),
                    now,
                )
                .await?;
                tx.commit().await?;
                Ok(BeginLong::Answer(LongAnswer::Pending { id }))
            }
            _ if paused => {
                store::wait(
                    &mut tx,
                    self,
                    "held",
                    id,
                    call.resume_path().as_deref(),
                    call.execution_id.as_deref(),
                    now,
                )
                .await?;
                tx.commit().await?;
                Ok(BeginLong::Answer(LongAnswer::Pending { id }))
            }
            _ => Ok(BeginLong::New(LongTx { tx, step: self.clone(), call: call.clone(), clock: clock.clone(), id })),
        }
    }
}

/// Stores the result of long work and queues the waking of the workflow, in the caller's transaction. The first result stays; `false` says
/// that there was one before.
pub async fn finish_long(
    conn: &mut PgConnection,
    project_id: ProjectId,
    step: &str,
    iteration: i32,
    result: &impl Serialize,
    now: OffsetDateTime,
) -> Result<bool> {
    let result = serde_json::to_value(result)?;
    if !store::finish_pending(conn, project_id, step, iteration, &result, now).await? {
        return Ok(false);
    }
    jobs::enqueue(conn, &ResumeCarrier { project_id, step: step.to_owned(), iteration }, now).await?;
    Ok(true)
}

/// Wakes the workflows whose long steps were held while the project was paused: they ask again, and the work starts.
pub async fn release_held(conn: &mut PgConnection, project_id: ProjectId, now: OffsetDateTime) -> Result<()> {
    for (step, iteration) in store::held(conn, project_id).await? {
        jobs::enqueue(conn, &ResumeCarrier { project_id, step, iteration }, now).await?;
    }
    Ok(())
}
