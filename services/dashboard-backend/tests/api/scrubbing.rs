//! What is secret or personal goes in and does not come out.

use common::auth::Role;
use common::ids::UserId;
use common::testing::{Recorded, bait, bearer, send, signed_in};
use http::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::support::TestApp;

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn no_secret_and_no_person_comes_out(db: PgPool) {
    let recorded = Recorded::new("json", "trace");
    let guard = tracing::dispatcher::set_default(&recorded.dispatch);
    let app = TestApp::start(db).await;
    let description = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let headers = [
        signed_in(UserId::new(), Role::Admin, "dashboard-backend", &app.clock),
        bearer("n8n", "dashboard-backend", &app.clock),
    ];
    let mut answers = bait::every_door(&app.router, &description, &headers).await;
    assert!(answers.len() > 40, "{} answers", answers.len());
    let login = json!({"email": bait::EMAIL, "password": bait::REGISTERED});
    for _ in 0..12 {
        answers.push(send(&app.router, Method::POST, "/api/v1/auth/login", &[], Some(login.clone())).await);
    }
    let metrics = send(&app.router, Method::GET, "/metrics", &[], None).await.body;
    drop(guard);
    assert!(recorded.text().contains("answered"), "the lines were recorded");
    bait::assert_none(&[&recorded.text(), metrics.as_str().unwrap()], &answers);
    assert!(!recorded.text().contains(common::testing::SERVICE_SECRET));
}
