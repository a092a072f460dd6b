//! The whole URL map; the API description falls out of it.

use axum::Router;
use axum::routing::get;
use common::health::{Health, Remembered};
use common::http::{Layers, description, layers};
use common::sandbox::Mode;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::SERVICE;
use crate::app::App;
use crate::handlers::{alerts, approval_page, decisions, notifications, telegram_links, webhooks};
use crate::metrics;
use crate::store::updates;

#[derive(utoipa::OpenApi)]
#[openapi(info(title = "QuantaPilot notification", description = "Telegram and e-mail: messages out, answers in."))]
struct Api;

/// Paths and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let mut router = OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(notifications::create_notification))
        .routes(routes!(notifications::list_notifications))
        .routes(routes!(decisions::close_decision))
        .routes(routes!(alerts::receive_alerts))
        .routes(routes!(
            telegram_links::list_telegram_links,
            telegram_links::create_telegram_link,
            telegram_links::delete_telegram_link
        ))
        .routes(routes!(telegram_links::link_chat))
        .routes(routes!(webhooks::receive_telegram))
        .routes(routes!(approval_page::show_approval, approval_page::submit_approval));
    description::complete(router.get_openapi_mut());
    router.with_state(app).split_for_parts()
}

/// The service as it is served: paths, health, metrics, description, layers.
pub fn service(app: &App) -> Router {
    metrics::register();
    let (router, description) = router(app.clone());
    let router = router.route("/openapi.json", get(async move || axum::Json(description))).merge(health(app).router());
    layers(router, Layers::default())
}

fn health(app: &App) -> Health {
    let mode = |mode: Option<Mode>| mode.unwrap_or(Mode::Off);
    let mut health = Health::new(SERVICE)
        .integration("telegram", mode(app.config.telegram.as_ref().map(|telegram| telegram.mode)))
        .integration("mail", mode(app.config.smtp.as_ref().map(|smtp| smtp.mode)));
    let db = app.db.clone();
    health = health.check("postgres", move || {
        let db = db.clone();
        async move { common::db::check(&db).await }
    });
    if let Some(bot) = app.telegram.clone() {
        let db = app.db.clone();
        health = health.check_outside("telegram", &Remembered::new(app.clock.clone()), move || {
            let (bot, db) = (bot.clone(), db.clone());
            async move {
                bot.get_me().await?;
                let state = updates::bot(&mut *db.acquire().await?).await?;
                state.problem.map_or(Ok(()), |problem| Err(anyhow::anyhow!("no updates: {problem}")))
            }
        });
    }
    if let Some(mailer) = app.mailer.clone() {
        health = health.check_outside("smtp", &Remembered::new(app.clock.clone()), move || {
            let mailer = mailer.clone();
            async move { mailer.check().await }
        });
    }
    health
}
