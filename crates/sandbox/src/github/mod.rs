//! The GitHub stand-in: REST, git over HTTP, webhooks and a small CI, backed by real bare repositories.

use axum::Router;

use crate::context::Context;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Github {
    ctx: Context,
}

impl Github {
    pub fn new(ctx: Context) -> anyhow::Result<Self> {
        Ok(Self { ctx })
    }

    /// Forget everything.
    pub async fn reset(&self) {
        self.ctx.changed(crate::Change::Repositories);
    }

    pub(crate) fn save_now(&self) {}
}

pub fn router(_github: Github) -> Router {
    Router::new()
}
