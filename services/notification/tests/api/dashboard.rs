//! A dashboard-backend that speaks `docs/internal-api.md` and records what it is asked.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use common::auth::Role;
use common::clients::dashboard::{AnswerDecision, DecidedBy, Decision, UserBrief, UserList};
use common::ids::{DecisionId, UserId};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use time::OffsetDateTime;

#[derive(Clone, Default)]
pub(crate) struct Dashboard(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    decisions: HashMap<DecisionId, Decision>,
    names: HashMap<UserId, String>,
    viewers: Vec<UserId>,
    users: Vec<UserBrief>,
    answers: Vec<AnswerDecision>,
    failures: u32,
    now: Option<OffsetDateTime>,
}

impl Dashboard {
    pub(crate) async fn start(now: OffsetDateTime) -> (Self, SocketAddr) {
        let dashboard = Self::default();
        dashboard.0.lock().unwrap().now = Some(now);
        let router = Router::new()
            .route("/internal/v1/decisions/{id}/answers", post(answer))
            .route("/internal/v1/users", get(users))
            .with_state(dashboard.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (dashboard, address)
    }

    pub(crate) fn ask(&self, decision: &Decision) {
        self.0.lock().unwrap().decisions.insert(decision.id, decision.clone());
    }

    pub(crate) fn name(&self, user_id: UserId, name: &str) {
        self.0.lock().unwrap().names.insert(user_id, name.to_owned());
    }

    /// Somebody has an account.
    pub(crate) fn employ(&self, id: UserId, email: &str, role: Role) {
        let display_name = email.split('@').next().unwrap().to_owned();
        let user = UserBrief { id, email: email.to_owned(), display_name, role, disabled: false };
        self.0.lock().unwrap().users.push(user);
    }

    /// This user may look, but not decide.
    pub(crate) fn only_viewer(&self, user_id: UserId) {
        self.0.lock().unwrap().viewers.push(user_id);
    }

    /// Answers that were handed in, winners and losers.
    pub(crate) fn answers(&self) -> Vec<AnswerDecision> {
        self.0.lock().unwrap().answers.clone()
    }

    /// The next calls fail with 503.
    pub(crate) fn fail(&self, times: u32) {
        self.0.lock().unwrap().failures = times;
    }

    /// Somebody decides in the dashboard itself.
    pub(crate) fn decide(&self, id: DecisionId, choice: &str, name: &str) -> Decision {
        let mut inner = self.0.lock().unwrap();
        let now = inner.now;
        let decision = inner.decisions.get_mut(&id).unwrap();
        "answered".clone_into(&mut decision.status);
        decision.choice = Some(choice.to_owned());
        decision.decided_by = Some(DecidedBy { id: Some(UserId::new()), name: name.to_owned() });
        decision.decided_at = now;
        decision.channel = Some("dashboard".to_owned());
        decision.clone()
    }
}

async fn users(State(dashboard): State<Dashboard>) -> Response {
    let mut inner = dashboard.0.lock().unwrap();
    if inner.failures > 0 {
        inner.failures -= 1;
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    Json(UserList { users: inner.users.clone() }).into_response()
}

async fn answer(
    State(dashboard): State<Dashboard>,
    Path(id): Path<DecisionId>,
    headers: HeaderMap,
    Json(body): Json<AnswerDecision>,
) -> Response {
    let problem = |status: StatusCode, code: &str, detail: String, decision: Option<&Decision>| {
        let body = json!({
            "type": "about:blank", "title": "", "status": status.as_u16(), "code": code, "detail": detail,
            "correlation_id": "", "decision": decision,
        });
        (status, Json(body)).into_response()
    };
    if !headers.get("authorization").is_some_and(|value| value.to_str().unwrap().starts_with("Bearer ")) {
        return problem(StatusCode::UNAUTHORIZED, "missing_token", "no token".to_owned(), None);
    }
    let mut inner = dashboard.0.lock().unwrap();
    if inner.failures > 0 {
        inner.failures -= 1;
        return problem(StatusCode::SERVICE_UNAVAILABLE, "down", "down".to_owned(), None);
    }
    inner.answers.push(body.clone());
    if inner.viewers.contains(&body.user_id) {
        return problem(StatusCode::FORBIDDEN, "not_an_approver", "no".to_owned(), None);
    }
    let name = inner.names.get(&body.user_id).cloned().unwrap_or_else(|| "Somebody".to_owned());
    let now = inner.now;
    let Some(decision) = inner.decisions.get_mut(&id) else {
        return problem(StatusCode::NOT_FOUND, "not_found", "no such decision".to_owned(), None);
    };
    if decision.status != "pending" {
        return problem(StatusCode::CONFLICT, "already_decided", "decided".to_owned(), Some(decision));
    }
    if body.evidence_sha.as_deref() != decision.artifact.as_ref().and_then(|artifact| artifact.sha.as_deref()) {
        return problem(StatusCode::CONFLICT, "artifact_changed", "changed".to_owned(), Some(decision));
    }
    "answered".clone_into(&mut decision.status);
    decision.choice = Some(body.choice);
    decision.comment = body.comment;
    decision.channel = Some(body.channel);
    decision.decided_by = Some(DecidedBy { id: Some(body.user_id), name });
    decision.decided_at = now;
    Json(json!({ "status": "accepted", "decision": decision })).into_response()
}
