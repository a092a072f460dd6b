//! The API as a client meets it.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    Sandbox, Settings,
    faults::{Kind, NewFault, Surface},
    github::DemoRequest,
};

struct Client {
    base: String,
    key: String,
    http: reqwest::Client,
}

impl Client {
    fn of(sandbox: &Sandbox) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().expect("a client");
        Self { base: sandbox.url().to_owned(), key: sandbox.context().settings().cursor_api_key.clone(), http }
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let method = method.parse().expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("an answer");
        (response.status(), response.json().await.unwrap_or_default())
    }

    async fn text(&self, path: &str, last_event: Option<&str>) -> (StatusCode, String) {
        let mut request = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.key);
        if let Some(id) = last_event {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.expect("an answer");
        (response.status(), response.text().await.expect("a body"))
    }

    async fn until_ended(&self, agent: &str, run: &str) -> Value {
        for _ in 0..600 {
            let (_, run) = self.call("GET", &format!("/v1/agents/{agent}/runs/{run}"), None).await;
            if !matches!(run["status"].as_str(), Some("CREATING" | "RUNNING")) {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the run does not end");
    }
}

async fn repository(sandbox: &Sandbox) -> String {
    let request = DemoRequest { readme: Some("python-cli".to_owned()), ..DemoRequest::default() };
    let made = sandbox.github().demo(request).await.expect("a repository");
    made["html_url"].as_str().expect("an address").to_owned()
}

fn plan(repository: &str, agent: &str) -> Value {
    let task = json!({"role": "architect", "task": "plan", "branch": "main", "base_branch": "main", "readme_path": "README.md"});
    json!({
        "agentId": agent, "prompt": {"text": format!("Plan.\n\n```json quantapilot-task\n{task}\n```\n")},
        "repos": [{"url": repository, "startingRef": "main"}], "workOnCurrentBranch": true,
    })
}

fn new_id() -> String {
    format!("bc-{}", uuid::Uuid::new_v4())
}

#[tokio::test]
async fn an_agent_has_one_life_and_its_stream_can_be_read_in_parts() {
    let sandbox = Sandbox::start(Settings::default()).await.expect("a sandbox");
    let client = Client::of(&sandbox);
    let (url, id) = (repository(&sandbox).await, new_id());
    let (status, created) = client.call("POST", "/v1/agents", Some(plan(&url, &id))).await;
    assert_eq!(status, 201, "{created}");
    assert_eq!(created["agent"]["id"], id);
    let run = created["run"]["id"].as_str().expect("a run").to_owned();
    assert_eq!(created["agent"]["latestRunId"], run);

    let (status, replay) = client.call("POST", "/v1/agents", Some(plan(&url, &id))).await;
    assert_eq!((status.as_u16(), &replay["error"]["code"]), (409, &json!("agent_id_conflict")));

    let ended = client.until_ended(&id, &run).await;
    assert_eq!(ended["status"], "FINISHED", "{ended}");
    assert!(ended["result"].as_str().is_some_and(|text| text.contains("```json")), "{ended}");
    assert!(ended["durationMs"].is_u64());
    let (_, list) = client.call("GET", &format!("/v1/agents/{id}/runs"), None).await;
    assert!(list["items"][0].get("result").is_none(), "lists are short");

    let path = format!("/v1/agents/{id}/runs/{run}/stream");
    let (_, whole) = client.text(&path, None).await;
    assert!(whole.starts_with("event: status"), "{whole}");
    let first = whole.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id");
    let (_, rest) = client.text(&path, Some(first)).await;
    assert!(rest.len() < whole.len() && rest.contains("event: result") && rest.contains("event: done"), "{rest}");
    assert_eq!(client.text(&path, Some("1-0")).await.0, 400);

    let (_, usage) = client.call("GET", &format!("/v1/agents/{id}/usage"), None).await;
    assert!(
        usage["totalUsage"]["totalTokens"].as_u64() > Some(0) && usage.get("cost").is_none(),
        "cost is late: {usage}"
    );
    let (_, files) = client.call("GET", &format!("/v1/agents/{id}/artifacts"), None).await;
    let file = files["items"][0]["path"].as_str().expect("a file");
    let (_, link) = client.call("GET", &format!("/v1/agents/{id}/artifacts/download?path={file}"), None).await;
    let link = link["url"].as_str().expect("a link");
    let bare = client.http.get(link).send().await.expect("an answer");
    assert_eq!(bare.status(), 200, "a download link needs no key");

    client.call("POST", &format!("/v1/agents/{id}/archive"), None).await;
    let follow_up = json!({"prompt": {"text": "more"}});
    let (_, archived) = client.call("POST", &format!("/v1/agents/{id}/runs"), Some(follow_up)).await;
    assert_eq!(archived["error"]["code"], "agent_archived");
    let (_, agent) = client.call("GET", &format!("/v1/agents/{id}"), None).await;
    assert_eq!(agent["status"], "ARCHIVED");
    assert_eq!(client.call("DELETE", &format!("/v1/agents/{id}"), None).await.0, 200);
    assert_eq!(client.call("GET", &format!("/v1/agents/{id}"), None).await.1["error"]["code"], "agent_not_found");
}

#[tokio::test]
async fn a_stalled_run_is_busy_until_it_is_cancelled() {
    let sandbox = Sandbox::start(Settings::default()).await.expect("a sandbox");
    let client = Client::of(&sandbox);
    let (url, id) = (repository(&sandbox).await, new_id());
    sandbox.faults().add(NewFault::once(Surface::Cursor, Kind::Stall).on("architect/plan"));
    let (_, created) = client.call("POST", "/v1/agents", Some(plan(&url, &id))).await;
    let run = created["run"]["id"].as_str().expect("a run").to_owned();
    let follow_up = json!({"prompt": {"text": "more"}});
    let (_, busy) = client.call("POST", &format!("/v1/agents/{id}/runs"), Some(follow_up)).await;
    assert_eq!(busy["error"]["code"], "agent_busy");
    let cancel = format!("/v1/agents/{id}/runs/{run}/cancel");
    assert_eq!(client.call("POST", &cancel, None).await.0, 200);
    assert_eq!(client.until_ended(&id, &run).await["status"], "CANCELLED");
    assert_eq!(client.call("POST", &cancel, None).await.1["error"]["code"], "run_not_cancellable");
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_a_code() {
    let sandbox = Sandbox::start(Settings::default()).await.expect("a sandbox");
    let client = Client::of(&sandbox);
    let url = repository(&sandbox).await;
    let with = |field: &str, value: Value| {
        let mut body = plan(&url, &new_id());
        body[field] = value;
        body
    };
    for (body, code) in [
        (with("prompt", json!({"text": " "})), "validation_error"),
        (with("model", json!("composer-2.5")), "validation_error"),
        (with("model", json!({"id": "none"})), "invalid_model"),
        (with("agentId", json!("mine")), "validation_error"),
        (with("envVars", json!({"A": "b"})), "validation_error"),
        (with("repos", json!([{"url": "https://github.com/no/such", "startingRef": "main"}])), "repository_access"),
        (with("repos", json!([{"url": url, "startingRef": "a".repeat(40)}])), "invalid_branch_name"),
        (with("repos", json!([{"url": url, "startingRef": "none"}])), "validation_error"),
    ] {
        let (status, answer) = client.call("POST", "/v1/agents", Some(body)).await;
        assert_eq!((status.as_u16(), &answer["error"]["code"]), (400, &json!(code)), "{answer}");
    }
    assert_eq!(client.call("GET", "/v1/agents?colour=red", None).await.0, 400);
    assert_eq!(client.call("GET", "/v1/models", None).await.1["items"][1]["id"], "composer-2.5");
    let stranger =
        client.http.get(format!("{}/v1/me", client.base)).bearer_auth("wrong").send().await.expect("an answer");
    assert_eq!(stranger.status(), 401);
    let basic = client.http.get(format!("{}/v1/me", client.base)).basic_auth(&client.key, Some(""));
    assert_eq!(basic.send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn state_survives_a_restart_and_a_run_under_way_does_not() {
    let folder = tempfile::tempdir().expect("a directory");
    let settings = || Settings { data_dir: Some(folder.path().to_owned()), ..Settings::default() };
    let id = new_id();
    let run = {
        let sandbox = Sandbox::start(settings()).await.expect("a sandbox");
        let client = Client::of(&sandbox);
        let url = repository(&sandbox).await;
        sandbox.faults().add(NewFault::once(Surface::Cursor, Kind::Stall));
        let (_, created) = client.call("POST", "/v1/agents", Some(plan(&url, &id))).await;
        sandbox.shutdown().await;
        created["run"]["id"].as_str().expect("a run").to_owned()
    };
    let sandbox = Sandbox::start(settings()).await.expect("a sandbox");
    let lost = Client::of(&sandbox).until_ended(&id, &run).await;
    assert_eq!(lost["status"], "ERROR");
    assert!(lost.get("error").is_none(), "Cursor does not say why either: {lost}");
}
