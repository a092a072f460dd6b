//! The Cursor Cloud Agents API stand-in.

use axum::Router;

use crate::context::Context;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Cursor {
    ctx: Context,
}

impl Cursor {
    pub fn new(ctx: Context) -> anyhow::Result<Self> {
        Ok(Self { ctx })
    }

    /// Forget everything.
    pub async fn reset(&self) {
        self.ctx.changed(crate::Change::AgentRuns);
    }
}

/// The API as its clients know it, with full paths.
pub fn router(_cursor: Cursor) -> Router {
    Router::new()
}

/// What the page uses; mounted under `/_sandbox/api/agent-runs`.
pub fn admin_router(_cursor: Cursor) -> Router {
    Router::new()
}
