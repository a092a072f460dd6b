//! The three services as the workflows see them: the step protocol, with answers from a script. In memory, and strict about what it is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use common::clock::Clock;
use serde_json::{Value, json};

use crate::n8n;
use crate::script::{self, Answer, Story};

pub(crate) const PROJECT: &str = "0199f3a0-0000-7000-8000-000000000001";
pub(crate) const INTAKE: &str = "0199f3a0-0000-7000-8000-000000000002";

#[derive(Clone, Default)]
pub(crate) struct StandIn(Arc<Mutex<World>>);

#[derive(Default)]
pub(crate) struct World {
    /// What happens to the project.
    pub(crate) story: Story,
    /// Where n8n is, to wake waiting workflows.
    n8n_url: String,
    /// The newest epoch.
    epoch: u64,
    /// Which execution holds which epoch.
    registered: BTreeMap<String, u64>,
    /// Whether the newest execution may be replaced by another.
    pub(crate) carrier_lost: bool,
    /// `cancelled` and the like.
    pub(crate) closed: bool,
    /// Finished steps: what they answered.
    done: BTreeMap<String, Value>,
    /// Long steps in work: where the workflow waits.
    pending: BTreeMap<String, Option<String>>,
    /// Steps whose effect was made, in order.
    pub(crate) effects: Vec<String>,
    /// Every call of a step: key and status.
    pub(crate) calls: Vec<(String, u16)>,
    /// Answer 503 so many times to this step.
    pub(crate) outage: BTreeMap<String, u32>,
    /// Do not finish these long steps by ourselves.
    pub(crate) hold: BTreeSet<String>,
    /// Answer these short steps only after so long.
    pub(crate) slow: BTreeMap<String, Duration>,
    /// What the error workflow reported.
    pub(crate) errors: Vec<Value>,
    /// How the project ended.
    pub(crate) finished: Option<Value>,
    /// The bodies of the first calls.
    pub(crate) bodies: BTreeMap<String, Value>,
    /// What the workflows sent that they should not have.
    pub(crate) complaints: Vec<String>,
    /// Intakes that are accepted.
    pub(crate) accepted: Vec<Value>,
}

type Problem = (StatusCode, &'static str, String);

impl StandIn {
    /// Listens on a free port; its base URL.
    pub(crate) async fn serve(&self) -> String {
        let router = Router::new()
            .route("/internal/v1/intakes/{id}", get(read_intake))
            .route("/internal/v1/intakes/{id}/accepted", post(accept_intake))
            .route("/internal/v1/projects", post(create_project))
            .route("/internal/v1/projects/{id}/executions", post(register))
            .route("/internal/v1/projects/{id}/{*rest}", post(step))
            .route("/internal/v1/executions/errors", post(report_error))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    /// Looks at or changes the world.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    pub(crate) fn n8n_is_at(&self, url: &str) {
        self.with(|world| url.clone_into(&mut world.n8n_url));
    }

    /// Waits until something is true of the world.
    pub(crate) async fn until(&self, what: &str, seconds: u64, holds: impl Fn(&World) -> bool) {
        let start = std::time::Instant::now();
        while !self.with(|world| holds(world)) {
            if start.elapsed() > Duration::from_secs(seconds) {
                let (calls, errors, complaints) =
                    self.with(|w| (w.calls.clone(), w.errors.clone(), w.complaints.clone()));
                panic!(
                    "waited {seconds} s in vain for: {what}\ncalls: {calls:#?}\nerrors: {errors:#?}\ncomplaints: {complaints:#?}"
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Finishes a long step that was held.
    pub(crate) fn finish(&self, key: &str) {
        self.with(|world| world.hold.remove(key));
        finish_long(self.clone(), key.to_owned(), Duration::ZERO);
    }
}

/// The work ends after a while, and the workflow is woken until it has asked again.
fn finish_long(standin: StandIn, key: String, after: Duration) {
    tokio::spawn(async move {
        tokio::time::sleep(after).await;
        standin.with(|world| {
            let answer = script::answer(world.story, &key, world.bodies.get(&key).unwrap_or(&Value::Null));
            let Answer::Long(result) = answer else { panic!("{key} is no long step") };
            world.done.entry(key.clone()).or_insert(result);
        });
        for _ in 0..3000 {
            let target =
                standin.with(|w| w.pending.get(&key).cloned().flatten().map(|path| format!("{}{path}", w.n8n_url)));
            let Some(url) = target else { return };
            n8n::post(&url, &[], &json!({})).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
}

fn problem((status, code, detail): Problem) -> Response {
    let body = json!({ "type": "about:blank", "title": "", "status": status.as_u16(), "code": code, "detail": detail, "correlation_id": "" });
    (status, [("content-type", "application/problem+json")], body.to_string()).into_response()
}

/// n8n must show the token that the import gave it, good for this service.
fn authorized(headers: &HeaderMap, audience: &'static str) -> Result<(), Problem> {
    let token = headers.get("authorization").and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let issuer = token.and_then(|token| common::testing::tokens(audience, &Clock::system()).verify_service(token).ok());
    if issuer.as_deref() == Some("n8n") && headers.contains_key("x-qp-execution") {
        return Ok(());
    }
    Err((StatusCode::UNAUTHORIZED, "invalid_token", "not the token of n8n, or no execution".to_owned()))
}

fn audience(path: &str) -> &'static str {
    match path.split('/').next().unwrap_or_default() {
        "agent-runs" => "cursor-integration",
        "analyse" | "branches" | "commits" | "pull-requests" | "checks" | "releases" => "github-integration",
        _ => "dashboard-backend",
    }
}

async fn step(
    State(standin): State<StandIn>,
    Path((project, path)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let key = headers.get("idempotency-key").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let key = key.strip_prefix(&format!("{project}/")).unwrap_or_default().to_owned();
    if let Some(pause) = standin.with(|world| world.slow.remove(&key)) {
        tokio::time::sleep(pause).await;
    }
    let answer = standin.with(|world| world.step(&path, &key, &headers, &body));
    let status = answer.as_ref().map_or_else(|problem| problem.0, |(status, _)| *status);
    standin.with(|world| world.calls.push((key.clone(), status.as_u16())));
    match answer {
        Err(refused) => problem(refused),
        Ok((status, body)) => {
            if status == StatusCode::ACCEPTED && standin.with(|world| !world.hold.contains(&key)) {
                finish_long(standin.clone(), key, Duration::from_millis(50));
            }
            (status, axum::Json(body)).into_response()
        }
    }
}

impl World {
    fn step(
        &mut self,
        path: &str,
        key: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(StatusCode, Value), Problem> {
        authorized(headers, audience(path))?;
        let body: Value = serde_json::from_slice(body).map_err(|error| {
            self.complaints.push(format!("{key}: the body is not JSON: {error}"));
            (StatusCode::BAD_REQUEST, "invalid_body", error.to_string())
        })?;
        let full = format!("{PROJECT}/{key}");
        let epoch = headers.get("x-qp-epoch").and_then(|v| v.to_str().ok()).unwrap_or_default();
        if let Err(error) = common::steps::Step::parse(&full, epoch, None) {
            self.complaints.push(format!("{full} (epoch {epoch:?}): {error:?}"));
            return Err((StatusCode::BAD_REQUEST, "invalid_idempotency_key", full));
        }
        let epoch: u64 = epoch.parse().unwrap_or_default();
        if epoch < self.epoch {
            return Err((StatusCode::CONFLICT, "superseded", format!("epoch {epoch} < {}", self.epoch)));
        }
        if epoch > self.epoch {
            self.complaints.push(format!("{key}: epoch {epoch} was never given out"));
            return Err((StatusCode::CONFLICT, "unknown_epoch", String::new()));
        }
        if self.closed {
            return Err((StatusCode::CONFLICT, "project_closed", "the project is cancelled".to_owned()));
        }
        if let Some(left) = self.outage.get_mut(key).filter(|left| **left > 0) {
            *left -= 1;
            return Err((StatusCode::SERVICE_UNAVAILABLE, "unavailable", "try again".to_owned()));
        }
        if let Some(complaint) = script::complaint(path, &body) {
            self.complaints.push(format!("{key}: {complaint}"));
        }
        let first = !self.bodies.contains_key(key);
        self.bodies.insert(key.to_owned(), body.clone());
        if first {
            self.effects.push(key.to_owned());
        }
        let answer = script::answer(self.story, key, &body);
        if let Answer::Short(value) = answer {
            let value = self.done.entry(key.to_owned()).or_insert(value).clone();
            if key == "finish/1" {
                self.finished = Some(body);
            }
            return Ok((StatusCode::OK, value));
        }
        if let Some(result) = self.done.get(key) {
            self.pending.insert(key.to_owned(), None); // fetched: nobody has to be woken any more
            return Ok((StatusCode::OK, json!({ "status": "done", "id": PROJECT, "result": result })));
        }
        let url = body["resume_url"].as_str().unwrap_or_default();
        let path = url.find("/webhook-waiting/").map(|at| url[at..].to_owned());
        if path.is_none() || body["execution_id"].as_str().is_none() {
            self.complaints.push(format!("{key}: no way to wake it: {body}"));
        }
        self.pending.insert(key.to_owned(), path);
        Ok((StatusCode::ACCEPTED, json!({ "status": "pending", "id": PROJECT })))
    }

    /// Whether a long step was asked for and is not finished.
    pub(crate) fn waits(&self, key: &str) -> bool {
        self.pending.get(key).is_some_and(Option::is_some) && !self.done.contains_key(key)
    }

    /// Where the workflow of a long step waits.
    pub(crate) fn resume_path(&self, key: &str) -> Option<String> {
        self.pending.get(key).cloned().flatten()
    }
}

async fn register(
    State(standin): State<StandIn>,
    Path(project): Path<String>,
    headers: HeaderMap,
    axum::Json(body): axum::Json<Value>,
) -> Response {
    if let Err(refused) = authorized(&headers, "dashboard-backend") {
        return problem(refused);
    }
    let execution = body["execution_id"].as_str().unwrap_or_default().to_owned();
    let answer = standin.with(|world| {
        if !world.registered.contains_key(&execution) {
            let epoch = if world.epoch == 0 || world.carrier_lost { world.epoch + 1 } else { 0 };
            world.carrier_lost = false;
            world.epoch = world.epoch.max(epoch);
            world.registered.insert(execution.clone(), epoch);
        }
        let epoch = world.registered[&execution];
        json!({ "proceed": epoch > 0, "epoch": world.epoch, "reason": null, "project": script::project(&project) })
    });
    axum::Json(answer).into_response()
}

async fn report_error(State(standin): State<StandIn>, axum::Json(body): axum::Json<Value>) -> StatusCode {
    standin.with(|world| world.errors.push(body));
    StatusCode::ACCEPTED
}

async fn read_intake(Path(id): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refused) = authorized(&headers, "github-integration") {
        return problem(refused);
    }
    axum::Json(json!({ "id": id, "state": "pending", "repository": script::repository(), "readme": { "path": "README.md", "sha": "b10b" } })).into_response()
}

async fn accept_intake(State(standin): State<StandIn>, axum::Json(body): axum::Json<Value>) -> Response {
    standin.with(|world| world.accepted.push(body));
    axum::Json(json!({})).into_response()
}

async fn create_project(axum::Json(body): axum::Json<Value>) -> Response {
    let sound = body["intake_id"] == INTAKE
        && body["repository"]["full_name"] == "acme/greeter"
        && body["readme"]["path"] == "README.md";
    let status = if sound { StatusCode::CREATED } else { StatusCode::UNPROCESSABLE_ENTITY };
    (status, axum::Json(json!({ "project_id": PROJECT, "created": true }))).into_response()
}
