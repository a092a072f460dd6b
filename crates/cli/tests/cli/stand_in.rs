//! dashboard-backend's internal API of users and their keys, as far as the tool uses it.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use common::clock::Clock;
use serde_json::{Value, json};

#[derive(Clone, Default)]
pub(crate) struct Dashboard {
    pub(crate) users: Arc<Mutex<Vec<Value>>>,
    pub(crate) passwords: Arc<Mutex<Vec<(String, String)>>>,
    pub(crate) keys: Arc<Mutex<Vec<Value>>>,
}

impl Dashboard {
    pub(crate) async fn serve(&self) -> String {
        let router = Router::new()
            .route("/internal/v1/users", get(list).post(create))
            .route("/internal/v1/users/{id}/{what}", post(change))
            .route("/internal/v1/api-keys", get(list_keys).post(create_key))
            .route("/internal/v1/api-keys/{id}/revoke", post(revoke_key))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }
}

fn from_the_tool(headers: &HeaderMap) -> bool {
    let token = headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap();
    let issuer = common::testing::tokens("dashboard-backend", &Clock::system()).verify_service(token);
    issuer.is_ok_and(|issuer| issuer == "cli")
}

async fn list(State(dashboard): State<Dashboard>, headers: HeaderMap) -> Response {
    if !from_the_tool(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(json!({ "users": *dashboard.users.lock().unwrap() })).into_response()
}

async fn create(State(dashboard): State<Dashboard>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if !from_the_tool(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mut users = dashboard.users.lock().unwrap();
    if users.iter().any(|user| user["email"] == body["email"]) {
        let problem = json!({ "type": "about:blank", "title": "Conflict", "status": 409, "code": "email_taken", "detail": "An account with this address exists", "correlation_id": "" });
        return (StatusCode::CONFLICT, Json(problem)).into_response();
    }
    let id = uuid::Uuid::now_v7().to_string();
    let user = json!({ "id": id, "email": body["email"], "display_name": body["display_name"], "role": body["role"], "disabled": false });
    users.push(user.clone());
    dashboard.passwords.lock().unwrap().push((id, body["password"].as_str().unwrap().to_owned()));
    (StatusCode::CREATED, Json(user)).into_response()
}

async fn change(
    State(dashboard): State<Dashboard>,
    Path((id, what)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Json<Value> {
    let mut users = dashboard.users.lock().unwrap();
    let user = users.iter_mut().find(|user| user["id"] == id.as_str()).unwrap();
    match what.as_str() {
        "role" => user["role"] = body["role"].clone(),
        _ => dashboard.passwords.lock().unwrap().push((id, body["password"].as_str().unwrap().to_owned())),
    }
    Json(user.clone())
}

async fn list_keys(State(dashboard): State<Dashboard>, headers: HeaderMap) -> Response {
    if !from_the_tool(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(json!({ "api_keys": *dashboard.keys.lock().unwrap() })).into_response()
}

async fn create_key(State(dashboard): State<Dashboard>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if !from_the_tool(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if !dashboard.users.lock().unwrap().iter().any(|user| user["email"] == body["email"]) {
        let problem = json!({ "type": "about:blank", "title": "Not Found", "status": 404, "code": "no_such_user", "detail": "There is no such account", "correlation_id": "" });
        return (StatusCode::NOT_FOUND, Json(problem)).into_response();
    }
    let mut keys = dashboard.keys.lock().unwrap();
    let letter = char::from(b'a' + u8::try_from(keys.len()).unwrap());
    let prefix = format!("qp_{}", String::from(letter).repeat(8));
    let key = json!({
        "id": uuid::Uuid::now_v7(), "name": body["name"], "prefix": prefix, "scopes": body["scopes"], "state": "active",
        "owner": { "id": "0199aaaa-0000-7000-8000-000000000001", "email": body["email"], "display_name": "Ada" },
        "created_at": "2026-03-17T12:00:00Z", "expires_at": body["expires_at"], "last_used_at": null,
    });
    keys.push(key.clone());
    (StatusCode::CREATED, Json(json!({ "key": format!("{prefix}_{}", "s".repeat(43)), "api_key": key })))
        .into_response()
}

async fn revoke_key(State(dashboard): State<Dashboard>, Path(id): Path<String>) -> Json<Value> {
    let mut keys = dashboard.keys.lock().unwrap();
    let at = keys.iter().position(|key| key["id"] == id.as_str()).unwrap();
    Json(keys.remove(at))
}
