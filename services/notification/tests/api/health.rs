//! Whether Telegram and the mail server can be reached, as readiness tells it.

use std::time::Duration;

use common::testing::send;
use http::Method;
use sandbox::faults::{Kind, NewFault, Surface};
use serde_json::json;
use sqlx::PgPool;

use crate::support::Installation;

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn readiness_tells_of_telegram_and_mail_and_of_no_secret(db: PgPool) {
    let installation = Installation::start(db).await;
    let ready = async || send(&installation.router, Method::GET, "/health/ready", &[], None).await;
    let well = ready().await;
    assert_eq!(well.body["status"], "ok", "{:?}", well.body);
    for name in ["telegram", "smtp"] {
        let check = &well.body["checks"][name];
        assert_eq!((&check["ok"], &check["required"]), (&json!(true), &json!(false)), "{name}: {check}");
        assert!(check["latency_ms"].is_u64() && check["age_seconds"] == 0, "{name}: {check}");
    }
    installation.sandbox.faults().add(NewFault::once(Surface::Telegram, Kind::Status { status: 500 }).until_cleared());
    installation.clock.advance(Duration::from_secs(29));
    assert_eq!(ready().await.body["status"], "ok", "the providers are not asked each time");
    installation.clock.advance(Duration::from_secs(1));
    let away = ready().await;
    assert_eq!((away.status.as_u16(), &away.body["status"]), (200, &json!("degraded")), "{:?}", away.body);
    assert_eq!(away.body["checks"]["smtp"]["ok"], true);
    let reason = away.body["checks"]["telegram"]["error"].as_str().unwrap();
    let token = &installation.sandbox.context().settings().telegram_token;
    assert!(!reason.is_empty() && !away.body.to_string().contains(token.as_str()), "{reason}");
}
