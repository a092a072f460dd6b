//! Telling others what happened: signed deliveries with a log, one attempt each, and redelivery by hand.

use std::{collections::BTreeMap, time::Duration};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};

use super::{
    Github,
    model::{Delivery, Hook, LastResponse, now},
    views::{
        Views,
        hooks::{hook as hook_view, hook_config},
    },
};
use crate::{
    Change,
    faults::{KindName, Surface},
};

/// A receiver must answer within this, or the delivery has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// Bodies of answers are kept up to this length.
const RESPONSE_KEPT: usize = 4_000;

/// GitHub sends nothing that is larger.
const PAYLOAD_LIMIT: usize = 25 * 1024 * 1024;

/// Whose hook it is; told to the receiver in headers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    Repository(u64),
    Organization(u64),
    App(u64),
}

/// Something to deliver.
#[derive(Debug, Clone)]
struct Parcel {
    hook: Hook,
    target: Target,
    guid: String,
    event: String,
    payload: Value,
    repository_id: Option<u64>,
    redelivery: bool,
}

impl Github {
    /// Tell every hook that listens for `event` of this repository. `payload` lacks only what is in every payload.
    pub(crate) fn emit(&self, repo_id: u64, event: &str, sender: &str, payload: Value) {
        let parcels = {
            let state = self.store().lock();
            let Some(repo) = state.repos.get(&repo_id) else { return };
            let views = Views::new(self.ctx().urls(), &state);
            let mut payload = payload;
            payload["repository"] = if event == "push" { push_repository(&views, repo) } else { views.repo(repo) };
            payload["sender"] = views.user(sender);
            let mut parcels = Vec::new();
            let listening = |hook: &&Hook| hook.active && hook.events.iter().any(|name| name == "*" || name == event);
            for hook in repo.hooks.iter().filter(listening).filter(|_| reaches_repository_hooks(event, &payload)) {
                parcels.push(parcel(hook, Target::Repository(repo_id), event, payload.clone(), Some(repo_id)));
            }
            if let Some(hooks) = state.accounts.org_hooks.get(&repo.owner) {
                let organization = views.user(&repo.owner);
                let id = organization["id"].as_u64().unwrap_or_default();
                for hook in hooks.iter().filter(listening).filter(|_| reaches_repository_hooks(event, &payload)) {
                    let mut payload = payload.clone();
                    payload["organization"] = organization_small(self.ctx().base_url(), &repo.owner, id);
                    parcels.push(parcel(hook, Target::Organization(id), event, payload, Some(repo_id)));
                }
            }
            for installation in state.accounts.installations.iter().filter(|one| one.account == repo.owner) {
                let app = state.accounts.apps.iter().find(|app| app.id == installation.app_id);
                let Some((app, hook)) = app.and_then(|app| Some((app, app.hook.as_ref()?))) else { continue };
                if !hook.active || !app.events.iter().any(|name| name == event) {
                    continue;
                }
                let mut payload = payload.clone();
                payload["installation"] =
                    json!({"id": installation.id, "node_id": super::views::node_id("Installation", installation.id)});
                parcels.push(parcel(hook, Target::App(app.id), event, payload, Some(repo_id)));
            }
            parcels
        };
        self.post_all(parcels);
    }

    /// Tell an App something that belongs to no repository, such as `installation`.
    pub(crate) fn emit_to_app(&self, app_id: u64, event: &str, payload: Value) {
        let hook = {
            let state = self.store().lock();
            let app = state.accounts.apps.iter().find(|app| app.id == app_id);
            app.and_then(|app| app.hook.clone()).filter(|hook| hook.active)
        };
        if let Some(hook) = hook {
            self.post_all(vec![parcel(&hook, Target::App(app_id), event, payload, None)]);
        }
    }

    /// Send a `ping`, as after a hook was made.
    pub(crate) fn ping(&self, repo_id: Option<u64>, hook: &Hook, target: Target, sender: &str) {
        let payload = {
            let state = self.store().lock();
            let views = Views::new(self.ctx().urls(), &state);
            let mut payload = json!({
                "zen": "Design for failure.",
                "hook_id": hook.id,
                "hook": {
                    "type": match target {
                        Target::Repository(_) => "Repository",
                        Target::Organization(_) => "Organization",
                        Target::App(_) => "App",
                    },
                    "id": hook.id,
                    "name": "web",
                    "active": hook.active,
                    "events": hook.events,
                    "config": hook_config(hook),
                    "created_at": hook.created_at,
                    "updated_at": hook.updated_at,
                },
            });
            if let Target::App(id) = target {
                payload["hook"]["app_id"] = json!(id);
            } else {
                payload["sender"] = views.user(sender);
            }
            if let Some(repo) = repo_id.and_then(|id| state.repos.get(&id)) {
                let url = format!("{}/hooks/{}", views.repo_url(repo), hook.id);
                payload["hook"] = hook_view(hook, &url, "Repository");
                payload["repository"] = views.repo(repo);
            }
            payload
        };
        self.post_all(vec![parcel(hook, target, "ping", payload, repo_id)]);
    }

    /// Send `meta`: this hook was deleted. It is the last thing the hook sends.
    pub(crate) fn say_deleted(&self, repo_id: u64, hook: &Hook, sender: &str) {
        if !hook.events.iter().any(|name| name == "*" || name == "meta") {
            return;
        }
        let payload = {
            let state = self.store().lock();
            let Some(repo) = state.repos.get(&repo_id) else { return };
            let views = Views::new(self.ctx().urls(), &state);
            let url = format!("{}/hooks/{}", views.repo_url(repo), hook.id);
            json!({
                "action": "deleted",
                "hook_id": hook.id,
                "hook": hook_view(hook, &url, "Repository"),
                "repository": views.repo(repo),
                "sender": views.user(sender),
            })
        };
        self.post_all(vec![parcel(hook, Target::Repository(repo_id), "meta", payload, Some(repo_id))]);
    }

    /// Deliver again what was delivered before, with the same id and body. False when the hook is gone.
    pub(crate) fn redeliver(&self, delivery: &Delivery) -> bool {
        let Some((hook, target)) = self.hook_of(delivery) else { return false };
        self.post_all(vec![Parcel {
            hook,
            target,
            guid: delivery.guid.clone(),
            event: delivery.event.clone(),
            payload: delivery.payload.clone(),
            repository_id: delivery.repository_id,
            redelivery: true,
        }]);
        true
    }

    fn hook_of(&self, delivery: &Delivery) -> Option<(Hook, Target)> {
        let state = self.store().lock();
        let repo = delivery.repository_id.and_then(|id| state.repos.get(&id));
        if let Some(repo) = repo
            && let Some(hook) = repo.hooks.iter().find(|hook| hook.id == delivery.hook_id)
        {
            return Some((hook.clone(), Target::Repository(repo.id)));
        }
        for (login, hooks) in &state.accounts.org_hooks {
            if let Some(hook) = hooks.iter().find(|hook| hook.id == delivery.hook_id) {
                return Some((hook.clone(), Target::Organization(state.user(login)?.id)));
            }
        }
        let app =
            state.accounts.apps.iter().find(|app| app.hook.as_ref().is_some_and(|hook| hook.id == delivery.hook_id))?;
        Some((app.hook.clone()?, Target::App(app.id)))
    }

    fn post_all(&self, parcels: Vec<Parcel>) {
        for parcel in parcels {
            let twice = self.ctx().faults().take(Surface::Github, KindName::DuplicateWebhook, &parcel.event).is_some();
            let github = self.clone();
            self.ctx().spawn(async move {
                github.post(parcel.clone()).await;
                if twice {
                    github.post(parcel).await;
                }
            });
        }
    }

    async fn post(&self, parcel: Parcel) {
        let Ok(body) = serde_json::to_vec(&parcel.payload) else { return };
        if body.len() > PAYLOAD_LIMIT {
            tracing::warn!(event = parcel.event, "not delivered: larger than GitHub sends");
            return;
        }
        let (body, content_type) = if parcel.hook.content_type == "form" {
            let form = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("payload", &String::from_utf8_lossy(&body))
                .finish();
            (form.into_bytes(), "application/x-www-form-urlencoded")
        } else {
            (body, "application/json")
        };
        let headers = headers(&parcel, content_type, &body);
        let mut request = self.0.client.post(&parcel.hook.url).body(body);
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        let started = std::time::Instant::now();
        let answer = tokio::select! {
            answer = exchange(request) => answer,
            () = self.ctx().stop().cancelled() => return,
        };
        let action = parcel.payload["action"].as_str().map(str::to_owned);
        let last = LastResponse {
            code: (answer.code != 0).then_some(answer.code),
            status: if answer.is_success() { "active" } else { "failed" }.to_owned(),
            message: Some(answer.status.clone()),
        };
        let mut state = self.store().lock();
        let id = state.next_id();
        state.insert_delivery(Delivery {
            id,
            hook_id: parcel.hook.id,
            guid: parcel.guid,
            delivered_at: now(),
            redelivery: parcel.redelivery,
            duration: (started.elapsed().as_secs_f64() * 100.0).round() / 100.0,
            status: answer.status,
            status_code: answer.code,
            event: parcel.event,
            action,
            installation_id: parcel.payload["installation"]["id"].as_u64(),
            repository_id: parcel.repository_id,
            url: parcel.hook.url,
            request_headers: headers,
            payload: parcel.payload,
            response_headers: answer.headers,
            response_body: answer.body,
        });
        if let Target::Repository(id) = parcel.target
            && let Some(hook) =
                state.repo_mut(id).and_then(|repo| repo.hooks.iter_mut().find(|hook| hook.id == parcel.hook.id))
        {
            hook.last_response = Some(last);
        }
        drop(state);
        self.ctx().changed(Change::Deliveries);
    }
}

struct Answer {
    code: u16,
    status: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Answer {
    fn is_success(&self) -> bool {
        (200..300).contains(&self.code)
    }

    fn none(status: &str) -> Self {
        Self { code: 0, status: status.to_owned(), headers: BTreeMap::new(), body: String::new() }
    }
}

async fn exchange(request: reqwest::RequestBuilder) -> Answer {
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) if error.is_timeout() => return Answer::none("timed out"),
        Err(_) => return Answer::none("failed to connect to host"),
    };
    let code = response.status();
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let Ok(mut body) = response.text().await else {
        return Answer::none("timed out");
    };
    if body.len() > RESPONSE_KEPT {
        let end = (0..=RESPONSE_KEPT).rev().find(|end| body.is_char_boundary(*end)).unwrap_or(0);
        body.truncate(end);
    }
    let status = if code.is_success() { "OK" } else { code.canonical_reason().unwrap_or("Error") };
    Answer { code: code.as_u16(), status: status.to_owned(), headers, body }
}

fn parcel(hook: &Hook, target: Target, event: &str, payload: Value, repository_id: Option<u64>) -> Parcel {
    Parcel {
        hook: hook.clone(),
        target,
        guid: uuid::Uuid::new_v4().to_string(),
        event: event.to_owned(),
        payload,
        repository_id,
        redelivery: false,
    }
}

fn headers(parcel: &Parcel, content_type: &str, body: &[u8]) -> BTreeMap<String, String> {
    let (kind, id) = match parcel.target {
        Target::Repository(id) => ("repository", id),
        Target::Organization(id) => ("organization", id),
        Target::App(id) => ("integration", id),
    };
    let mut headers = BTreeMap::from([
        ("Accept", "*/*".to_owned()),
        ("Content-Type", content_type.to_owned()),
        ("User-Agent", "GitHub-Hookshot/sandbox".to_owned()),
        ("X-GitHub-Delivery", parcel.guid.clone()),
        ("X-GitHub-Event", parcel.event.clone()),
        ("X-GitHub-Hook-ID", parcel.hook.id.to_string()),
        ("X-GitHub-Hook-Installation-Target-ID", id.to_string()),
        ("X-GitHub-Hook-Installation-Target-Type", kind.to_owned()),
    ]);
    if let Some(secret) = &parcel.hook.secret {
        headers.insert("X-Hub-Signature-256", format!("sha256={}", sha256_hmac(secret, body)));
        headers.insert("X-Hub-Signature", format!("sha1={}", sha1_hmac(secret, body)));
    }
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn sha256_hmac(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

fn sha1_hmac(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// Hooks of repositories and organisations hear only the beginning and the end of checks.
fn reaches_repository_hooks(event: &str, payload: &Value) -> bool {
    match event {
        "check_run" => matches!(payload["action"].as_str(), Some("created" | "completed")),
        "check_suite" => payload["action"] == "completed",
        _ => true,
    }
}

/// `push` writes some times as numbers, and names the owner's address: it is GitHub's oldest payload.
fn push_repository(views: &Views<'_>, repo: &super::model::Repo) -> Value {
    let mut value = views.repo(repo);
    let seconds = |text: &str| {
        time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
            .map_or(0, time::OffsetDateTime::unix_timestamp)
    };
    value["created_at"] = json!(seconds(&repo.created_at));
    value["pushed_at"] = json!(seconds(repo.pushed_at.as_deref().unwrap_or(&repo.created_at)));
    value["url"] = json!(views.repo_html_url(repo));
    value["owner"]["name"] = json!(repo.owner);
    value["owner"]["email"] = Value::Null;
    value["stargazers"] = json!(0);
    value["master_branch"] = json!(repo.default_branch);
    value
}

fn organization_small(base: &str, login: &str, id: u64) -> Value {
    let url = format!("{base}/orgs/{login}");
    json!({
        "login": login,
        "id": id,
        "node_id": super::views::node_id("Organization", id),
        "url": url,
        "repos_url": format!("{url}/repos"),
        "events_url": format!("{url}/events"),
        "hooks_url": format!("{url}/hooks"),
        "issues_url": format!("{url}/issues"),
        "members_url": format!("{url}/members{{/member}}"),
        "public_members_url": format!("{url}/public_members{{/member}}"),
        "avatar_url": format!("{base}/_sandbox/avatars/{id}.svg"),
        "description": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_github_publishes() {
        let signature = sha256_hmac("It's a Secret to Everybody", b"Hello, World!");
        assert_eq!(signature, "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
    }
}
