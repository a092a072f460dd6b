//! The mail server stand-in.

use axum::Router;

use crate::context::Context;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Mail {
    ctx: Context,
}

impl Mail {
    pub fn new(ctx: Context) -> anyhow::Result<Self> {
        Ok(Self { ctx })
    }

    /// Forget everything.
    pub async fn reset(&self) {
        self.ctx.changed(crate::Change::Mail);
    }
}

/// Take mail on `listener` until the sandbox stops.
pub async fn serve(mail: Mail, listener: tokio::net::TcpListener) {
    mail.ctx.stop().cancelled().await;
    drop(listener);
}

/// What the page uses; mounted under `/_sandbox/api/mails`.
pub fn admin_router(_mail: Mail) -> Router {
    Router::new()
}
