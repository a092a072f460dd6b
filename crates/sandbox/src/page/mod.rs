//! The page under `/_sandbox/` and the API behind it.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{delete, get, post},
};

use serde_json::json;

use crate::{
    context::Context,
    cursor::{self, Cursor},
    faults::{Fault, NewFault},
    github::{DemoRequest, Github},
    mail::{self, Mail},
    telegram::{self, Telegram},
};

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
        .route("/_sandbox/health", get(async || "ok"))
        .route("/_sandbox/api/faults", get(list_faults).post(add_fault).delete(clear_faults))
        .route("/_sandbox/api/faults/{id}", delete(clear_fault))
        .route("/_sandbox/api/reset", post(reset))
        .route("/_sandbox/api/demo", post(demo))
        .with_state(page)
        .nest("/_sandbox/api/telegram", telegram::admin_router(telegram.clone()))
        .nest("/_sandbox/api/mails", mail::admin_router(mail.clone()))
        .nest("/_sandbox/api/agent-runs", cursor::admin_router(cursor.clone()))
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
