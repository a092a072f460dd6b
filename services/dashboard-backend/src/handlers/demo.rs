//! The demo: a README in the sandbox becomes a project.

use axum::extract::State;
use axum::http::StatusCode;
use common::auth::{Caller, Operator, Viewer};
use common::clients::notification::LinkChat;
use common::error::Problem;
use common::http::Json;
use common::http::client::CallError;
use common::sandbox::Mode;
use common::{Error, Result};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

use crate::app::App;
use crate::handlers::system;
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
    let Some(base) = &app.config.shared.sandbox_url else {
        return Ok(Json(Demo::default()));
    };
    let request = app.probe.request(Method::GET, address(base, "about")?);
    let (about, sandboxed) = futures::join!(app.probe.json(request), sandboxed(&app));
    let about: About = about.unwrap_or_else(|error| {
        tracing::warn!(%error, "the sandbox does not say which READMEs it has");
        About::default()
    });
    let readmes: Vec<_> = about
        .readmes
        .into_iter()
        .map(|readme| DemoReadme { name: readme.key, title: readme.repository, description: readme.summary })
        .collect();
    let page = app.config.sandbox_public_url.as_ref().unwrap_or(base);
    Ok(Json(Demo {
        // A README pushed to the sandbox becomes a project only where the sandbox is the GitHub that is watched.
        available: !readmes.is_empty() && sandboxed.iter().any(|name| name == "github"),
        readmes,
        sandbox_url: (!sandboxed.is_empty()).then(|| page.to_string()),
        sandboxed,
    }))
}

/// The integrations that the sandbox plays, as the services that use them say. One that does not answer says nothing.
pub(super) async fn sandboxed(app: &App) -> Vec<String> {
    let services = &app.config.shared.services;
    let peers = [&services.github_integration, &services.cursor_integration, &services.notification];
    let answers = futures::future::join_all(peers.map(|url| system::ask(app, url))).await;
    let integrations = answers.into_iter().flatten().flat_map(|readiness| readiness.integrations);
    integrations.filter(|(_, mode)| *mode == Mode::Sandbox).map(|(name, _)| name).collect()
}

/// What the sandbox says of itself.
#[derive(Default, Deserialize)]
struct About {
    readmes: Vec<SandboxReadme>,
}

#[derive(Deserialize)]
struct SandboxReadme {
    key: String,
    repository: String,
    summary: String,
}

/// A repository as GitHub shows it.
#[derive(Deserialize)]
struct Made {
    full_name: String,
    html_url: String,
}

/// Push a README to a new repository in the sandbox. Its project appears within seconds.
#[utoipa::path(post, path = "/api/v1/demo", tag = "demo", request_body = StartDemo, responses(
    (status = 201, body = DemoStarted), (status = 403, body = Problem), (status = 404, body = Problem, description = "There is no sandbox"),
    (status = 422, body = Problem, description = "The sandbox has no such README"), (status = 502, body = Problem), (status = 503, body = Problem)))]
pub async fn start_demo(
    State(app): State<App>,
    _caller: Caller<Operator>,
    Json(body): Json<StartDemo>,
) -> Result<(StatusCode, Json<DemoStarted>)> {
    let Some(base) = &app.config.shared.sandbox_url else {
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
    let made: Made = app.probe.json(request).await.map_err(refusal)?;
    Ok((StatusCode::CREATED, Json(DemoStarted { repository: made.full_name, html_url: Some(made.html_url) })))
}

/// The sandbox refuses only READMEs that it does not have.
fn refusal(error: CallError) -> Error {
    match error {
        CallError::Refused { status: 400..500, body: Some(body), .. } if body["message"].is_string() => {
            Error::unprocessable("unknown_readme", body["message"].as_str().unwrap_or_default())
        }
        other => other.into_error(),
    }
}

/// Lets the first admin decide from the sandbox's phone: its owner is linked to that account.
async fn link_phone(app: &App, base: &Url) -> Result<()> {
    let mut conn = app.db.acquire().await?;
    let Some(admin) = users::first_admin(&mut conn).await? else { return Ok(()) };
    drop(conn);
    let request = app.probe.request(Method::GET, address(base, "telegram/chats")?);
    let phone: Value = app.probe.json(request).await.map_err(CallError::into_error)?;
    let mut people = phone.get("users").and_then(Value::as_object).into_iter().flat_map(|people| people.values());
    let owner = people.find(|person| person.get("started").and_then(Value::as_bool) == Some(true));
    let chat_user_id = match owner.and_then(|person| person.get("id")).and_then(Value::as_i64) {
        Some(id) => id,
        None => give_phone(app, base, &admin.display_name).await?,
    };
    let link = LinkChat { user_id: admin.id, chat_user_id, name: admin.display_name };
    app.notification.link_chat(&link).await.map_err(CallError::into_error)
}

/// A new phone whose owner has pressed start, so that the bot may write.
async fn give_phone(app: &App, base: &Url, name: &str) -> Result<i64> {
    #[derive(Deserialize)]
    struct Person {
        id: i64,
    }
    let body = json!({"first_name": name, "started": true});
    let request = app.probe.request(Method::POST, address(base, "telegram/users")?).json(&body);
    let person: Person = app.probe.json(request).await.map_err(CallError::into_error)?;
    Ok(person.id)
}

fn address(base: &Url, path: &str) -> Result<Url> {
    Ok(base.join(&format!("/_sandbox/api/{path}"))?)
}
