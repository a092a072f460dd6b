use common::auth::Role;
use common::ids::UserId;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::TestApp;

/// The one finding of a check.
fn finding<'a>(report: &'a Value, id: &str) -> &'a Value {
    report["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == id).unwrap()
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_doctor_tells_administrators_what_is_wrong_and_what_to_do(db: PgPool) {
    let nowhere = "http://127.0.0.1:9";
    let urls = ["API_GATEWAY_URL", "CURSOR_INTEGRATION_URL", "GITHUB_INTEGRATION_URL", "DASHBOARD_BACKEND_URL"];
    let mut settings: Vec<(&str, &str)> = urls.iter().map(|name| (*name, nowhere)).collect();
    settings.extend([("SETUP_OPEN", "true"), ("PUBLIC_URL", "http://pilot.example.org")]);
    let app = TestApp::start_with(db, &settings).await;
    let path = "/api/v1/system/doctor";
    for role in [Role::Viewer, Role::Approver, Role::Operator] {
        let refused = app.person(UserId::new(), role, Method::GET, path, None).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    let ask = async || app.person(UserId::new(), Role::Admin, Method::GET, path, None).await;
    let answer = ask().await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    let report = answer.body;
    assert_eq!(report["healthy"], false);
    assert_eq!(finding(&report, "database.migrated")["severity"], "ok");
    assert_eq!(finding(&report, "service.api-gateway")["severity"], "critical");
    assert_eq!(finding(&report, "settings.setup-open")["severity"], "critical");
    assert_eq!(finding(&report, "tls.public-url")["severity"], "critical");
    assert_eq!(finding(&report, "backup.age")["severity"], "warning");
    for bad in report["findings"].as_array().unwrap().iter().filter(|f| f["severity"] == "critical") {
        assert!(bad["fix"].as_str().is_some_and(|fix| !fix.is_empty()), "{bad}");
    }

    // A backup that we were told of counts from then on, and grows old.
    let made = common::clock::Clock::fixed(app.clock.now());
    let at = made.now().format(&time::format_description::well_known::Rfc3339).unwrap();
    let told =
        app.service("cli", Method::POST, "/internal/v1/backups", Some(json!({"created_at": at, "bytes": 4096}))).await;
    assert_eq!(told.status, StatusCode::NO_CONTENT);
    let stranger = app
        .service("notification", Method::POST, "/internal/v1/backups", Some(json!({"created_at": at, "bytes": 1})))
        .await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN);
    assert_eq!(finding(&ask().await.body, "backup.age")["severity"], "ok");
    app.advance(27 * 3600);
    assert_eq!(finding(&ask().await.body, "backup.age")["severity"], "warning");
    app.advance(50 * 3600);
    assert_eq!(finding(&ask().await.body, "backup.age")["severity"], "critical");
}
