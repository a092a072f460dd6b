//! dashboard-backend's internal user API, as far as the tool uses it.

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
}

impl Dashboard {
    pub(crate) async fn serve(&self) -> String {
        let router = Router::new()
            .route("/internal/v1/users", get(list).post(create))
            .route("/internal/v1/users/{id}/{what}", post(change))
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
