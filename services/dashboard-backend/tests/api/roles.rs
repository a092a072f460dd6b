//! Every public endpoint asks for its role, and for no less.

use common::auth::Role;
use common::ids::UserId;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::TestApp;

const ROLES: [Role; 4] = [Role::Viewer, Role::Approver, Role::Operator, Role::Admin];

fn table() -> Vec<(Method, &'static str, Role, Option<Value>)> {
    let (get, post, patch, put) = (Method::GET, Method::POST, Method::PATCH, Method::PUT);
    let id = "0199d6ff-0000-7000-8000-000000000000";
    let with_id = |path: &str| -> &'static str { Box::leak(path.replace("{id}", id).into_boxed_str()) };
    vec![
        (get.clone(), "/api/v1/auth/me", Role::Viewer, None),
        (get.clone(), "/api/v1/home", Role::Viewer, None),
        (get.clone(), "/api/v1/projects", Role::Viewer, None),
        (get.clone(), with_id("/api/v1/projects/{id}"), Role::Viewer, None),
        (get.clone(), with_id("/api/v1/projects/{id}/stages"), Role::Viewer, None),
        (get.clone(), with_id("/api/v1/projects/{id}/events"), Role::Viewer, None),
        (get.clone(), with_id("/api/v1/projects/{id}/artifacts"), Role::Viewer, None),
        (get.clone(), with_id("/api/v1/projects/{id}/artifacts/{id}"), Role::Viewer, None),
        (get.clone(), with_id("/api/v1/projects/{id}/decisions"), Role::Viewer, None),
        (get.clone(), with_id("/api/v1/projects/{id}/requirements"), Role::Viewer, None),
        (get.clone(), with_id("/api/v1/projects/{id}/policies"), Role::Viewer, None),
        (get.clone(), "/api/v1/policies", Role::Viewer, None),
        (get.clone(), "/api/v1/budgets", Role::Viewer, None),
        (get.clone(), with_id("/api/v1/projects/{id}/budgets"), Role::Viewer, None),
        (get.clone(), "/api/v1/decisions", Role::Viewer, None),
        (get.clone(), with_id("/api/v1/decisions/{id}"), Role::Viewer, None),
        (get.clone(), "/api/v1/demo", Role::Viewer, None),
        (
            post.clone(),
            "/api/v1/users/me/password",
            Role::Viewer,
            Some(json!({"current": "x", "new": "a password of some length"})),
        ),
        (get.clone(), "/api/v1/api-keys", Role::Viewer, None),
        (post.clone(), "/api/v1/api-keys", Role::Viewer, Some(json!({"name": "x", "scopes": ["*"]}))),
        (Method::DELETE, with_id("/api/v1/api-keys/{id}"), Role::Viewer, None),
        (Method::DELETE, "/api/v1/users/me/sessions", Role::Viewer, None),
        (post.clone(), with_id("/api/v1/decisions/{id}/answers"), Role::Approver, Some(json!({"choice": "approve"}))),
        (post.clone(), with_id("/api/v1/projects/{id}/pause"), Role::Operator, Some(json!({}))),
        (post.clone(), with_id("/api/v1/projects/{id}/resume"), Role::Operator, Some(json!({}))),
        (post.clone(), with_id("/api/v1/projects/{id}/cancel"), Role::Operator, Some(json!({}))),
        (post.clone(), with_id("/api/v1/projects/{id}/retry"), Role::Operator, Some(json!({}))),
        (put.clone(), with_id("/api/v1/projects/{id}/policies/plan"), Role::Operator, Some(json!({"mode": "ask"}))),
        (post.clone(), "/api/v1/demo", Role::Operator, Some(json!({"readme": "x"}))),
        (put.clone(), "/api/v1/budgets/day", Role::Admin, Some(json!({"limit_cents": 5}))),
        (Method::DELETE, "/api/v1/budgets/day", Role::Admin, None),
        (put.clone(), with_id("/api/v1/projects/{id}/budgets/day"), Role::Admin, Some(json!({"limit_cents": 5}))),
        (Method::DELETE, with_id("/api/v1/projects/{id}/budgets/day"), Role::Admin, None),
        (put, "/api/v1/policies/plan", Role::Admin, Some(json!({"mode": "ask"}))),
        (get, "/api/v1/users", Role::Admin, None),
        (
            post,
            "/api/v1/users",
            Role::Admin,
            Some(json!({"email": "x", "display_name": "X", "role": "viewer", "password": "x"})),
        ),
        (patch, with_id("/api/v1/users/{id}"), Role::Admin, Some(json!({}))),
    ]
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn each_role_may_what_it_may(db: PgPool) {
    let app = TestApp::start(db).await;
    for (method, path, least, body) in table() {
        let nobody = app.anyone(method.clone(), path, &[], body.clone()).await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{method} {path} without signing in");
        for role in ROLES {
            let answer = app.person(UserId::new(), role, method.clone(), path, body.clone()).await;
            let refused = answer.status == StatusCode::FORBIDDEN && answer.body["code"] == "role_required";
            assert_eq!(
                refused,
                role < least,
                "{method} {path} as {}: {} {:?}",
                role.as_str(),
                answer.status,
                answer.body
            );
            assert!(answer.status.as_u16() < 500, "{method} {path}: {:?}", answer.body);
        }
    }
}

#[test]
fn the_table_names_every_endpoint() {
    let (_, spec) = dashboard_backend::routes::public().split_for_parts();
    let spec = serde_json::to_value(&spec).unwrap();
    let open = [
        "/api/v1/setup",
        "/api/v1/auth/login",
        "/api/v1/auth/refresh",
        "/api/v1/auth/logout",
        "/api/v1/auth/jwks.json",
    ];
    // Streams and probes have tests of their own.
    let elsewhere = ["/api/v1/events/stream", "/api/v1/system", "/api/v1/system/doctor"];
    let known: Vec<(String, String)> =
        table().into_iter().map(|(method, path, _, _)| (method.as_str().to_lowercase(), shape(path))).collect();
    for (path, operations) in spec["paths"].as_object().unwrap() {
        if open.contains(&path.as_str()) || elsewhere.contains(&path.as_str()) {
            continue;
        }
        for method in operations.as_object().unwrap().keys() {
            assert!(known.contains(&(method.clone(), shape(path))), "{method} {path} is in no table of roles");
        }
    }
}

/// A path with its variable parts made alike.
fn shape(path: &str) -> String {
    let part = |part: &str| {
        if part.starts_with('{') || part.len() == 36 || matches!(part, "plan" | "day") {
            "*".to_owned()
        } else {
            part.to_owned()
        }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}
