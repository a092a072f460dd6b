//! Start, ports, and which stand-in gets which request.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Context as _;
use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Redirect, Response},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::{
    context::Context,
    cursor::{self, Cursor},
    faults::{Faults, Kind, Surface},
    github::{self, Github},
    mail::{self, Mail},
    page,
    settings::Settings,
    telegram::{self, Telegram},
};

/// How long open requests may take to finish when the sandbox stops.
const DRAIN: Duration = Duration::from_secs(3);

/// A running sandbox. Dropping it stops it without waiting; [`Sandbox::shutdown`] waits.
pub struct Sandbox {
    ctx: Context,
    http_addr: SocketAddr,
    smtp_addr: SocketAddr,
    github: Github,
    telegram: Telegram,
    cursor: Cursor,
    mail: Mail,
    temporary: Option<tempfile::TempDir>,
}

/// One router per stand-in: their paths overlap (a GitHub user may be called `v1`), so that one router for all
/// would have to resolve it in ways nobody can predict.
#[derive(Clone)]
pub(crate) struct Doors {
    pub(crate) github: Router,
    pub(crate) telegram: Router,
    pub(crate) cursor: Router,
    pub(crate) page: Router,
    pub(crate) faults: Faults,
}

/// The connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("dropped by a fault switch")]
struct Dropped;

impl Sandbox {
    /// Bind the ports, load what the data directory holds, and serve.
    pub async fn start(settings: Settings) -> anyhow::Result<Self> {
        let (data_dir, temporary) = data_dir(&settings)?;
        let http = TcpListener::bind(settings.http)
            .await
            .with_context(|| format!("cannot listen on {} for HTTP", settings.http))?;
        let smtp = TcpListener::bind(settings.smtp)
            .await
            .with_context(|| format!("cannot listen on {} for mail", settings.smtp))?;
        let (http_addr, smtp_addr) = (http.local_addr()?, smtp.local_addr()?);

        let ctx = Context::new(settings, data_dir);
        let url = ctx.settings().public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        ctx.set_base_url(url.unwrap_or_else(|| format!("http://{}", reachable(http_addr))));

        let github = Github::new(ctx.clone())?;
        let telegram = Telegram::new(ctx.clone())?;
        let cursor = Cursor::new(ctx.clone())?;
        let mail = Mail::new(ctx.clone())?;
        let doors = Doors {
            github: github::router(github.clone()),
            telegram: telegram::router(telegram.clone()),
            cursor: cursor::router(cursor.clone()),
            page: page::router(&ctx, &github, &telegram, &cursor, &mail),
            faults: ctx.faults().clone(),
        };
        ctx.spawn(accept(ctx.clone(), http, doors));
        ctx.spawn(mail::serve(mail.clone(), smtp));
        Ok(Self { ctx, http_addr, smtp_addr, github, telegram, cursor, mail, temporary })
    }

    /// The address of everything but mail, without a slash at the end.
    pub fn url(&self) -> &str {
        self.ctx.base_url()
    }

    pub fn http_addr(&self) -> SocketAddr {
        self.http_addr
    }

    pub fn smtp_addr(&self) -> SocketAddr {
        self.smtp_addr
    }

    pub fn context(&self) -> &Context {
        &self.ctx
    }

    pub fn faults(&self) -> &Faults {
        self.ctx.faults()
    }

    pub fn github(&self) -> &Github {
        &self.github
    }

    pub fn telegram(&self) -> &Telegram {
        &self.telegram
    }

    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    pub fn mail(&self) -> &Mail {
        &self.mail
    }

    /// Finish what is under way, write state down, and stop.
    pub async fn shutdown(mut self) {
        self.ctx.finish().await;
        self.github.save_now();
        if let Some(directory) = self.temporary.take() {
            // A process that still writes there keeps a leftover file; the system's cleaning takes it.
            let _ = directory.close();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.ctx.stop().cancel();
    }
}

fn data_dir(settings: &Settings) -> anyhow::Result<(PathBuf, Option<tempfile::TempDir>)> {
    if let Some(path) = &settings.data_dir {
        std::fs::create_dir_all(path).with_context(|| format!("cannot make the data directory {}", path.display()))?;
        // Git and the jobs run elsewhere, so a relative path would mean something else to them.
        return Ok((std::path::absolute(path)?, None));
    }
    let directory =
        tempfile::Builder::new().prefix("sandbox-").tempdir().context("cannot make a temporary directory")?;
    Ok((directory.path().to_owned(), Some(directory)))
}

/// An address that others can use when we listen on all of them.
fn reachable(addr: SocketAddr) -> SocketAddr {
    if addr.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], addr.port())) } else { addr }
}

async fn accept(ctx: Context, listener: TcpListener, doors: Doors) {
    let graceful = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            () = ctx.stop().cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of descriptors, most likely: others must close first.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let _ = stream.set_nodelay(true);
        let doors = doors.clone();
        let service = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
            let doors = doors.clone();
            async move { serve(doors, request.map(Body::new)).await }
        });
        let builder = auto::Builder::new(TokioExecutor::new());
        let connection =
            graceful.watch(builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned());
        tokio::spawn(async move {
            // A client that went away, or a connection dropped on purpose.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still open and have been cut off");
    }
}

async fn serve(doors: Doors, request: Request) -> Result<Response, Dropped> {
    let path = request.uri().path();
    let Some((surface, router)) = doors.pick(path) else {
        return Ok(page_or_redirect(doors, request).await);
    };
    let route = format!("{} {path}", request.method());
    if let Some(response) = apply_faults(&doors.faults, surface, &route).await? {
        return Ok(response);
    }
    let drop_after = doors.faults.take_if(surface, &route, |kind| *kind == Kind::DropAfter).is_some();
    let response = router.oneshot(request).await.into_response();
    if drop_after { Err(Dropped) } else { Ok(response) }
}

impl Doors {
    /// The stand-in a path belongs to; none for the page.
    fn pick(&self, path: &str) -> Option<(Surface, Router)> {
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        if path.starts_with("/bot") && (first.contains(':') || first.contains("%3A")) || path.starts_with("/file/bot") {
            return Some((Surface::Telegram, self.telegram.clone()));
        }
        match first {
            "_sandbox" | "" => None,
            "v1" => Some((Surface::Cursor, self.cursor.clone())),
            _ => Some((Surface::Github, self.github.clone())),
        }
    }
}

/// The page is never made to fail: it holds the switches.
async fn page_or_redirect(doors: Doors, request: Request) -> Response {
    let wants_page = request
        .headers()
        .get(http::header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    match request.uri().path() {
        "/" if wants_page => Redirect::temporary("/_sandbox/").into_response(),
        "/" => doors.github.oneshot(request).await.into_response(),
        _ => doors.page.oneshot(request).await.into_response(),
    }
}

async fn apply_faults(faults: &Faults, surface: Surface, route: &str) -> Result<Option<Response>, Dropped> {
    // A delay adds to whatever else is switched on.
    if let Some(Kind::Delay { milliseconds }) =
        faults.take_if(surface, route, |kind| matches!(kind, Kind::Delay { .. }))
    {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    let failing = |kind: &Kind| matches!(kind, Kind::Status { .. } | Kind::RateLimit { .. } | Kind::Drop);
    match faults.take_if(surface, route, failing) {
        Some(Kind::Drop) => Err(Dropped),
        Some(Kind::Status { status }) => Ok(Some(fault_response::status(surface, status))),
        Some(Kind::RateLimit { retry_after_seconds }) => {
            Ok(Some(fault_response::rate_limit(surface, retry_after_seconds)))
        }
        _ => Ok(None),
    }
}

mod fault_response {
    //! Refusals in the words of each surface.

    use axum::{Json, response::IntoResponse};
    use http::{HeaderName, StatusCode, header};
    use serde_json::json;

    use super::{Response, Surface};

    pub(super) fn status(surface: Surface, status: u16) -> Response {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let reason = status.canonical_reason().unwrap_or("Error");
        let body = match surface {
            Surface::Telegram => json!({"ok": false, "error_code": status.as_u16(), "description": reason}),
            Surface::Cursor => json!({"error": {"code": cursor_code(status), "message": "switched on in the sandbox"}}),
            _ => {
                json!({"message": reason, "documentation_url": "https://docs.github.com/rest", "status": status.as_str()})
            }
        };
        (status, Json(body)).into_response()
    }

    pub(super) fn rate_limit(surface: Surface, seconds: u64) -> Response {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let body = match surface {
            Surface::Telegram => json!({
                "ok": false,
                "error_code": 429,
                "description": format!("Too Many Requests: retry after {seconds}"),
                "parameters": {"retry_after": seconds},
            }),
            Surface::Cursor => json!({"error": {"code": "rate_limit_exceeded", "message": "Rate limit exceeded"}}),
            _ => json!({
                "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
                "documentation_url": "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits",
                "status": "429",
            }),
        };
        let mut response = (status, Json(body)).into_response();
        // Telegram says it in the body alone.
        if surface != Surface::Telegram {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if surface == Surface::Cursor {
            response.headers_mut().insert(HeaderName::from_static("x-ratelimit-remaining"), 0.into());
        }
        response
    }

    fn cursor_code(status: StatusCode) -> &'static str {
        match status.as_u16() {
            400 => "validation_error",
            401 => "unauthorized",
            403 => "plan_required",
            404 => "agent_not_found",
            409 => "agent_busy",
            429 => "rate_limit_exceeded",
            502..=504 => "upstream_error",
            _ => "internal_error",
        }
    }
}
