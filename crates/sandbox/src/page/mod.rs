//! The page under `/_sandbox/` and the API behind it.

use std::convert::Infallible;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{
        Html, IntoResponse, Redirect, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{delete, get, post},
};
use futures::{Stream, StreamExt as _};
use serde_json::{Value, json};
use tokio_stream::wrappers::BroadcastStream;

use crate::{
    agents,
    context::Context,
    cursor::{self, Cursor},
    faults::{Fault, NewFault},
    github::{self, DemoRequest, Github},
    mail::{self, Mail},
    telegram::{self, Telegram},
};

/// Nothing from elsewhere may run here: mails and READMEs are other people's text.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-src 'self'; \
                      object-src 'none'; base-uri 'none'; frame-ancestors 'self'";

#[derive(Clone)]
struct Page {
    ctx: Context,
    github: Github,
    telegram: Telegram,
    cursor: Cursor,
    mail: Mail,
}

pub(crate) fn router(ctx: &Context, github: &Github, telegram: &Telegram, cursor: &Cursor, mail: &Mail) -> Router {
    let page = Page {
        ctx: ctx.clone(),
        github: github.clone(),
        telegram: telegram.clone(),
        cursor: cursor.clone(),
        mail: mail.clone(),
    };
    Router::new()
        .route("/_sandbox", get(async || Redirect::permanent("/_sandbox/")))
        .route("/_sandbox/", get(index))
        .route("/_sandbox/page.js", get(async || asset("text/javascript", include_str!("page.js"))))
        .route("/_sandbox/style.css", get(async || asset("text/css", include_str!("style.css"))))
        .route("/_sandbox/avatars/{file}", get(avatar))
        .route("/_sandbox/health", get(async || "ok"))
        .route("/_sandbox/api/about", get(about))
        .route("/_sandbox/api/events", get(events))
        .route("/_sandbox/api/faults", get(list_faults).post(add_fault).delete(clear_faults))
        .route("/_sandbox/api/faults/{id}", delete(clear_fault))
        .route("/_sandbox/api/reset", post(reset))
        .route("/_sandbox/api/demo", post(demo))
        .with_state(page)
        .nest("/_sandbox/api", github::admin_router(github.clone()))
        .nest("/_sandbox/api/telegram", telegram::admin_router(telegram.clone()))
        .nest("/_sandbox/api/mails", mail::admin_router(mail.clone()))
        .nest("/_sandbox/api/agent-runs", cursor::admin_router(cursor.clone()))
}

async fn index() -> Response {
    let mut response = Html(include_str!("index.html")).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text)
}

/// A coloured disc, so that every account looks like somebody.
async fn avatar(Path(file): Path<String>) -> impl IntoResponse {
    let id: u32 = file.trim_end_matches(".svg").parse().unwrap_or(0);
    let hue = id.wrapping_mul(137) % 360;
    let image = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 40 40\"><circle cx=\"20\" cy=\"20\" r=\"20\" fill=\"hsl({hue} 55% 45%)\"/>\
         <circle cx=\"20\" cy=\"16\" r=\"7\" fill=\"#fff\" opacity=\".85\"/><path d=\"M6 38a14 14 0 0 1 28 0\" fill=\"#fff\" opacity=\".85\"/></svg>"
    );
    ([(header::CONTENT_TYPE, "image/svg+xml")], image)
}

/// What somebody needs to point a program here. The secrets are the sandbox's own and open nothing else.
async fn about(State(page): State<Page>) -> Json<Value> {
    let settings = page.ctx.settings();
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "url": page.ctx.base_url(),
        "github": {"bot": settings.github.bot_login, "owner": settings.github.demo_login},
        "readmes": agents::readmes(),
    }))
}

/// What has changed, as it changes.
async fn events(State(page): State<Page>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = BroadcastStream::new(page.ctx.changes()).filter_map(async |change| {
        // A slow reader misses some; it asks for everything anyway.
        let name = serde_json::to_value(change.ok()?).ok()?;
        Some(Ok(Event::default().data(name.as_str().unwrap_or_default())))
    });
    let stop = page.ctx.stop().clone();
    Sse::new(changes.take_until(async move { stop.cancelled().await })).keep_alive(KeepAlive::default())
}

async fn list_faults(State(page): State<Page>) -> Json<Vec<Fault>> {
    Json(page.ctx.faults().list())
}

async fn add_fault(State(page): State<Page>, Json(fault): Json<NewFault>) -> (StatusCode, Json<Fault>) {
    (StatusCode::CREATED, Json(page.ctx.faults().add(fault)))
}

async fn clear_faults(State(page): State<Page>) -> StatusCode {
    page.ctx.faults().clear_all();
    StatusCode::NO_CONTENT
}

async fn clear_fault(State(page): State<Page>, Path(id): Path<u64>) -> StatusCode {
    if page.ctx.faults().clear(id) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

/// Make a repository with one of the bundled READMEs, or with the text given, for somebody to start with.
async fn demo(State(page): State<Page>, Json(request): Json<DemoRequest>) -> Response {
    match page.github.demo(request).await {
        Ok(repository) => (StatusCode::CREATED, Json(repository)).into_response(),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"message": error.to_string()}))).into_response(),
    }
}

async fn reset(State(page): State<Page>) -> StatusCode {
    page.ctx.faults().clear_all();
    page.telegram.reset().await;
    page.cursor.reset().await;
    page.mail.reset().await;
    page.github.reset().await;
    StatusCode::NO_CONTENT
}
