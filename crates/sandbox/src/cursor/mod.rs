//! The Cursor Cloud Agents API stand-in, version 1.
//!
//! It takes and gives what the real one does, quirks included: agents have ids their clients may choose, a replayed creation is a
//! conflict, `updatedAt` of a running run does not move, and cost comes later than tokens. Behind it work the programs of
//! [`crate::agents`]. State survives a restart; a run that was under way does not.

mod account;
mod admin;
mod api;
mod error;
mod model;
mod run;
mod store;
mod stream;
#[cfg(test)]
mod tests;
mod usage;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{HeaderName, HeaderValue, StatusCode};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::{error::ApiError, store::Store};
use crate::{agents::Remote, context::Context};

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Cursor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ctx: Context,
    store: Store,
    running: Mutex<HashMap<String, CancellationToken>>,
    changes: watch::Sender<u64>,
    started_at: OffsetDateTime,
    /// Makes download links that cannot be guessed.
    salt: uuid::Uuid,
}

impl Cursor {
    pub fn new(ctx: Context) -> anyhow::Result<Self> {
        let store = Store::open(ctx.data_dir("cursor/agents")?)?;
        Ok(Self(Arc::new(Inner {
            ctx,
            store,
            running: Mutex::default(),
            changes: watch::channel(0).0,
            started_at: model::now(),
            salt: uuid::Uuid::new_v4(),
        })))
    }

    /// Forget everything. Runs under way are stopped.
    #[expect(clippy::unused_async, reason = "the parts of the sandbox are reset alike")]
    pub async fn reset(&self) {
        for (_, token) in self.0.running.lock().unwrap_or_else(PoisonError::into_inner).drain() {
            token.cancel();
        }
        self.0.store.clear();
        self.wake();
        self.0.ctx.changed(crate::Change::AgentRuns);
    }

    fn context(&self) -> &Context {
        &self.0.ctx
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn started_at(&self) -> OffsetDateTime {
        self.0.started_at
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    fn wake(&self) {
        self.0.changes.send_modify(|count| *count += 1);
    }

    fn remember(&self, run_id: &str, token: CancellationToken) {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner).insert(run_id.to_owned(), token);
    }

    fn forget(&self, run_id: &str) {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner).remove(run_id);
    }

    fn stop(&self, run_id: &str) {
        if let Some(token) = self.0.running.lock().unwrap_or_else(PoisonError::into_inner).remove(run_id) {
            token.cancel();
        }
    }

    /// The repository of this sandbox that an address names, whatever host it uses: the sandbox may be known by several.
    fn remote(&self, url: &str) -> Option<Remote> {
        let parsed = url::Url::parse(url).ok()?;
        let path = parsed.path().trim_matches('/').trim_end_matches(".git");
        let (owner, name) = path.split_once('/')?;
        if owner.is_empty() || name.is_empty() || name.contains('/') {
            return None;
        }
        Some(Remote {
            url: format!("{}/{owner}/{name}.git", self.context().base_url()),
            token: self.context().settings().github.token.clone(),
        })
    }

    fn presign(&self, agent_id: &str) -> String {
        let digest = Sha256::digest(format!("{}/{agent_id}", self.0.salt));
        format!("{agent_id}.{}", hex::encode(&digest[..16]))
    }

    fn signed_for(&self, name: &str) -> Option<String> {
        let (agent_id, _) = name.split_once('.')?;
        let expected = self.presign(agent_id);
        bool::from(expected.as_bytes().ct_eq(name.as_bytes())).then(|| agent_id.to_owned())
    }
}

/// The API as its clients know it, with full paths.
pub fn router(cursor: Cursor) -> Router {
    let guarded = Router::new()
        .route("/v1/agents", post(api::create_agent).get(api::list_agents))
        .route("/v1/agents/{id}", get(api::get_agent).delete(api::delete_agent))
        .route("/v1/agents/{id}/archive", post(api::archive_agent))
        .route("/v1/agents/{id}/unarchive", post(api::unarchive_agent))
        .route("/v1/agents/{id}/runs", post(api::create_run).get(api::list_runs))
        .route("/v1/agents/{id}/runs/{run_id}", get(api::get_run))
        .route("/v1/agents/{id}/runs/{run_id}/stream", get(stream::stream_run))
        .route("/v1/agents/{id}/runs/{run_id}/cancel", post(api::cancel_run))
        .route("/v1/agents/{id}/usage", get(usage::get_usage))
        .route("/v1/agents/{id}/artifacts", get(account::list_artifacts))
        .route("/v1/agents/{id}/artifacts/download", get(account::download_artifact))
        .route("/v1/me", get(account::get_me))
        .route("/v1/models", get(account::list_models))
        .layer(middleware::from_fn_with_state(cursor.clone(), check_key));
    Router::new()
        .route("/v1/presigned/{name}", get(account::presigned))
        .merge(guarded)
        .fallback(async || ApiError::new(StatusCode::NOT_FOUND, "not_found", "Not found"))
        .layer(axum::extract::DefaultBodyLimit::max(16 * 1024 * 1024))
        .with_state(cursor)
}

/// What the page uses; mounted under `/_sandbox/api/agent-runs`.
pub fn admin_router(cursor: Cursor) -> Router {
    admin::router(cursor)
}

async fn check_key(State(cursor): State<Cursor>, request: Request, next: Next) -> Response {
    let expected = cursor.context().settings().cursor_api_key.as_bytes();
    let right = error::key_of(request.headers()).is_some_and(|key| key.as_bytes().ct_eq(expected).into());
    let mut response = if right {
        next.run(request).await
    } else {
        ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", "Invalid or missing API key").into_response()
    };
    if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    response
}
