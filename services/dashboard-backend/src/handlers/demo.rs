//! The demo: a README in the sandbox becomes a project.

use axum::extract::State;
use axum::http::StatusCode;
use common::auth::{Caller, Operator, Viewer};
use common::clients::notification::LinkChat;
use common::error::Problem;
use common::http::Json;
use common::{Error, Result};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

use crate::app::App;
use crate::store::users;
use crate::views::home::{Demo, DemoReadme, DemoStarted};

/// Which README to start with.
#[derive(Debug, Deserialize, ToSchema)]
pub struct StartDemo {
    /// Name of one that the sandbox brings.
    pub readme: String,
}

/// Whether a demo can be started here, and with what.
#[utoipa::path(get, path = "/api/v1/demo", tag = "demo", responses((status = 200, body = Demo)))]
pub async fn get_demo(State(app): State<App>, _caller: Caller<Viewer>) -> Result<Json<Demo>> {
    let Some(base) = &app.config.sandbox_url else {
        return Ok(Json(Demo { available: false, readmes: Vec::new(), sandbox_url: None }));
    };
    let request = app.probe.request(Method::GET, address(base, "demo")?);
    let answer: Value = app.probe.json(request).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the sandbox does not say which READMEs it has");
        Value::Null
    });
    let list = answer.get("readmes").cloned().unwrap_or(answer);
    let readmes: Vec<DemoReadme> = serde_json::from_value(list).unwrap_or_default();
    Ok(Json(Demo { available: !readmes.is_empty(), readmes, sandbox_url: Some(base.to_string()) }))
}

/// Push a README to a new repository in the sandbox. Its project appears within seconds.
#[utoipa::path(post, path = "/api/v1/demo", tag = "demo", request_body = StartDemo, responses(
    (status = 201, body = DemoStarted), (status = 403, body = Problem), (status = 404, body = Problem, description = "There is no sandbox"),
    (status = 502, body = Problem), (status = 503, body = Problem)))]
pub async fn start_demo(
    State(app): State<App>,
    _caller: Caller<Operator>,
    Json(body): Json<StartDemo>,
) -> Result<(StatusCode, Json<DemoStarted>)> {
    let Some(base) = &app.config.sandbox_url else {
        return Err(Error::not_found(
            "no_sandbox",
            "There is no sandbox here: start QuantaPilot with `cargo xtask up`, or set SANDBOX_URL",
        ));
    };
    if let Err(error) = link_phone(&app, base).await {
        // The demo works without: decisions can be answered here.
        tracing::warn!(error = %error.into_anyhow(), "the sandbox's phone is not linked");
    }
    let request = app.probe.request(Method::POST, address(base, "demo")?).json(&json!({"readme": body.readme}));
    let answer: Value = app.probe.json(request).await.map_err(common::http::client::CallError::into_error)?;
    let text =
        |names: &[&str]| names.iter().find_map(|name| answer.get(*name).and_then(Value::as_str).map(str::to_owned));
    let repository = text(&["full_name", "repository"])
        .or_else(|| answer.pointer("/repository/full_name").and_then(Value::as_str).map(str::to_owned))
        .ok_or_else(|| Error::upstream("peer_refused", "The sandbox did not say which repository it made"))?;
    let html_url = text(&["html_url", "url"])
        .or_else(|| answer.pointer("/repository/html_url").and_then(Value::as_str).map(str::to_owned));
    Ok((StatusCode::CREATED, Json(DemoStarted { repository, html_url })))
}

/// Lets the first admin decide from the sandbox's phone: its owner is linked to that account.
async fn link_phone(app: &App, base: &Url) -> Result<()> {
    let mut conn = app.db.acquire().await?;
    let Some(admin) = users::first_admin(&mut conn).await? else { return Ok(()) };
    drop(conn);
    let request = app.probe.request(Method::GET, address(base, "telegram/chats")?);
    let phone: Value = app.probe.json(request).await.map_err(common::http::client::CallError::into_error)?;
    let person = phone
        .get("users")
        .and_then(Value::as_object)
        .and_then(|people| people.values().find_map(|person| person.get("id").and_then(Value::as_i64)));
    let Some(chat_user_id) = person else { return Ok(()) };
    let link = LinkChat { user_id: admin.id, chat_user_id, name: admin.display_name };
    app.notification.link_chat(&link).await.map_err(common::http::client::CallError::into_error)
}

fn address(base: &Url, path: &str) -> Result<Url> {
    Ok(base.join(&format!("/_sandbox/api/{path}"))?)
}
