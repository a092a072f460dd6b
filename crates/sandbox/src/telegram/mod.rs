//! The Telegram Bot API stand-in.

use axum::Router;

use crate::context::Context;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telegram {
    ctx: Context,
}

impl Telegram {
    pub fn new(ctx: Context) -> anyhow::Result<Self> {
        Ok(Self { ctx })
    }

    /// Forget everything.
    pub async fn reset(&self) {
        self.ctx.changed(crate::Change::Telegram);
    }
}

/// The API as its clients know it, with full paths.
pub fn router(_telegram: Telegram) -> Router {
    Router::new()
}

/// What the page uses; mounted under `/_sandbox/api/telegram`.
pub fn admin_router(_telegram: Telegram) -> Router {
    Router::new()
}
