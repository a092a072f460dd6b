//! The whole URL map; the API description falls out of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use common::health::Health;
use common::http::{Layers, layers};
use tokio::sync::Mutex;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::SERVICE;
use crate::app::App;
use crate::handlers::{approval_page, decisions, notifications, telegram_links, webhooks};
use crate::metrics;
use crate::store::updates;

/// How long an answer of the outside world about its health is believed: readiness is asked every few seconds.
const BELIEVED: Duration = Duration::from_secs(30);

#[derive(utoipa::OpenApi)]
#[openapi(info(title = "QuantaPilot notification", description = "Telegram and e-mail: messages out, answers in."))]
struct Api;

/// Paths and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(notifications::create_notification))
        .routes(routes!(notifications::list_notifications))
        .routes(routes!(decisions::close_decision))
        .routes(routes!(
            telegram_links::list_telegram_links,
            telegram_links::create_telegram_link,
            telegram_links::delete_telegram_link
        ))
        .routes(routes!(telegram_links::link_chat))
        .routes(routes!(webhooks::receive_telegram))
        .routes(routes!(approval_page::show_approval, approval_page::submit_approval))
        .with_state(app)
        .split_for_parts()
}

/// The service as it is served: paths, health, metrics, description, layers.
pub fn service(app: &App) -> Router {
    metrics::register();
    let (router, description) = router(app.clone());
    let router = router.route("/openapi.json", get(async move || axum::Json(description))).merge(health(app).router());
    layers(router, Layers::default())
}

fn health(app: &App) -> Health {
    let mut health = Health::new(SERVICE);
    let db = app.db.clone();
    health = health.check("postgres", move || {
        let db = db.clone();
        async move { common::db::check(&db).await }
    });
    if let Some(bot) = app.telegram.clone() {
        let remembered = Remembered::default();
        let db = app.db.clone();
        health = health.check_optional("telegram", move || {
            let (bot, remembered, db) = (bot.clone(), remembered.clone(), db.clone());
            async move {
                remembered.ask(async || Ok(bot.get_me().await.map(drop)?)).await?;
                let state = updates::bot(&mut *db.acquire().await?).await?;
                state.problem.map_or(Ok(()), |problem| Err(anyhow::anyhow!("no updates: {problem}")))
            }
        });
    }
    if let Some(mailer) = app.mailer.clone() {
        let remembered = Remembered::default();
        health = health.check_optional("smtp", move || {
            let (mailer, remembered) = (mailer.clone(), remembered.clone());
            async move { remembered.ask(async || mailer.check().await).await }
        });
    }
    health
}

/// The last answer of something outside, and when it was given.
#[derive(Clone, Default)]
struct Remembered(Arc<Mutex<Option<LastAnswer>>>);

/// When it was given, and what was wrong.
type LastAnswer = (Instant, Result<(), String>);

impl Remembered {
    async fn ask(&self, check: impl AsyncFnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
        let mut last = self.0.lock().await;
        let known = last.as_ref().filter(|(at, _)| at.elapsed() < BELIEVED).map(|(_, answer)| answer.clone());
        let answer = if let Some(answer) = known {
            answer
        } else {
            let answer = check().await.map_err(|error| format!("{error:#}"));
            *last = Some((Instant::now(), answer.clone()));
            answer
        };
        answer.map_err(anyhow::Error::msg)
    }
}
