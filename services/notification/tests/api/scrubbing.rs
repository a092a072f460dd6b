//! What is secret or personal goes in and does not come out.

use common::auth::Role;
use common::testing::{Recorded, bait, bearer, send, signed_in};
use http::Method;
use sandbox::faults::{Kind, NewFault, Surface};
use serde_json::json;
use sqlx::PgPool;

use super::support::{ADA, Installation, decision};

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn no_secret_and_no_person_comes_out(db: PgPool) {
    let recorded = Recorded::new("json", "trace");
    let guard = tracing::dispatcher::set_default(&recorded.dispatch);
    let installation = Installation::start(db).await;
    let description = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let headers = [
        signed_in(installation.ada, Role::Admin, "notification", &installation.clock),
        bearer("dashboard-backend", "notification", &installation.clock),
    ];
    let answers = bait::every_door(&installation.router, &description, &headers).await;
    // Messages to real people, refused in words that quote their address; and a stranger who writes to the bot.
    let mut decision = decision();
    decision.title = bait::PEOPLE.to_owned();
    decision.summary = bait::SECRETS.to_owned();
    installation.sandbox.faults().add(NewFault::once(Surface::Smtp, Kind::Status { status: 550 }).until_cleared());
    installation.ask(&decision, &["email", "telegram"]).await;
    installation.run_jobs().await;
    installation.say(ADA, bait::SECRETS, None);
    installation.say(ADA, bait::PEOPLE, None);
    assert!(installation.receive_once().await >= 2);
    installation.run_jobs().await;
    let page = format!("/a/{}", "baitbait".repeat(6));
    send(&installation.router, Method::GET, &page, &[], None).await;
    send(&installation.router, Method::POST, &page, &[], Some(json!({"code": bait::REGISTERED}))).await;
    let metrics = send(&installation.router, Method::GET, "/metrics", &[], None).await.body;
    drop(guard);
    let text = recorded.text();
    assert!(text.contains("a mail was refused for good"), "the lines were recorded");
    bait::assert_none(&[&text, metrics.as_str().unwrap()], &answers);
    let token = installation.sandbox.context().settings().telegram_token.clone();
    for gone in ["ada@example.org", token.as_str(), common::testing::SERVICE_SECRET] {
        assert!(!text.contains(gone), "`{gone}` came out");
    }
}
